// The numbers of a run: what they are, what is good, and how they went.
(() => {
  const lab = (window.latentLab ??= {});
  const whole = (v) => Math.round(v).toLocaleString("en");
  const percent = (v) => `${Math.round(v * 100)} %`;
  const short = (v) => (Math.abs(v) >= 100 ? whole(v) : v.toPrecision(3));

  // name -> [title, what it means, how it is written, share of its bar or null, what stands beside it in small, if any]
  const READ = {
    modes: ["Modes found", "Centres with at least one generated point within three standard deviations", (v, n) => `${v} of ${n.modes_of}`, (v, n) => v / n.modes_of],
    quality: ["High quality", "Share of generated points within three standard deviations of a centre", percent, (v) => v],
    kl: ["Unevenness", "Reverse KL of the modes' shares from equal ones; 0 is even", short, null],
    precision: ["Precision", "Share of generated points that lie where real ones do", percent, (v) => v],
    recall: ["Recall", "Share of real points that lie where generated ones do", percent, (v) => v],
    frechet: ["Frechet distance", "From real pictures, in our own classifier's features; the floor is what other real pictures score", short, null, (n) => `floor ${short(n.frechet_floor)}`],
    confidence: ["Classifier's confidence", "How sure our classifier is of what it sees, on average; of noise, too, it can be sure: see the classes below", percent, (v) => v],
    diversity: ["Diversity", "How far a generated picture is from the one most like it, over the same of real ones; near 0, few repeat", percent, (v) => Math.min(1, v)],
    accuracy_real: ["Critic on real", "Share of real ones that score above the mean fake", percent, (v) => v],
    accuracy_fake: ["Critic on fake", "Share of fakes that score below the mean real one", percent, (v) => v],
    critic_loss: ["Critic's loss", "What the critic minimises", short, null],
    generator_loss: ["Generator's loss", "What the generator minimises", short, null],
    critic_gradient: ["Critic's gradient", "Length of the gradient on all its weights", short, null],
    generator_gradient: ["Generator's gradient", "Length of the gradient on all its weights; near 0 nothing is learnt", short, null],
    images_per_second: ["Shown a second", "Real points or pictures shown a second", whole, null],
  };
  const MAIN = ["quality", "recall", "frechet", "diversity"]; // the first that there is goes on the time line

  lab.readouts = (box) => {
    let sides = 0;
    let cells = {};
    const build = (count, names) => {
      sides = count;
      cells = {};
      const tile = (name) => {
        const [title, help] = READ[name];
        const rows = Array.from({ length: count }, () => {
          const value = lab.make("b", {}, "–");
          const beside = lab.make("small", {});
          const bar = lab.make("i", { "aria-hidden": "true" });
          return { value, beside, bar, row: lab.make("span", { class: "ll-row" }, lab.make("span", {}, value, beside), bar) };
        });
        cells[name] = rows;
        return lab.make("div", { class: "ll-read", title: help }, lab.make("span", {}, title), ...rows.map((r) => r.row));
      };
      const histogram = lab.make("div", { class: "ll-classes-bar", hidden: "" });
      cells.histogram = histogram;
      box.replaceChildren(...names.map(tile), histogram);
    };

    return {
      clear: () => {
        sides = 0;
        box.replaceChildren();
      },
      show: (views, still) => {
        const names = Object.keys(READ).filter((name) => views.some((view) => typeof view.numbers[name] === "number"));
        if (views.length !== sides || names.some((name) => !cells[name])) build(views.length, names);
        for (const name of names) views.forEach((view, i) => {
          const [, , write, share, told] = READ[name];
          const value = view.numbers[name];
          const numbers = { ...still?.numbers, ...view.numbers };
          const { value: text, beside, bar } = cells[name][i];
          text.textContent = typeof value === "number" ? write(value, numbers) : "–";
          bar.style.setProperty("--share", share && typeof value === "number" ? share(value, numbers) : 0);
          bar.hidden = !share;
          beside.textContent = told?.(numbers) ?? "";
        });
        const classes = still?.numbers.classes;
        cells.histogram.hidden = !(classes && views[0].numbers.histogram);
        if (cells.histogram.hidden) return;
        const bars = classes.map((name, i) =>
          lab.make("span", { title: `${name}: ${percent(views[0].numbers.histogram[i])}`, style: `--share:${Math.min(1, views[0].numbers.histogram[i] * classes.length / 2)}` }, lab.make("i", {}), name));
        cells.histogram.replaceChildren(lab.make("b", {}, "Classes among generated pictures"), lab.make("div", {}, ...bars));
      },
    };
  };

  /** The curve over the time line: the main number of each side at the kept moments, alarms as ticks. still: as shown. */
  lab.drawCurve = (canvas, curve, alarms, still) => {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const ink = canvas.getContext("2d");
    ink.clearRect(0, 0, width, height);
    if (curve.length < 2) return;
    const main = MAIN.find((name) => curve.some((point) => typeof point.sides[0][name] === "number"));
    if (!main) return;
    const style = getComputedStyle(document.body);
    const values = curve.flatMap((point) => point.sides.map((side) => side[main])).filter((v) => typeof v === "number");
    const top = main === "frechet" || main === "diversity" ? Math.max(...values, 1e-9) : 1;
    const x = (i) => (i / (curve.length - 1)) * (width - 2) + 1;
    const y = (v) => height - 3 - Math.min(1, v / top) * (height - 8);
    curve[0].sides.forEach((_, side) => {
      ink.strokeStyle = style.getPropertyValue(side ? "--ll-soft" : "--ll-accent");
      ink.lineWidth = 1.6 * ratio;
      ink.beginPath();
      let pen = false;
      curve.forEach((point, i) => {
        const value = point.sides[side]?.[main];
        if (typeof value !== "number") return;
        pen ? ink.lineTo(x(i), y(value)) : ink.moveTo(x(i), y(value));
        pen = true;
      });
      ink.stroke();
    });
    if (main === "frechet") {
      ink.setLineDash([3 * ratio, 3 * ratio]); // what real pictures score
      ink.strokeStyle = style.getPropertyValue("--ll-edge");
      ink.strokeRect(-2, y(still.frechet_floor), width + 4, height);
      ink.setLineDash([]);
    }
    ink.fillStyle = style.getPropertyValue("--ll-soft");
    ink.font = `${11 * ratio}px ${style.getPropertyValue("--ll-sans")}`;
    ink.fillText(READ[main][0] + (main === "frechet" ? ", and its floor" : ""), 6 * ratio, 13 * ratio);
    ink.fillStyle = style.getPropertyValue("--ll-accent-strong");
    for (const alarm of alarms) {
      const i = curve.findIndex((point) => point.shown >= alarm.shown);
      if (i >= 0) ink.fillRect(x(i) - ratio, 0, 2 * ratio, height);
    }
  };
})();
