// What a run looks like: points and the critic's map in the plane, or pictures and what the critic makes of them.
(() => {
  const lab = (window.latentLab ??= {});
  const SCALE = 32000; // of a coordinate at the edge, as gan.live.views has it
  const SIZE = 480; // CSS pixels at most
  const TYPES = { int16: Int16Array, uint8: Uint8Array };

  /** {shape, type, data} -> {shape, data: a typed array}. */
  lab.unpack = ({ shape, type, data }) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    return { shape, data: new TYPES[type](bytes.buffer) };
  };
  const unpackAll = (view) => Object.fromEntries(Object.entries(view.arrays).map(([k, v]) => [k, lab.unpack(v)]));
  const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
  const rgb = (text) => {
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = text;
    const hex = probe.fillStyle;
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  };

  lab.LAYERS = { plane: { heat: "Critic's map", real: "Real", points: "Generated", arrows: "Gradients", warp: "Latent grid" }, pictures: { judged: "What the critic looks at" } };

  /** A stage in `box` for one side of a run; show(backdrop, view) draws, `off` is the set of layers that are not. */
  lab.stage = (box, title, off) => {
    const screen = lab.make("canvas", { width: 1, height: 1, role: "img", "aria-label": `Run ${title}` });
    const judged = lab.make("canvas", { width: 1, height: 1, role: "img", "aria-label": "Real and generated pictures with the critic's scores", class: "ll-judged" });
    const scores = lab.make("div", { class: "ll-scores", "aria-hidden": "true" });
    const note = lab.make("p", { class: "ll-note" }, "Real above, generated below; red where the critic looks; its scores.");
    const head = lab.make("figcaption", {}, title);
    box.append(lab.make("figure", { class: "ll-side" }, head, screen, judged, scores, note));
    let last = null;
    const room = (least) => {
      const { paddingLeft, paddingRight, columnGap } = getComputedStyle(box);
      const inner = box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      const count = box.children.length;
      return Math.max(least, Math.min(SIZE, Math.floor((inner - (count - 1) * parseFloat(columnGap)) / count)));
    };

    const plane = (still, now, numbers) => {
      judged.hidden = scores.hidden = note.hidden = true;
      const side = room(120);
      const ratio = window.devicePixelRatio || 1;
      const size = Math.round(side * ratio);
      if (screen.width !== size) screen.width = screen.height = size;
      screen.style.width = screen.style.height = `${side}px`;
      const ink = screen.getContext("2d");
      const at = (value) => ((value / SCALE + 1) * size) / 2;
      const up = (value) => ((1 - value / SCALE) * size) / 2;
      ink.fillStyle = colour("--ll-card");
      ink.fillRect(0, 0, size, size);
      if (!off.has("heat")) heat(ink, now.heat, size);
      if (!off.has("warp") && now.warp) warp(ink, now.warp, at, up, ratio);
      if (still.centres && !off.has("real")) {
        ink.strokeStyle = colour("--ll-edge");
        ink.lineWidth = ratio;
        const radius = Math.max(5 * ratio, (numbers.radius * size) / 2);
        for (let i = 0; i < still.centres.data.length; i += 2) {
          ink.beginPath();
          ink.arc(at(still.centres.data[i]), up(still.centres.data[i + 1]), radius, 0, 7);
          ink.stroke();
        }
      }
      const dots = (points, style, side) => {
        ink.fillStyle = style;
        for (let i = 0; i < points.length; i += 2) ink.fillRect(at(points[i]) - side / 2, up(points[i + 1]) - side / 2, side, side);
      };
      if (!off.has("real")) dots(still.real.data, colour("--ll-soft"), 2 * ratio);
      if (!off.has("arrows")) {
        ink.strokeStyle = colour("--ll-ink");
        ink.globalAlpha = 0.55;
        ink.lineWidth = ratio;
        ink.beginPath();
        for (let i = 0; i < now.at.data.length; i += 2) {
          const [x, y] = [at(now.at.data[i]), up(now.at.data[i + 1])];
          ink.moveTo(x, y);
          ink.lineTo(x + (now.arrows.data[i] / SCALE) * (size / 2), y - (now.arrows.data[i + 1] / SCALE) * (size / 2));
        }
        ink.stroke();
        ink.globalAlpha = 1;
      }
      if (!off.has("points")) dots(now.points.data, colour("--ll-accent"), 3 * ratio);
    };

    const heat = (ink, { shape: [rows, columns], data }, size) => {
      const map = new ImageData(columns, rows);
      const [ground, low, high] = ["--ll-card", "--ll-fake", "--ll-real"].map((name) => rgb(colour(name)));
      data.forEach((value, i) => {
        const share = Math.abs(value - 128) / 127;
        const to = value < 128 ? low : high;
        for (let c = 0; c < 3; c++) map.data[4 * i + c] = ground[c] + (to[c] - ground[c]) * share;
        map.data[4 * i + 3] = 255;
      });
      const small = lab.make("canvas", { width: columns, height: rows });
      small.getContext("2d").putImageData(map, 0, 0);
      ink.imageSmoothingEnabled = true;
      ink.drawImage(small, 0, 0, size, size);
    };

    const warp = (ink, { shape: [rows, columns], data }, at, up, ratio) => {
      ink.strokeStyle = colour("--ll-warp");
      ink.lineWidth = ratio * 0.8;
      ink.beginPath();
      const point = (i, j) => [at(data[2 * (i * columns + j)]), up(data[2 * (i * columns + j) + 1])];
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
        if (j) ink.moveTo(...point(i, j - 1)), ink.lineTo(...point(i, j));
        if (i) ink.moveTo(...point(i - 1, j)), ink.lineTo(...point(i, j));
      }
      ink.stroke();
    };

    const pixel = (image, to, data, from, c) => {
      for (let k = 0; k < 3; k++) image.data[to + k] = data[from + (c === 1 ? 0 : k)];
      image.data[to + 3] = 255;
    };
    const tiles = (canvas, { shape: [, h, w, c], data }, first, count, columns, mark) => {
      const image = new ImageData(columns * w, Math.ceil(count / columns) * h);
      for (let n = 0; n < count; n++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
        const from = ((first + n) * h + y) * w + x;
        const to = 4 * ((Math.floor(n / columns) * h + y) * columns * w + (n % columns) * w + x);
        pixel(image, to, data, from * c, c);
        mark?.(image, to, from);
      }
      lab.paint(canvas, image);
    };

    const pictures = (now, numbers) => {
      const side = room(140);
      tiles(screen, now.pictures, 0, now.pictures.shape[0], 6);
      screen.style.width = `${side}px`;
      screen.style.height = "auto";
      judged.hidden = scores.hidden = note.hidden = off.has("judged");
      if (judged.hidden) return;
      const hot = rgb(colour("--ll-accent"));
      tiles(judged, now.judged, 0, 16, 8, (image, to, from) => {
        const share = (now.heat.data[from] / 255) * 0.85;
        for (let k = 0; k < 3; k++) image.data[to + k] += (hot[k] - image.data[to + k]) * share;
      });
      judged.style.width = scores.style.width = `${side}px`;
      scores.replaceChildren(...(numbers.scores ?? []).map((value) => lab.make("span", {}, value === null ? "–" : value.toFixed(1))));
    };

    const draw = () => {
      if (!last) return;
      const [still, now, numbers] = last;
      screen.classList.toggle("ll-pixels", Boolean(now.pictures));
      if (now.pictures) pictures(now, numbers);
      else plane(still, now, numbers);
    };
    return {
      draw,
      name: (text) => (head.textContent = text),
      show: (backdrop, view) => {
        last = [backdrop ? unpackAll(backdrop) : {}, unpackAll(view), { ...backdrop?.numbers, ...view.numbers }];
        draw();
      },
    };
  };
})();
