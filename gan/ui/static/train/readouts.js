// The numbers of a run: what each means, and how it stands.
(() => {
  const lab = window.latentLab;
  // aside: shown only where it is the one to watch; the classes stand below. format: its text. share: the filled part of its bar, in [0, 1]; no bar without it. note: small text beside it.
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
      format: (value) => lab.percent(value),
      share: (value) => value,
    },
    kl: {
      title: "Unevenness",
      help: "Reverse KL divergence of the modes' shares from equal ones; 0 is even, – without a point in any",
      format: (value) => lab.measured(value),
    },
    precision: {
      title: "Precision",
      help: "Share of generated points that lie where real ones do",
      format: (value) => lab.percent(value),
      share: (value) => value,
    },
    recall: {
      title: "Recall",
      help: "Share of real points that lie where generated ones do",
      format: (value) => lab.percent(value),
      share: (value) => value,
    },
    frechet: {
      title: "Frechet distance",
      help: "Distance from real pictures in our own classifier's features; the floor is what other real pictures score",
      format: (value) => lab.measured(value),
      note: (numbers) => `floor ${lab.measured(numbers.frechet_floor)}`,
    },
    classes_found: {
      aside: true,
      title: "Classes found",
      help: "Classes that generated pictures have at least a fifth as often as they should, as our own classifier sees them",
      format: (value, numbers) => `${value} of ${numbers.classes_of}`,
      share: (value, numbers) => value / numbers.classes_of,
    },
    confidence: {
      title: "Confidence",
      help: "How sure our own classifier is of a class, on average. It can be sure of noise too: see the classes below",
      format: (value) => lab.percent(value),
      share: (value) => value,
    },
    diversity: {
      title: "Diversity",
      help: "Distance of a generated picture to its nearest neighbour, over that of real ones: 1 is as varied, 0 repeats",
      format: (value) => value.toFixed(2),
      share: (value) => Math.min(1, value),
    },
    psnr: {
      title: "Nearness to the truth",
      help: "Of held-out pictures, in decibels (PSNR): 3 more halve the squared error. Training never sees the truth",
      format: (value) => `${value.toFixed(2)} dB`,
      note: (numbers) => `left as it was ${numbers.psnr_untouched.toFixed(2)}`,
    },
    colour_distance: {
      title: "Colours off",
      help: "Distance of the colours of held-out translations from those of their truths, all pictures together: 0 is the same, 100 % none in common",
      format: (value) => lab.percent(value),
      share: (value) => value,
      note: (numbers) => `left as it was ${lab.percent(numbers.colour_distance_untouched)}`,
    },
    cycle_error: {
      title: "Cycle error",
      help: "How far a held-out picture that was translated there and back is from itself, in levels of 255",
      format: (value) => value.toFixed(2),
    },
    accuracy_real: {
      title: "Critic on real",
      help: "Share of real ones that score above the mean generated one",
      format: (value) => lab.percent(value),
      share: (value) => value,
    },
    accuracy_fake: {
      title: "Critic on fake",
      help: "Share of generated ones that score below the mean real one",
      format: (value) => lab.percent(value),
      share: (value) => value,
    },
    overfitting: {
      title: "Overfitting",
      help: "How well the critic tells the data from generated ones, at its border: 1 may mean it knows them by heart, 0 it cannot tell",
      format: (value) => value.toFixed(2),
      share: (value) => Math.max(0, value),
    },
    augment_probability: {
      title: "Augmented",
      help: "Probability that the critic sees a picture changed; with a target it follows overfitting",
      format: (value) => lab.percent(value),
      share: (value) => value,
    },
    critic_loss: {
      title: "Critic's loss",
      help: "The loss that the critic (discriminator) minimises",
      format: (value) => lab.measured(value),
    },
    generator_loss: {
      title: "Generator's loss",
      help: "The loss that the generator minimises",
      format: (value) => lab.measured(value),
    },
    critic_gradient: {
      title: "Critic's gradient",
      help: "Length of the gradient on all its weights",
      format: (value) => lab.measured(value),
    },
    generator_gradient: {
      title: "Generator's gradient",
      help: "Length of the gradient on all its weights; near 0 nothing is learnt",
      format: (value) => lab.measured(value),
    },
    images_per_second: {
      title: "Shown a second",
      help: "Real points or pictures shown a second",
      format: (value) => lab.whole(value),
    },
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

  /**
   * The classes among the generated pictures of each side.
   * @type {(classes: string[], real: number[] | undefined, sides: number[][]) => Node[]} real: their shares in the
   * data, if a picture has several; else all are taken to be equal
   */
  const classBars = (classes, real, sides) =>
    classes.map((name, i) => {
      const usual = real?.[i] || 1 / classes.length;
      const bars = sides.map((shares) => {
        const share = Math.min(1, shares[i] / usual / 2); // twice the usual share fills the bar
        const bar = lab.createElement("i", { "aria-hidden": "true" });
        bar.style.setProperty("--share", String(share));
        return bar;
      });
      const texts = sides.map((shares) => lab.percent(shares[i])).join(", ");
      const track = lab.createElement("span", { class: "ll-bars" }, ...bars);
      return lab.createElement(
        "div",
        {},
        lab.createElement("span", {}, name),
        track,
        lab.createElement("b", {}, texts),
      );
    });

  lab.readouts = (box) => {
    const find = lab.finder(box);
    const tiles = find(".ll-tiles");
    const histogram = find(".ll-classes-bar");
    let sides = 0;
    /** @type {Map<string, ReturnType<typeof createRow>[]>} */
    let rows = new Map();

    /** @type {(name: string) => HTMLElement} */
    const tile = (name) => {
      const { title, help } = lab.READOUTS[name];
      const elements = (rows.get(name) ?? []).map(({ element }) => element);
      const explanation = lab.createElement("small", { class: "ll-help" }, help);
      return lab.createElement(
        "div",
        { class: "ll-read" },
        lab.createElement("span", {}, title),
        ...elements,
        explanation,
      );
    };

    /** @type {(count: number, names: string[]) => void} */
    const build = (count, names) => {
      sides = count;
      rows = new Map(names.map((name) => [name, Array.from({ length: count }, createRow)]));
      tiles.replaceChildren(...names.map(tile));
      box.hidden = false;
    };
    lab.explainButton(find("[data-explain]"), box);

    return {
      clear: () => {
        sides = 0;
        tiles.replaceChildren();
        box.hidden = true;
      },
      show: (views, backdrop, large) => {
        const names = Object.keys(lab.READOUTS).filter(
          (name) =>
            name !== large &&
            !lab.READOUTS[name].aside &&
            views.some(({ numbers }) => typeof numbers[name] === "number"),
        );
        const stale = rows.has(large ?? "") || names.some((name) => !rows.has(name));
        if (views.length !== sides || stale) build(views.length, names);
        const numbers = views.map((view) => ({ ...backdrop.numbers, ...view.numbers }));
        // Also those that are not known at this moment.
        rows.forEach((of, name) => of.forEach((row, i) => renderRow(row, name, numbers[i])));
        const { classes, class_shares: real } = backdrop.numbers;
        const shares = views.map((view) => view.numbers.histogram);
        histogram.hidden = !classes || shares.some((share) => !share);
        if (!histogram.hidden) find(".ll-class-shares").replaceChildren(...classBars(classes, real, shares));
      },
    };
  };
})();
