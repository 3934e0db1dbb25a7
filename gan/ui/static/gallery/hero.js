// The first screen: a picture to play with beside a network that learns.
(() => {
  const lab = window.latentLab;

  lab.hero = (root, server) => {
    const find = lab.finder(root);
    const {
      model = "",
      seed,
      sliders: given = "[]",
      named: names = "[]",
      kinds: sorts = "[]",
      axes = "[]",
      film = "",
    } = root.dataset;
    const named = /** @type {string[]} */ (JSON.parse(names));
    const kinds = /** @type {string[]} */ (JSON.parse(sorts));
    const control = /** @type {Control} */ (lab.controls.find(({ kind }) => kind === "named"));
    /** @type {[number, SliderRow][]} */
    const rows = [];
    const still = find(".ll-hero-screen");
    const shown = /** @type {number[]} */ (JSON.parse(given));
    const picture = lab.livingPicture(find(".ll-hero-screen canvas", HTMLCanvasElement), {
      server,
      model,
      seed: Number(seed),
      named,
      swaying: shown,
      axes: JSON.parse(axes),
      moved: (values) => rows.forEach(([i, row]) => row.set(values[i])),
      painted: () => still.classList.add("ll-living"),
    });
    find(".ll-hero-sliders").style.setProperty("--rows", String(shown.length));
    for (const i of shown) {
      const words = lab.sliderWords(named[i]);
      const row = lab.slider({
        control,
        name: words,
        label: words,
        help: `Changes ${words}`,
        moved: (value) => {
          play(false);
          if (value > 0) lab.rivals(kinds, i).forEach(give);
          picture.set(i, value);
        },
        settled: () => {},
      });
      rows.push([i, row]);
      find(".ll-hero-sliders").append(row.element);
    }
    /** @type {(rival: number) => void} */
    const give = (rival) => {
      const row = rows.find(([i]) => i === rival)?.[1];
      if (!row || Number(row.input.value) <= 0) return;
      row.set(0);
      picture.set(rival, 0);
    };
    const ring = lab.ringFilm(find(".ll-hero-ring"), JSON.parse(film));

    // One button stops all that moves by itself.
    const button = find("[data-hero=motion]", HTMLButtonElement);
    let playing = false;
    const play = (/** @type {boolean} */ on) => {
      if (on === playing) return;
      playing = on;
      picture.drift(on && lab.painterState(model) === "ready");
      ring.play(on);
      button.setAttribute("aria-label", on ? "Stop the motion" : "Start the motion");
      button.classList.toggle("ll-playing", on);
    };
    /** Show the Train tab, and start what it has planned unless something trains there already. */
    const watch = () => {
      lab.showTab("train");
      lab.whenThere("#ll-train [data-train=begin]:enabled", (begin) => {
        if (begin.textContent === "Start training") begin.click();
      });
    };
    /** @type {Record<string, () => void>} */
    const actions = {
      motion: () => play(!playing),
      play: () => lab.openExplore(picture.state),
      watch,
      another: picture.renew,
      quiz: () => {
        lab.showTab("quiz");
        window.scrollTo({ top: 0 });
      },
    };
    root.addEventListener("click", (event) => actions[lab.closest(event, "[data-hero]")?.dataset.hero ?? ""]?.());
    if (!lab.reducedMotion()) play(true);

    return {
      load: async () => {
        await lab.loadPainter(model, server);
        if (playing && lab.painterState(model) === "ready") picture.drift(true);
      },
    };
  };
})();
