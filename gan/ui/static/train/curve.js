// The curve over the time line: the main number of each side, and alarms as ticks.
(() => {
  const lab = window.latentLab;
  const MAIN = ["quality", "recall", "frechet", "diversity"]; // the first of these that a run has is drawn
  const UNBOUNDED = ["frechet", "diversity"]; // their scale ends at the largest value; that of the others at 1

  lab.drawCurve = (canvas, { curve, alarms, floor }) => {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = lab.context(canvas);
    context.clearRect(0, 0, width, height);
    if (curve.length < 2) return;
    const main = MAIN.find((name) => curve.some((point) => typeof point.sides[0][name] === "number"));
    if (!main) return;
    const values = curve.flatMap((point) => point.sides.map((side) => side[main])).filter((v) => typeof v === "number");
    const top = UNBOUNDED.includes(main) ? Math.max(...values, 1e-9) : 1;
    /** @type {(i: number) => number} */
    const x = (i) => (i / (curve.length - 1)) * (width - 2) + 1;
    /** @type {(value: number) => number} */
    const y = (value) => height - 3 - Math.min(1, value / top) * (height - 8);

    curve[0].sides.forEach((_, side) => {
      context.strokeStyle = lab.colour(side ? "--ll-soft" : "--ll-accent");
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
    if (main === "frechet" && floor !== undefined) {
      context.setLineDash([3 * ratio, 3 * ratio]); // what real pictures score
      context.strokeStyle = lab.colour("--ll-edge");
      context.strokeRect(-2, y(floor), width + 4, height);
      context.setLineDash([]);
    }
    context.fillStyle = lab.colour("--ll-soft");
    context.font = `${11 * ratio}px ${lab.colour("--ll-sans")}`;
    context.fillText(lab.READOUTS[main].title + (main === "frechet" ? ", and its floor" : ""), 6 * ratio, 13 * ratio);
    context.fillStyle = lab.colour("--ll-accent-strong");
    for (const alarm of alarms) {
      const i = curve.findIndex((point) => point.shown >= alarm.shown);
      if (i >= 0) context.fillRect(x(i) - ratio, 0, 2 * ratio, height);
    }
  };
})();
