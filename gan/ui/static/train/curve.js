// The curve over the time line: the number to watch of each side, and alarms as ticks.
(() => {
  const lab = window.latentLab;
  const MAIN = ["quality", "recall", "frechet", "diversity", "psnr", "colour_distance", "cycle_error"]; // the first of these that a run has is drawn
  const BOUNDED = ["quality", "recall", "precision"]; // their scale ends at 1; that of others at the largest value
  const DECADES = 6; // of a gradient's scale, below its start

  lab.watched = ({ curve, lesson }) =>
    [...(lesson?.story.watch ?? []), ...MAIN].find(
      // Every run will have gradients, from its first step on.
      (name) => name.endsWith("gradient") || curve.some((point) => typeof point.sides[0][name] === "number"),
    );

  lab.drawCurve = (canvas, { curve, main, alarms, numbers = {} }) => {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = lab.context(canvas);
    context.clearRect(0, 0, width, height);
    if (curve.length < 2 || !main) return;
    const values = curve.flatMap((point) => point.sides.map((side) => side[main])).filter((v) => typeof v === "number");
    const most = { modes: numbers.modes_of, classes_found: numbers.classes_of }[main];
    const top = BOUNDED.includes(main) ? 1 : (most ?? Math.max(...values, 1e-9));
    const untouched = numbers[`${main}_untouched`]; // what a picture scores that is left as it was
    const floor = main === "frechet" ? numbers.frechet_floor : untouched;
    const low = main === "psnr" ? Math.min(floor ?? Infinity, ...values) - 0.5 : 0; // decibels have no zero to begin at
    const gradient = main.endsWith("gradient");
    /** @type {(i: number) => number} */
    const x = (i) => (i / (curve.length - 1)) * (width - 2) + 1;
    /** @type {(value: number) => number} */
    const share = (value) =>
      gradient ? 1 + Math.log10(Math.max(value / top, 1e-9)) / DECADES : (value - low) / (top - low);
    const above = 18 * ratio; // for the title
    /** @type {(value: number) => number} */
    const y = (value) => height - 3 - Math.max(0, Math.min(1, share(value))) * (height - 3 - above);

    context.fillStyle = lab.colour("--ll-line");
    for (let i = 1; gradient && i < DECADES; i++) context.fillRect(0, y(top / 10 ** i), width, ratio);
    curve[0].sides.forEach((_, side) => {
      context.strokeStyle = lab.colour(side ? "--ll-second" : "--ll-accent");
      context.lineWidth = 1.6 * ratio;
      context.beginPath();
      let drawing = false;
      curve.forEach((point, i) => {
        const value = point.sides[side]?.[main];
        if (typeof value !== "number") return;
        if (drawing) context.lineTo(x(i), y(value));
        else context.moveTo(x(i), y(value));
        drawing = true;
      });
      context.stroke();
    });
    if (floor !== undefined) {
      context.setLineDash([3 * ratio, 3 * ratio]); // what real pictures score, or those that are left as they were
      context.strokeStyle = lab.colour("--ll-edge");
      context.strokeRect(-2, y(floor), width + 4, height);
      context.setLineDash([]);
    }
    context.fillStyle = lab.colour("--ll-soft");
    context.font = `${11 * ratio}px ${lab.colour("--ll-sans")}`;
    const beside = untouched === undefined ? ", and its floor" : ", and left as it was";
    const note = gradient ? ", each line ten times less" : floor === undefined ? "" : beside;
    const title = /** @type {const} */ ([lab.READOUTS[main].title + note, 6 * ratio, 13 * ratio]);
    Object.assign(context, { strokeStyle: lab.colour("--ll-well"), lineWidth: 4 * ratio, lineJoin: "round" });
    context.strokeText(...title); // so that it can be read over the curve
    context.fillText(...title);
    context.fillStyle = lab.colour("--ll-accent-strong");
    for (const alarm of alarms) {
      const i = curve.findIndex((point) => point.shown >= alarm.shown);
      if (i >= 0) context.fillRect(x(i) - ratio, above, 2 * ratio, height - above);
    }
  };
})();
