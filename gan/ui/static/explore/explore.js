// The Explore tab: controls on one side, the picture that follows them on the other.
(() => {
  const lab = window.latentLab;
  const HINT = "Drag the picture, or any slider.";

  lab.explore = (element, server) => {
    const find = lab.finder(element);
    const { controls } = lab;
    /** What the page needs of a model before it loads. @type {Map<string, { size: number, classes: string[] }>} */
    const sizes = new Map(JSON.parse(find(".ll-explore").dataset.models ?? "[]"));
    if (!sizes.size) return;
    /** @type {Map<string, ModelDescription>} */
    const descriptions = new Map(); // of each model opened
    const history = new lab.History();
    const screen = find(".ll-screen canvas", HTMLCanvasElement);
    const { problem, status } = lab.notifier(element);
    const directions = /** @type {Control} */ (controls.find(({ kind }) => kind === "directions"));
    /** @type {ModelDescription | null} */
    let about = null;
    /** @type {PictureState | null} */
    let state = null;
    /** @type {PictureState | null} */
    let shown = null; // the state whose picture is on the canvas; `state` may be ahead of it
    let opening = 0;
    let addressTimer = 0;

    const requests = new lab.LatestRequest({
      send: (/** @type {PictureState} */ payload) => server.picture(payload),
      show: (reply, payload) => {
        lab.paint(screen, lab.decodeImages(reply)[0]);
        screen.parentElement?.classList.remove("ll-blank");
        shown = payload;
      },
      painted: lab.latencyMeter(find(".ll-meter")),
      announce: problem,
    });
    const draw = () => state && requests.request({ ...state });

    /** The state in words: model, seed, class and every single slider. @type {(of: PictureState) => string} */
    const title = (of) => {
      const label = of.label === null ? [] : [about?.classes[of.label]];
      const sliders = controls
        .filter(({ kind }) => kind === "slider")
        .map((c) => `${c.label.toLowerCase()} ${of[c.name]}`);
      return [of.model, `seed ${of.seed}`, ...label, ...sliders].join(", ");
    };

    /** A step of the visitor's has ended: remember it, address it, and announce it to those who do not see it. */
    const settle = () => {
      if (!state || !about) return;
      screen.setAttribute("aria-label", `Generated picture: ${title(state)}`);
      if (history.settle(state)) status(title(state));
      find("[data-do=undo]", HTMLButtonElement).disabled = !history.past.length;
      find("[data-do=redo]", HTMLButtonElement).disabled = !history.future.length;
      others.follow(state, about);
      clearTimeout(addressTimer); // browsers limit how often the address may change
      addressTimer = setTimeout(() => {
        if (!state) return;
        window.history.replaceState(window.history.state, "", lab.formatState(state, location.search, controls));
      }, 200);
    };

    /** Go to another state of the same model. @type {(part: object) => void} */
    const change = (part) => {
      if (!state) return;
      state = { ...state, ...part };
      panel.render(state);
      draw();
      settle();
    };

    const panel = lab.controlPanel(element, controls, {
      moved: ({ name }, value, i) => {
        if (!state) return;
        const old = state[name];
        state = { ...state, [name]: Array.isArray(old) && i !== undefined ? old.with(i, Number(value)) : value };
        draw();
      },
      settled: settle,
      state: () => state,
    });

    const others = lab.otherSeeds(element, server, problem, (seed) => {
      if (!state || !about) return;
      const { model, label, truncation } = state;
      change(lab.fitState(lab.completeState({ model, label, truncation, seed }, controls), about, controls));
    });

    /** Reserve a model's space, so that nothing moves once it has loaded. @type {(model: string) => void} */
    const reserve = (model) => {
      const { size, classes } = sizes.get(model) ?? { size: 1, classes: [] };
      lab.enlarge(screen, size);
      panel.buildClasses(classes);
      others.reserve(size);
    };

    /** Show a state, whatever model it is of. The last call wins. @type {(wanted: PictureState) => Promise<void>} */
    const open = async (wanted) => {
      const turn = ++opening;
      const hint = find(".ll-hint");
      const waiting = setTimeout(() => (hint.textContent = "Loading the model…"), 250);
      element.classList.add("ll-opening");
      if (!about) reserve(wanted.model);
      /** @type {Answer<ModelDescription> | undefined} */
      let reply = descriptions.get(wanted.model);
      reply ??= await lab.callWithRetry(() => server.describe({ model: wanted.model }), problem);
      clearTimeout(waiting);
      if (turn !== opening) return;
      hint.textContent = HINT;
      element.classList.remove("ll-opening");
      if (reply.error !== undefined) {
        problem(lab.notices.error(reply.error));
        screen.parentElement?.classList.remove("ll-blank");
        if (state) find("#ll-model", HTMLSelectElement).value = state.model;
        return;
      }
      problem("");
      descriptions.set(wanted.model, reply);
      const other = about !== reply;
      about = reply;
      state = lab.fitState(wanted, about, controls);
      if (other) panel.buildControls(about, state);
      lab.enlarge(screen, about.size);
      panel.render(state);
      draw();
      settle();
    };

    /** @type {(to: PictureState | null) => unknown} */
    const travel = (to) => to && open(to);
    /** @type {(scale: number, suffix: string) => unknown} */
    const save = (scale, suffix) => shown && lab.saveCanvas(screen, scale, `${shown.model}-seed${shown.seed}${suffix}`);
    /** @type {Record<string, (state: PictureState, about: ModelDescription) => unknown>} */
    const actions = {
      dice: () => change({ seed: lab.randomSeed() }),
      reset: ({ model, seed }, has) =>
        change(lab.fitState(lab.completeState({ model, seed }, controls), has, controls)),
      undo: () => travel(history.undo()),
      redo: () => travel(history.redo()),
      more: panel.showAllDirections,
      reroll: others.reroll,
      native: () => save(1, ""),
      large: () => save(Math.ceil(512 / screen.width), "-large"),
      link: (from) => {
        const address = new URL(lab.formatState(from, location.search, controls), location.href).href;
        return lab.copyLink(address, status, find("[data-do=link]"));
      },
    };
    /** @type {(name: string) => void} */
    const act = (name) => {
      if (state && about) actions[name]?.(state, about);
    };
    element.addEventListener("click", (event) => act(lab.closest(event, "[data-do]")?.dataset.do ?? ""));
    find("#ll-model").addEventListener("change", () => {
      const model = find("#ll-model", HTMLSelectElement).value;
      open(lab.completeState({ model, ...(state ? { seed: state.seed } : {}) }, controls));
    });
    lab.dragPad(screen, {
      position: () => {
        const at = state?.[directions.name];
        return Array.isArray(at) && at.length > 1 ? [at[0], at[1]] : null;
      },
      moved: (...to) => {
        if (!state) return;
        const { name, low, high, step } = directions;
        const reached = to.map((value) => Math.max(low, Math.min(high, Math.round(value / step) / (1 / step))));
        const old = /** @type {number[]} */ (state[name]);
        state = { ...state, [name]: [...reached, ...old.slice(2)] };
        panel.renderSliders(name, state);
        draw();
      },
      settled: settle,
    });
    lab.bindUndo(element, { undo: () => act("undo"), redo: () => act("redo") });
    new ResizeObserver(() => about && lab.enlarge(screen, about.size)).observe(find(".ll-screen"));

    lab.forEachSessionModel(({ model, size, classes }) => {
      sizes.set(model, { size, classes });
      find("#ll-model").append(lab.createElement("option", { value: model }, model));
    });

    // What is shown first: what another tab asked for, or the address, or the first model.
    const models = [...sizes.keys()];
    const first = lab.takePendingState() ?? lab.parseState(location.search, models, controls) ?? { model: models[0] };
    window.addEventListener("latentlab:open", () => {
      const wanted = lab.takePendingState();
      if (wanted) open(lab.completeState(wanted, controls));
    });
    open(lab.completeState(first, controls));
  };
})();
