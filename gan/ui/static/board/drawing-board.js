// A page to draw on, with undo: strokes over a picture, or over nothing, and holes on a canvas above it. It is as many
// times finer than what a network sees as fits, so that a line has soft edges there. What the network sees is drawn beside
// what people see, who may want the picture below smooth.
(() => {
  const lab = window.latentLab;
  const SIDE = 512; // pixels of the page, about
  const SPARSE = 20; // of 4096: points of a stroke are no nearer to each other
  const LONGEST = 200; // steps that can be undone
  const UNIT = 1 / 192; // of the page, for a step of the width; a pen of three is one pixel of 64
  const FIRM = 128; // the pressure of what knows none
  const CHECK = 8; // pixels of a square of what a hole looks like
  const HIDDEN = 0.25; // of a network's pixel that a hole must cover to hide it

  /** The mean colour of each square of the page: RGB at the translator's size. @type {(data: Uint8ClampedArray, side: number, size: number) => Uint8Array<ArrayBuffer>} */
  const shrink = (data, side, size) => {
    const scale = side / size;
    const out = new Uint8Array(3 * size * size);
    const sums = new Float64Array(3 * size);
    for (let y = 0, from = 0; y < size; y++) {
      sums.fill(0);
      for (let line = 0; line < scale; line++) {
        for (let x = 0; x < size; x++) {
          for (let i = 0; i < scale; i++, from += 4) {
            sums[3 * x] += data[from];
            sums[3 * x + 1] += data[from + 1];
            sums[3 * x + 2] += data[from + 2];
          }
        }
      }
      sums.forEach((sum, i) => (out[3 * y * size + i] = Math.round(sum / scale ** 2)));
    }
    return out;
  };

  /** Squares in two greys, as programs show what is not there. @type {(context: CanvasRenderingContext2D) => CanvasPattern | string} */
  const checks = (context) => {
    const tile = lab.createElement("canvas", { width: 2 * CHECK, height: 2 * CHECK });
    const own = lab.context(tile);
    for (const [i, shade] of ["#e8e4da", "#b9b3a5", "#b9b3a5", "#e8e4da"].entries()) {
      own.fillStyle = shade;
      own.fillRect(CHECK * (i % 2), CHECK * (i >> 1), CHECK, CHECK);
    }
    return context.createPattern(tile, "repeat") ?? "#b9b3a5";
  };

  lab.drawingBoard = (canvas, { tool, drawn, settled, smooth, holes }) => {
    const exact = lab.createElement("canvas", { width: 1, height: 1 });
    const context = lab.context(exact, { willReadFrequently: true });
    const seen = lab.context(canvas);
    const above = holes && lab.context(holes, { willReadFrequently: true });
    const gap = above ? checks(above) : "";
    let size = 1;
    let paper = "#ffffff";
    /** @type {DrawingPage} */
    let page = { base: null, strokes: [] };
    /** @type {DrawingPage[]} */
    let past = [];
    /** @type {DrawingPage[]} */
    let future = [];
    /** @type {Stroke | null} */
    let stroke = null; // that is being drawn
    let finger = -1; // or mouse, or pen, that draws it

    /** Draw a stroke from one of its points on, on both halves if it is mirrored. @type {(one: Stroke, from?: number) => void} */
    const ink = ({ colour, width, mirror, points, hole }, from = 0) => {
      const scale = canvas.width / lab.STROKE_GRID;
      const all = hole && above ? [above] : [context, seen];
      for (const onto of all)
        Object.assign(onto, { strokeStyle: hole ? gap : colour, lineCap: "round", lineJoin: "round" });
      for (let i = Math.max(1, from); i < Math.max(2, points.length); i++) {
        const [[x0, y0], [x1, y1, pressure]] = [points[i - 1], points[i] ?? points[i - 1]];
        const lineWidth = width * UNIT * canvas.width * (0.4 + (1.2 * pressure) / 255);
        for (const flip of mirror ? [false, true] : [false]) {
          const [a, b] = [x0, x1].map((x) => (flip ? canvas.width - x * scale : x * scale));
          for (const onto of all) {
            onto.lineWidth = lineWidth;
            onto.beginPath();
            onto.moveTo(a, y0 * scale);
            onto.lineTo(b, y1 * scale);
            onto.stroke();
          }
        }
      }
    };

    const render = () => {
      above?.clearRect(0, 0, canvas.width, canvas.height);
      for (const onto of [context, seen]) {
        onto.fillStyle = paper;
        onto.fillRect(0, 0, canvas.width, canvas.height);
        if (!page.base) continue;
        onto.imageSmoothingEnabled = page.base.smooth || (onto === seen && smooth());
        onto.imageSmoothingQuality = "high";
        onto.drawImage(page.base.picture, 0, 0, canvas.width, canvas.height);
      }
      page.strokes.forEach((one) => ink(one));
    };

    /** @type {(next: DrawingPage) => void} */
    const turn = (next) => {
      page = next;
      render();
      drawn();
      settled();
    };

    /** @type {DrawingBoard["change"]} */
    const change = (part) => {
      past.push(page);
      if (past.length > LONGEST) past.shift();
      future = [];
      turn({ ...page, ...part });
    };

    /** @type {(event: PointerEvent) => [number, number, number]} */
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      const on = (/** @type {number} */ share) =>
        Math.min(lab.STROKE_GRID - 1, Math.max(0, Math.round(share * lab.STROKE_GRID)));
      return [on(x), on(y), event.pointerType === "pen" ? Math.round(255 * event.pressure) : FIRM];
    };

    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || stroke) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      finger = event.pointerId;
      stroke = { ...tool(), points: [place(event)] };
      ink(stroke);
      drawn();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!stroke || event.pointerId !== finger) return;
      const from = stroke.points.length;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) {
        const [x, y, pressure] = place(one);
        const [lastX, lastY] = stroke.points[stroke.points.length - 1];
        if (Math.hypot(x - lastX, y - lastY) >= SPARSE) stroke.points.push([x, y, pressure]);
      }
      if (stroke.points.length === from) return;
      ink(stroke, from);
      drawn();
    });
    /** @type {(event: PointerEvent) => void} */
    const end = (event) => {
      if (!stroke || event.pointerId !== finger) return;
      const done = stroke;
      stroke = null;
      change({ strokes: [...page.strokes, done] });
    };
    window.addEventListener("latentlab:look", render);
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);

    /** Which pixels of a network holes hide, 1 or 0 each. @returns {Uint8Array<ArrayBuffer>} */
    const mask = () => {
      const out = new Uint8Array(size * size);
      if (!above) return out;
      const { data } = above.getImageData(0, 0, canvas.width, canvas.height);
      const scale = canvas.width / size;
      for (let at = 0; at < out.length; at++) {
        const [left, top] = [(at % size) * scale, Math.floor(at / size) * scale];
        let covered = 0;
        for (let i = 0; i < scale * scale; i++) {
          const [x, y] = [left + (i % scale), top + Math.floor(i / scale)];
          covered += data[4 * (y * canvas.width + x) + 3] / 255;
        }
        out[at] = Number(covered > HIDDEN * scale * scale);
      }
      return out;
    };

    /** @type {(from: DrawingPage[], to: DrawingPage[]) => void} */
    const step = (from, to) => {
      const next = from.pop();
      if (!next || stroke) return;
      to.push(page);
      turn(next);
    };

    return {
      change,
      undo: () => step(past, future),
      redo: () => step(future, past),
      can: () => ({ undo: past.length > 0, redo: future.length > 0 }),
      page: () => page,
      isBlank: () => !page.base && page.strokes.every(({ hole }) => hole) && (!stroke || Boolean(stroke.hole)),
      hasHoles: () => page.strokes.some(({ hole }) => hole),
      mask,
      pixels: () => shrink(context.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, size),
      begin: (side, first, colour = "#ffffff") => {
        [size, paper] = [side, colour];
        canvas.width = canvas.height = side * Math.max(1, Math.floor(SIDE / side));
        for (const one of [exact, holes]) if (one) one.width = one.height = canvas.width;
        [past, future, stroke] = [[], [], null];
        turn(first);
      },
    };
  };
})();
