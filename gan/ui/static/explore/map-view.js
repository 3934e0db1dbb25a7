// A window on a plane of pictures that fills coarse to fine, is walked by dragging or arrow keys, and remembers what it
// has drawn. Pictures lie on a grid whose every second place is a place of the next coarser one.
(() => {
  const lab = window.latentLab;
  const PASSES = [4, 2, 1]; // steps on the grid, from coarse to fine
  const FINE = 13; // pictures a side at once
  const FEW = 9; // where the window is small or the server draws
  const NARROW = 420; // CSS pixels
  const [FARTHEST, CLOSEST] = [-1, 3]; // how often the plane may be halved or doubled; one of sliders ends at their ends
  const KEPT = 1200; // pictures
  const TOGETHER = 4; // pictures in one call
  const DRAG = 5; // CSS pixels from which on a press is a walk
  const COLOURS = ["#d8452a", "#2a7f8e", "#e9b44c"];
  const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

  lab.GROUP_COLOURS = COLOURS;

  lab.mapView = (canvas, { draw, chosen, reached, ready }) => {
    const context = lab.context(canvas);
    /** @type {Plane | null} */
    let plane = null;
    /** @type {((corner: number) => string) | null} */
    let colourOf = null; // of a corner's part of the plane
    let smooth = false;
    let count = FINE;
    let zoom = 0;
    let centre = [0, 0];
    /** Where the keyboard is, and what was taken last, on the plane. @type {[number[] | null, number[] | null]} */
    let [cursor, mark] = [null, null];
    /** Pictures by their place on the closest grid. @type {Map<string, HTMLCanvasElement | null>} */
    const drawn = new Map();
    let turn = 0; // of the plane
    let working = false;

    const pitch = () => (plane?.span ?? 1) / (count - 1) / 2 ** zoom;
    const side = () => pitch() * count;
    /** @type {(i: number, j: number) => string} */
    const key = (i, j) => [i, j].map((at) => at * 2 ** (CLOSEST - zoom)).join();
    /** The grid's places in the window, by a step: first and last of each axis. @type {(step: number) => [number, number][]} */
    const bounds = (step) =>
      centre.map((at) => {
        const reach = side() / 2 + (step * pitch()) / 2;
        return [Math.ceil((at - reach) / pitch() / step), Math.floor((at + reach) / pitch() / step)];
      });
    /** @type {(step: number) => [number, number][]} */
    const places = (step) => {
      const [[left, right], [low, high]] = bounds(step);
      const all = [];
      for (let j = low; j <= high; j++) for (let i = left; i <= right; i++) all.push([i * step, j * step]);
      return /** @type {[number, number][]} */ (all);
    };
    /** A place of the plane on the canvas. @type {(x: number, y: number) => [number, number]} */
    const onCanvas = (x, y) => {
      const scale = canvas.width / side();
      return [canvas.width / 2 + (x - centre[0]) * scale, canvas.height / 2 - (y - centre[1]) * scale];
    };
    /** The grid's place nearest to one on the screen. @type {(event: MouseEvent) => [number, number]} */
    const under = ({ clientX, clientY }) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const x = centre[0] + ((clientX - left) / width - 0.5) * side();
      const y = centre[1] - ((clientY - top) / height - 0.5) * side();
      return [Math.round(x / pitch()), Math.round(y / pitch())];
    };

    let due = 0;
    const repaint = () => (due ||= requestAnimationFrame(paint));
    const paint = () => {
      due = 0;
      const { clientWidth } = canvas;
      const wide = Math.round(clientWidth * Math.min(2, window.devicePixelRatio || 1));
      if (!wide || !plane) return;
      if (canvas.width !== wide) canvas.width = canvas.height = wide;
      context.clearRect(0, 0, wide, wide);
      context.imageSmoothingEnabled = smooth;
      const cell = canvas.width / count;
      for (const step of PASSES) {
        for (const [i, j] of places(step)) {
          const picture = drawn.get(key(i, j));
          if (!picture) continue;
          const [x, y] = onCanvas(i * pitch(), j * pitch());
          const half = (step * cell) / 2;
          const [left, top] = [Math.round(x - half), Math.round(y - half)];
          const [right, low] = [Math.round(x + half), Math.round(y + half)];
          context.drawImage(picture, left, top, right - left, low - top);
          if (!colourOf) continue;
          const thick = Math.max(2, cell / 12);
          context.lineWidth = thick;
          context.strokeStyle = colourOf(plane.nearest(i * pitch(), j * pitch()));
          context.strokeRect(left + thick / 2, top + thick / 2, right - left - thick, low - top - thick);
        }
      }
      plane.corners.forEach(([x, y], k) => label(...onCanvas(x, y), "ABC"[k], cell));
      if (mark) frame(mark, cell, lab.colour("--ll-accent"), 3);
      if (cursor && canvas.matches(":focus")) frame(cursor, cell, lab.colour("--ll-ink"), 2);
    };
    /** @type {(at: number[], cell: number, colour: string, thick: number) => void} */
    const frame = (at, cell, colour, thick) => {
      const [x, y] = at.map((one) => Math.round(one / pitch()) * pitch()); // what is between pictures is in the nearest
      const [left, top] = onCanvas(x, y).map((one) => one - cell / 2);
      const ratio = canvas.width / canvas.clientWidth;
      for (const [line, width] of /** @type {[string, number][]} */ ([
        ["#fff", thick + 2],
        [colour, thick],
      ])) {
        context.strokeStyle = line;
        context.lineWidth = width * ratio;
        context.strokeRect(left, top, cell, cell);
      }
    };
    /** @type {(x: number, y: number, letter: string, cell: number) => void} */
    const label = (x, y, letter, cell) => {
      const radius = Math.max(9, cell / 4);
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fillStyle = "#1f2124";
      context.fill();
      context.fillStyle = "#fff";
      context.font = `600 ${radius * 1.3}px sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(letter, x, y);
    };

    /** The next pictures that the window lacks: coarse ones first, then from the middle outwards. */
    const missing = () => {
      for (const step of PASSES) {
        const lacks = places(step).filter(([i, j]) => !drawn.has(key(i, j)));
        if (!lacks.length) continue;
        const far = ([i, j] = [0, 0]) => Math.hypot(i * pitch() - centre[0], j * pitch() - centre[1]);
        return lacks.sort((a, b) => far(a) - far(b)).slice(0, TOGETHER);
      }
      return [];
    };

    const fill = async () => {
      if (working) return;
      working = true;
      for (let next = missing(); next.length && canvas.offsetParent; next = missing()) {
        const mine = turn;
        const states = next.map(([i, j]) => plane?.at(i * pitch(), j * pitch()) ?? null);
        const keys = next.map(([i, j]) => key(i, j));
        const wanted = states.filter((state) => state !== null);
        const images = wanted.length ? await draw(wanted) : [];
        if (mine !== turn) continue;
        if (!images) break; // whoever draws has said why
        let at = 0;
        states.forEach((state, k) => {
          const picture = state ? lab.createElement("canvas") : null; // null: beyond the plane's end
          if (picture) lab.paint(picture, images[at++]);
          drawn.set(keys[k], picture);
        });
        for (const old of [...drawn.keys()].slice(0, Math.max(0, drawn.size - KEPT))) drawn.delete(old);
        repaint();
      }
      working = false;
      canvas.dataset.filled = String(missing().length === 0);
    };
    const follow = () => {
      canvas.dataset.filled = "false";
      repaint();
      void fill();
    };

    /** @type {(to: number[]) => void} */
    const go = (to) => {
      centre = to;
      follow();
    };
    /** @type {(by: number) => void} */
    const change = (by) => {
      const next = Math.max(plane?.corners.length ? FARTHEST : 0, Math.min(CLOSEST, zoom + by));
      if (next === zoom) return;
      zoom = next;
      follow();
    };
    /** @type {(at: number[]) => void} */
    const take = ([x, y]) => {
      const state = plane?.at(x, y);
      if (!state) return;
      mark = [x, y];
      repaint();
      chosen(state);
    };

    /** @type {{ x: number, y: number, centre: number[], walked: boolean } | null} */
    let press = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      press = { x: event.clientX, y: event.clientY, centre, walked: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", ({ clientX, clientY }) => {
      if (!press) return;
      const [x, y] = [clientX - press.x, clientY - press.y];
      press.walked ||= Math.hypot(x, y) > DRAG;
      const scale = side() / canvas.clientWidth;
      if (press.walked) go([press.centre[0] - x * scale, press.centre[1] + y * scale]);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (press && !press.walked) {
        cursor = under(event).map((at) => at * pitch());
        take(cursor);
        if (plane) reached(plane.words(cursor[0], cursor[1]));
      }
      press = null;
    });
    canvas.addEventListener("pointercancel", () => (press = null));

    /** Walk with the keyboard; the window follows where it is left. @type {(across: number, up: number) => void} */
    const step = (across, up) => {
      const from = (cursor ?? centre).map((at) => Math.round(at / pitch()));
      const to = [from[0] + across, from[1] + up].map((at) => at * pitch());
      if (!plane?.at(to[0], to[1])) return;
      cursor = to;
      const room = side() / 2 - pitch();
      const next = centre.map((at, axis) => Math.max(to[axis] - room, Math.min(to[axis] + room, at)));
      reached(plane.words(to[0], to[1]));
      go(next);
    };
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const [across, up] = STEPS[/** @type {keyof typeof STEPS} */ (event.key)] ?? [0, 0];
      if (across || up) step(across, up);
      else if (event.key === "Enter" || event.key === " ") take(cursor ?? centre);
      else if (event.key === "+" || event.key === "=") change(1);
      else if (event.key === "-") change(-1);
      else if (event.key === "Home") go([0, 0]);
      else return;
      event.preventDefault();
    });
    for (const kind of ["focus", "blur"]) canvas.addEventListener(kind, repaint);
    new ResizeObserver(() => plane && follow()).observe(canvas);

    return {
      show: (next) => {
        turn++;
        plane = next;
        drawn.clear();
        count = canvas.clientWidth < NARROW || !ready() ? FEW : FINE;
        [zoom, centre, cursor, mark] = [0, [0, 0], null, null];
        follow();
      },
      look: (colours, enlargedSmoothly) => {
        [colourOf, smooth] = [colours, enlargedSmoothly];
        repaint();
      },
      mark: (at) => {
        mark = at;
        repaint();
      },
      zoom: change,
      home: () => {
        zoom = 0;
        go([0, 0]);
      },
    };
  };
})();
