// The numbers of a run: what each means, and how it stands.
(() => {
  const lab = window.latentLab;
  /** @type {(value: number) => string} */
  const whole = (value) => Math.round(value).toLocaleString("en");
  /** @type {(value: number) => string} */
  const percent = (value) => `${Math.round(value * 100)} %`;
  /** @type {(value: number) => string} */
  const short = (value) => (Math.abs(value) >= 100 ? whole(value) : value.toPrecision(3));

  // format: its text. share: the filled part of its bar, in [0, 1]; no bar without it. note: small text beside it.
  lab.READOUTS = {
    modes: {
      title: "Modes found",
      help: "Centres with at least one generated point within three standard deviations",
      format: (value, numbers) => `${value} of ${numbers.modes_of}`,
      share: (value, numbers) => value / numbers.modes_of,
    },
    quality: {
      title: "High quality",
      help: "Share of generated points within three standard deviations of a centre",
      format: percent,
      share: (value) => value,
    },
    kl: {
      title: "Unevenness",
      help: "Reverse KL divergence of the modes' shares from equal ones; 0 is even",
      format: short,
    },
    precision: {
      title: "Precision",
      help: "Share of generated points that lie where real ones do",
      format: percent,
      share: (value) => value,
    },
    recall: {
      title: "Recall",
      help: "Share of real points that lie where generated ones do",
      format: percent,
      share: (value) => value,
    },
    frechet: {
      title: "Frechet distance",
      help: "Distance from real pictures in our own classifier's features; the floor is what other real pictures score",
      format: short,
      note: (numbers) => `floor ${short(numbers.frechet_floor)}`,
    },
    confidence: {
      title: "Classifier's confidence",
      help: "How sure our classifier is on average. It can be sure of noise too: see the classes below",
      format: percent,
      share: (value) => value,
    },
    diversity: {
      title: "Diversity",
      help: "Distance of a generated picture to its nearest neighbour, over that of real ones; near 0, many repeat",
      format: percent,
      share: (value) => Math.min(1, value),
    },
    accuracy_real: {
      title: "Critic on real",
      help: "Share of real ones that score above the mean generated one",
      format: percent,
      share: (value) => value,
    },
    accuracy_fake: {
      title: "Critic on fake",
      help: "Share of generated ones that score below the mean real one",
      format: percent,
      share: (value) => value,
    },
    critic_loss: { title: "Critic's loss", help: "The loss that the critic (discriminator) minimises", format: short },
    generator_loss: { title: "Generator's loss", help: "The loss that the generator minimises", format: short },
    critic_gradient: { title: "Critic's gradient", help: "Length of the gradient on all its weights", format: short },
    generator_gradient: {
      title: "Generator's gradient",
      help: "Length of the gradient on all its weights; near 0 nothing is learnt",
      format: short,
    },
    images_per_second: { title: "Shown a second", help: "Real points or pictures shown a second", format: whole },
  };

  /** A row in a tile: the number of one side of the run. */
  const createRow = () => {
    const value = lab.createElement("b", {}, "–");
    const note = lab.createElement("small", {});
    const bar = lab.createElement("i", { "aria-hidden": "true" });
    const element = lab.createElement("span", { class: "ll-row" }, lab.createElement("span", {}, value, note), bar);
    return { value, note, bar, element };
  };

  /** @type {(row: ReturnType<typeof createRow>, name: string, numbers: Measurements) => void} */
  const renderRow = ({ value, note, bar }, name, numbers) => {
    const { format, share, note: beside } = lab.READOUTS[name];
    const known = typeof numbers[name] === "number";
    value.textContent = known ? format(numbers[name], numbers) : "–";
    bar.style.setProperty("--share", String(share && known ? share(numbers[name], numbers) : 0));
    bar.hidden = !share;
    note.textContent = beside?.(numbers) ?? "";
  };

  /** @type {(classes: string[], histogram: number[]) => HTMLElement[]} */
  const classBars = (classes, histogram) => {
    const bars = classes.map((name, i) => {
      const share = Math.min(1, (histogram[i] * classes.length) / 2);
      const attributes = { title: `${name}: ${percent(histogram[i])}`, style: `--share:${share}` };
      return lab.createElement("span", attributes, lab.createElement("i", {}), name);
    });
    return [lab.createElement("b", {}, "Classes among generated pictures"), lab.createElement("div", {}, ...bars)];
  };

  lab.readouts = (box) => {
    let sides = 0;
    /** @type {Map<string, ReturnType<typeof createRow>[]>} */
    let rows = new Map();
    let histogram = lab.createElement("div", { class: "ll-classes-bar", hidden: "" });

    /** @type {(count: number, names: string[]) => void} */
    const build = (count, names) => {
      sides = count;
      rows = new Map(names.map((name) => [name, Array.from({ length: count }, createRow)]));
      histogram = lab.createElement("div", { class: "ll-classes-bar", hidden: "" });
      const tiles = names.map((name) => {
        const { title, help } = lab.READOUTS[name];
        const elements = (rows.get(name) ?? []).map(({ element }) => element);
        return lab.createElement(
          "div",
          { class: "ll-read", title: help },
          lab.createElement("span", {}, title),
          ...elements,
        );
      });
      box.replaceChildren(...tiles, histogram);
    };

    return {
      clear: () => {
        sides = 0;
        box.replaceChildren();
      },
      show: (views, backdrop) => {
        const names = Object.keys(lab.READOUTS).filter((name) =>
          views.some(({ numbers }) => typeof numbers[name] === "number"),
        );
        if (views.length !== sides || names.some((name) => !rows.has(name))) build(views.length, names);
        for (const name of names) {
          const numbers = views.map((view) => ({ ...backdrop.numbers, ...view.numbers }));
          rows.get(name)?.forEach((row, i) => renderRow(row, name, numbers[i]));
        }
        const { classes } = backdrop.numbers;
        const shares = views[0].numbers.histogram;
        histogram.hidden = !(classes && shares);
        if (!histogram.hidden) histogram.replaceChildren(...classBars(classes, shares));
      },
    };
  };
})();
