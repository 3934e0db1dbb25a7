// A canvas as it looks enlarged and smooth. What CSS makes of few pixels shows their grid, so a second canvas, of the
// size on screen, is drawn by bicubic interpolation (Mitchell and Netravali's filter). The first one keeps the pixels.
(() => {
  const lab = window.latentLab;
  const TAPS = 4;
  const MOST = 640; // pixels of a side
  const FINER = 4; // times the picture's own pixels; the browser enlarges beyond, and so fine a grid is not seen

  /** @type {(x: number) => number} */
  const mitchell = (x) => {
    const t = Math.abs(x);
    if (t < 1) return (7 * t ** 3 - 12 * t ** 2 + 16 / 3) / 6;
    return t < 2 ? ((-7 / 3) * t ** 3 + 12 * t ** 2 - 20 * t + 32 / 3) / 6 : 0;
  };

  /**
   * For each of `to` places, which of `from` values it is made of, and how much of each; what lies outside is the edge.
   * @type {(from: number, to: number) => { taken: Int32Array, shares: Float32Array }}
   */
  const plan = (from, to) => {
    const taken = new Int32Array(TAPS * to);
    const shares = new Float32Array(TAPS * to);
    for (let i = 0; i < to; i++) {
      const centre = ((i + 0.5) * from) / to - 0.5;
      for (let t = 0; t < TAPS; t++) {
        const at = Math.floor(centre) - 1 + t;
        taken[TAPS * i + t] = Math.max(0, Math.min(from - 1, at));
        shares[TAPS * i + t] = mitchell(centre - at);
      }
    }
    return { taken, shares };
  };
  /** @type {Map<string, ReturnType<typeof plan>>} */
  const plans = new Map();
  /** @type {typeof plan} */
  const planOf = (from, to) => {
    const key = `${from} ${to}`;
    if (plans.size > 16) plans.clear(); // a window that is dragged larger goes through many
    const found = plans.get(key) ?? plan(from, to);
    plans.set(key, found);
    return found;
  };

  // The four values of which each is made are written out: in a loop they take three times as long.
  lab.enlargeSmoothly = (image, width, height) => {
    const { width: w, height: h, data } = image;
    const [across, down] = [planOf(w, width), planOf(h, height)];
    const wide = new Float32Array(3 * width * h);
    for (let y = 0, to = 0; y < h; y++) {
      const { taken, shares } = across;
      for (let t = 0; t < TAPS * width; t += TAPS, to += 3) {
        const a = 4 * (y * w + taken[t]);
        const b = 4 * (y * w + taken[t + 1]);
        const c = 4 * (y * w + taken[t + 2]);
        const d = 4 * (y * w + taken[t + 3]);
        const s = shares[t];
        const u = shares[t + 1];
        const v = shares[t + 2];
        const z = shares[t + 3];
        wide[to] = s * data[a] + u * data[b] + v * data[c] + z * data[d];
        wide[to + 1] = s * data[a + 1] + u * data[b + 1] + v * data[c + 1] + z * data[d + 1];
        wide[to + 2] = s * data[a + 2] + u * data[b + 2] + v * data[c + 2] + z * data[d + 2];
      }
    }
    const large = new ImageData(width, height);
    const pixels = large.data;
    const row = 3 * width;
    for (let y = 0, to = 0; y < height; y++) {
      const t = TAPS * y;
      const { taken, shares } = down;
      const s = shares[t];
      const u = shares[t + 1];
      const v = shares[t + 2];
      const z = shares[t + 3];
      let a = row * taken[t];
      let b = row * taken[t + 1];
      let c = row * taken[t + 2];
      let d = row * taken[t + 3];
      for (const end = to + 4 * width; to < end; to += 4) {
        pixels[to] = s * wide[a++] + u * wide[b++] + v * wide[c++] + z * wide[d++];
        pixels[to + 1] = s * wide[a++] + u * wide[b++] + v * wide[c++] + z * wide[d++];
        pixels[to + 2] = s * wide[a++] + u * wide[b++] + v * wide[c++] + z * wide[d++];
        pixels[to + 3] = 255;
      }
    }
    return large;
  };

  lab.smoothView = (canvas) => {
    canvas.getContext("2d", { willReadFrequently: true }); // it stays so
    const view = lab.createElement("canvas", { class: "ll-smooth-view", "aria-hidden": "true", width: 1, height: 1 });
    view.style.visibility = "hidden"; // until it shows something
    canvas.after(view);
    const draw = () => {
      const { clientWidth: width, clientHeight: height } = canvas;
      if (getComputedStyle(view).display === "none" || canvas.width < 2 || !width) return;
      const most = Math.min(MOST, FINER * Math.max(canvas.width, canvas.height));
      const ratio = Math.min(window.devicePixelRatio || 1, most / Math.max(width, height));
      const image = lab.context(canvas).getImageData(0, 0, canvas.width, canvas.height);
      lab.paint(view, lab.enlargeSmoothly(image, Math.round(width * ratio), Math.round(height * ratio)));
      Object.assign(view.style, { width: `${width}px`, height: `${height}px`, visibility: "" });
    };
    new ResizeObserver(draw).observe(canvas);
    window.addEventListener("latentlab:look", () => requestAnimationFrame(draw));
    return draw;
  };
})();
