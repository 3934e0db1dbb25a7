// A ring that is learnt: samples of a real run, from moment to moment, as `gan.live.record_ring` has recorded them.
(() => {
  const lab = window.latentLab;
  const SECONDS = 11; // from noise to the ring
  const HELD = 3; // seconds that the end stays
  const MODE = 0.09; // radius of a mode's mark, of half the side
  const FOUND = 3; // samples within it, from which on it counts as found
  const SCALE = 127; // of a coordinate at the edge

  lab.ringFilm = (box, film) => {
    const find = lab.finder(box);
    const canvas = find("canvas", HTMLCanvasElement);
    const scrub = find("input", HTMLInputElement);
    const { points, moments, centres, shown } = film;
    const where = Int8Array.from(atob(film.data), (letter) => letter.charCodeAt(0));
    const last = moments - 1;
    let at = 0; // the moment, with a fraction
    let rest = 0; // seconds that the end has stayed
    scrub.max = String(last);

    /** The coordinates of a sample at a moment. @type {(moment: number, i: number) => [number, number]} */
    const place = (moment, i) => {
      const [from, to] = [Math.floor(moment), Math.min(last, Math.floor(moment) + 1)];
      const part = moment - from;
      const [a, b] = [2 * (from * points + i), 2 * (to * points + i)];
      return [
        (where[a] + (where[b] - where[a]) * part) / SCALE,
        (where[a + 1] + (where[b + 1] - where[a + 1]) * part) / SCALE,
      ];
    };

    const paint = () => {
      const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
      if (!side) return;
      if (canvas.width !== side) canvas.width = canvas.height = side;
      const context = lab.context(canvas);
      /** @type {(x: number, y: number) => [number, number]} */
      const onCanvas = (x, y) => [((x + 1) / 2) * side, ((1 - y) / 2) * side];
      const samples = Array.from({ length: points }, (_, i) => place(at, i));
      context.clearRect(0, 0, side, side);
      context.lineWidth = side / 240;
      context.strokeStyle = lab.colour("--ll-edge");
      context.fillStyle = lab.colour("--ll-real");
      let found = 0;
      for (const [x, y] of centres) {
        const inside = samples.filter(([u, v]) => Math.hypot(u - x, v - y) < MODE).length;
        context.beginPath();
        context.arc(...onCanvas(x, y), (MODE * side) / 2, 0, 7);
        context.globalAlpha = 0.55;
        if (inside >= FOUND) {
          context.fill();
          found++;
        }
        context.globalAlpha = 1;
        context.stroke();
      }
      context.strokeStyle = context.fillStyle = lab.colour("--ll-accent");
      context.globalAlpha = 0.3;
      context.beginPath();
      samples.forEach(([x, y], i) => {
        context.moveTo(...onCanvas(...place(Math.max(0, at - 0.8), i)));
        context.lineTo(...onCanvas(x, y));
      });
      context.stroke();
      context.globalAlpha = 1;
      const dot = Math.max(2, side / 130);
      for (const [x, y] of samples) {
        context.beginPath();
        context.arc(...onCanvas(x, y), dot, 0, 7);
        context.fill();
      }
      const told = `${lab.whole(shown[Math.round(at)])} points seen, ${found} of ${centres.length} places found`;
      find("output", HTMLOutputElement).value = told;
      scrub.value = String(at);
      scrub.setAttribute("aria-valuetext", told);
    };

    const motion = lab.whileSeen(canvas, (seconds) => {
      if (at < last) at = Math.min(last, at + (seconds * last) / SECONDS);
      else if ((rest += seconds) > HELD) at = rest = 0;
      paint();
    });
    scrub.addEventListener("input", () => {
      motion.run(false);
      at = Number(scrub.value);
      paint();
    });
    new ResizeObserver(paint).observe(canvas);
    new MutationObserver(paint).observe(document.body, { attributeFilter: ["class"] }); // light and dark
    at = last; // where nothing moves, the end is what is worth seeing

    return {
      play: (on) => {
        if (on && at >= last) at = rest = 0;
        motion.run(on);
        paint();
      },
    };
  };
})();
