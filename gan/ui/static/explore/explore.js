// The Explore tab: controls on one side, the picture that follows them on the other.
(() => {
  const lab = window.latentLab;
  const HINT = "Drag the picture, or any slider.";

  lab.explore = (element, server) => {
    const find = lab.finder(element);
    const { controls } = lab;
    const { models } = find(".ll-explore").dataset;
    if (!models) return; // there are none
    const known = lab.knownModels(models, find("#ll-model", HTMLSelectElement));
    const [first] = known.keys(); // shown where nothing else is asked for
    /** @type {Map<string, ModelDescription>} */
    const descriptions = new Map(); // of each model opened
    const history = new lab.History();
    const screen = find(".ll-screen canvas", HTMLCanvasElement);
    const drawSmooth = lab.smoothView(screen);
    const { problem, status, recovered } = lab.notifier(element);
    const directions = /** @type {Control} */ (controls.find(({ kind }) => kind === "directions"));
    /** @type {ModelDescription | null} */
    let about = null;
    /** @type {PictureState | null} */
    let state = null;
    /** @type {PictureState | null} */
    let shown = null; // the state whose picture is on the canvas; `state` may be ahead of it
    let opening = 0;

    const painter = lab.paintPictures(server);

    /** Let the browser draw the pictures of a model as soon as it can. @type {(model: string) => Promise<void>} */
    const fetchWeights = async (model) => {
      const why = await lab.loadPainter(model, server);
      if (why) status(lab.notices.serverDoes("draws the pictures", why));
    };

    const requests = new lab.LatestRequest({
      send: (/** @type {PictureState} */ payload) => painter.picture({ ...payload, follows: true }),
      show: (reply, payload) => {
        lab.paint(screen, lab.decodeImages(reply)[0]);
        drawSmooth();
        screen.parentElement?.classList.remove("ll-blank");
        find("[data-where]").textContent = reply.here === undefined ? "server" : "browser";
        shown = payload;
        if (payload.model === state?.model && panel.offerNamed(reply.acting ?? null)) map.follow();
        fetchWeights(payload.model).then(drawEnds); // now that the first picture is there
      },
      painted: lab.latencyMeter(find(".ll-meter")),
      announce: problem,
    });
    const draw = () => state && requests.request({ ...state });
    const ends = lab.sliderEnds("named", lab.SLIDER_END);
    const drawEnds = () => {
      if (state && state.model === shown?.model && lab.painterState(state.model) === "ready") {
        ends(state, panel.namedRows());
        mix.draw(state);
      }
    };

    /** Pictures of the model that is shown, whoever draws them; null where that went wrong. @type {(states: PictureState[]) => Promise<ImageData[] | null>} */
    const drawAll = async (states) => {
      const here = await lab.drawHere(states[0].model, states);
      if (here) return here;
      const ask = (/** @type {PictureState} */ one) =>
        lab.callWithRetry(() => painter.picture({ ...one, follows: false }), problem);
      const replies = await Promise.all(states.map(ask));
      /** @type {ImageData[]} */
      const images = [];
      for (const reply of replies) {
        if (reply.error !== undefined) return (problem(lab.notices.error(reply.error)), null);
        images.push(...lab.decodeImages(reply));
      }
      recovered();
      return images;
    };

    /** Names of principal directions, by model. @type {Map<string, string[]>} */
    const names = new Map();
    /** @type {(of: PictureState) => AddressPart} */
    const addressPart = (of) => ({
      ...lab.formatState(of, controls),
      names: lab.formatNames(names.get(of.model) ?? []),
    });

    /** The state in words: model, seed, class and every single slider. @type {(of: PictureState) => string} */
    const title = (of) => {
      const label = [of.label ?? []].flat().map((index) => about?.classes[index]);
      const sliders = controls
        .filter((c) => c.kind === "slider" && of[c.name] !== c.default)
        .map((c) => `${c.label.toLowerCase()} ${of[c.name]}`);
      return [of.model, `seed ${of.seed}`, ...label, ...sliders].join(", ");
    };

    /** Undo and Redo where there is something to do; the one that can do no more gives its focus to the other. */
    const renderSteps = () => {
      const [undo, redo] = ["undo", "redo"].map((name) => find(`[data-do=${name}]`, HTMLButtonElement));
      const focused = document.activeElement;
      undo.disabled = !history.past.length;
      redo.disabled = !history.future.length;
      if (focused === undo && undo.disabled) redo.focus();
      if (focused === redo && redo.disabled) undo.focus();
    };

    /** A step of the visitor's has ended: remember it, address it, and announce it to those who do not see it. */
    const settle = () => {
      if (!state || !about) return;
      screen.setAttribute("aria-label", `Generated picture: ${title(state)}`);
      if (history.settle(state)) status(title(state));
      renderSteps();
      others.follow(state, about);
      drawEnds();
      map.follow();
      address.write(addressPart(state));
    };

    /** Go to another state of the same model. @type {(part: object) => void} */
    const change = (part) => {
      if (!state) return;
      state = { ...state, ...part };
      panel.render(state);
      mix.render(state);
      if (directions.name in part) play.rebase();
      draw();
      settle();
    };

    /** A control is at another value. @type {(control: Control, value: Label, i?: number) => void} */
    const move = ({ name }, value, i) => {
      if (!state) return;
      const old = state[name];
      state = { ...state, [name]: Array.isArray(old) && i !== undefined ? old.with(i, Number(value)) : value };
      play.hold(name, i);
      draw();
    };
    const panel = lab.controlPanel(element, controls, {
      moved: move,
      settled: settle,
      state: () => state,
      named: {
        of: (i) => names.get(state?.model ?? "")?.[i] ?? "",
        changed: (i, text) => {
          if (!state) return;
          const own = names.get(state.model) ?? [];
          own[i] = text;
          names.set(state.model, own);
          address.write(addressPart(state));
        },
      },
    });
    find(".ll-more-part").addEventListener("toggle", drawEnds);
    const mix = lab.mixPanel(find(".ll-mix"), controls, { moved: move, settled: settle, state: () => state });

    const play = lab.playPanel(find(".ll-play"), {
      element,
      canvas: screen,
      state: () => state,
      moved: (lists) => {
        if (!state) return;
        state = { ...state, ...lists };
        for (const name of Object.keys(lists)) panel.renderSliders(name, state);
        draw();
      },
      settled: settle,
      movable: panel.movable,
      smooth: () => isSmooth(),
      status,
    });

    const map = lab.mapPanel(find(".ll-map"), {
      state: () => state,
      about: () => about,
      names: () => names.get(state?.model ?? "") ?? [],
      acting: () => panel.namedRows().map(([i]) => i),
      smooth: () => isSmooth(),
      draw: drawAll,
      take: (taken) => change(taken),
    });

    const others = lab.otherSeeds(element, painter, problem, (seed) => {
      if (!state || !about) return;
      const { model, label, truncation } = state;
      change(lab.fitState(lab.completeState({ model, label, truncation, seed }, controls), about, controls));
    });

    const applyLook = lab.followLook(
      find(".ll-explore"),
      () => known.get(state?.model ?? find("#ll-model", HTMLSelectElement).value)?.smooth ?? false,
    );

    /** Reserve a model's space, so that nothing moves once it has loaded. @type {(model: string) => void} */
    const reserve = (model) => {
      const none = { size: 1, classes: [], groups: [], named: [], kinds: [] };
      const { size, classes, groups, named, kinds } = known.get(model) ?? none;
      lab.enlarge(screen, size);
      panel.buildNamed(named, kinds);
      panel.buildClasses({ classes, groups });
      others.reserve(size);
      find(".ll-mix").hidden = false; // nearly all models can; the others give the space back
    };

    /** What must be known of a model. @type {(model: string) => Promise<Answer<ModelDescription> | { gone: string }>} */
    const describe = async (model) => {
      const found = known.has(model) ? { gone: "" } : await lab.findModel(server, model, problem);
      if (found.error !== undefined) return found;
      if (found.gone) return { gone: found.gone };
      return descriptions.get(model) ?? lab.callWithRetry(() => server.describe({ model }), problem);
    };

    /**
     * Show a state, whatever model it is of. The last call wins.
     * @type {(wanted: PictureState, remark?: string) => Promise<void>} remark: what the visitor should know of it
     */
    const open = async (wanted, remark = "") => {
      const turn = ++opening;
      const hint = find(".ll-hint");
      find(".ll-remark").textContent = remark;
      const waiting = setTimeout(() => (hint.textContent = "Loading the model…"), 250);
      element.classList.add("ll-opening");
      if (!about) reserve(known.has(wanted.model) ? wanted.model : first);
      const reply = await describe(wanted.model);
      clearTimeout(waiting);
      if (turn !== opening) return;
      hint.textContent = HINT;
      element.classList.remove("ll-opening");
      if ("gone" in reply) {
        return open(lab.completeState({ model: first }, controls), lab.instead(reply.gone, first));
      }
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
      applyLook();
      if (other) panel.buildControls(about, state);
      lab.enlarge(screen, about.size);
      find(".ll-mix").hidden = !about.crosses;
      panel.render(state);
      mix.render(state);
      play.render();
      play.rebase();
      draw();
      settle();
    };

    /** What is on the canvas, to be kept. @type {() => KeptPicture | null} */
    const keptNow = () => shown && { part: addressPart(shown), picture: screen.toDataURL("image/png") };
    const keep = () => {
      const now = keptNow();
      if (now) status(lab.kept.add([now]) ? "Kept." : "It is kept already, or there is no room for more.");
    };
    /** @type {(one: KeptPicture) => void} */
    const openKept = ({ part }) => {
      if (part.names) names.set(part.model, lab.parseNames(part.names));
      open(lab.parseState(part, controls));
    };
    const isSmooth = () => lab.isSmooth(known.get(state?.model ?? "")?.smooth ?? false);
    /** @type {(one: KeptPicture) => void} */
    const compare = ({ part, picture }) => {
      if (!shown) return;
      lab.compare(find(".ll-compare", HTMLDialogElement), {
        shown: { state: shown, picture: screen.toDataURL("image/png") },
        other: { state: lab.parseState(part, controls), picture },
        about,
        smooth: isSmooth(),
      });
    };
    const strip = lab.keptStrip(find(".ll-kept"), {
      ...{ open: openKept, compare, smooth: isSmooth, status },
      changed: (count) => {
        find("[data-do=kept]").hidden = !count;
        find("[data-do=kept]").textContent = `See ${count === 1 ? "the one" : `all ${count}`} kept`;
      },
    });
    const showKeys = lab.shortcutList(find(".ll-keys", HTMLDialogElement), [
      [["K"], "keep the picture"],
      [["R"], "another seed"],
      [["1 to 9"], "open a kept picture"],
      [["M"], "the map"],
      [["P"], "play: let the sliders wander, or stop them"],
      [["S"], "save the picture"],
      [["L"], "copy the link"],
      [["0"], "send all sliders back"],
      [["X"], "smooth or pixels"],
      [["Ctrl Z"], "undo"],
      [["Ctrl Shift Z"], "redo"],
      [["Delete"], "send the slider with the focus back"],
      [["?"], "this list"],
    ]);
    lab.bindLetters(element, {
      k: () => act("keep"),
      r: () => act("dice"),
      p: () => play.toggle(),
      m: () => map.open(),
      s: () => act("large"),
      l: () => act("link"),
      0: () => act("reset"),
      x: () => lab.chooseLook(isSmooth() ? "pixels" : "smooth"),
      "?": () => showKeys(),
      ...Object.fromEntries(
        Array.from({ length: 9 }, (_, i) => [
          i + 1,
          () => {
            const one = lab.kept.all()[i];
            if (one) openKept(one);
          },
        ]),
      ),
    });

    /** @type {(to: PictureState | null) => unknown} */
    const travel = (to) => to && open(to);
    /** @type {(scale: number, suffix: string) => unknown} */
    const save = (scale, suffix) =>
      shown && lab.saveCanvas(screen, scale, `${shown.model}-seed${shown.seed}${suffix}`, status);
    /** @type {Record<string, (state: PictureState, about: ModelDescription) => unknown>} */
    const actions = {
      keep,
      kept: strip.show,
      keys: () => showKeys(),
      dice: () => change({ seed: lab.randomSeed() }),
      reset: ({ model, seed }, has) =>
        change(lab.fitState(lab.completeState({ model, seed }, controls), has, controls)),
      undo: () => travel(history.undo()),
      redo: () => travel(history.redo()),
      more: panel.showAllDirections,
      reroll: others.reroll,
      native: () => save(1, ""),
      large: () => save(Math.ceil(512 / screen.width), "-large"),
      link: (from) => lab.copyLink(address.link(addressPart(from)), status, find("[data-do=link]")),
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
        [0, 1].forEach((i) => play.hold(name, i));
        draw();
      },
      settled: settle,
    });
    lab.bindUndo(element, { undo: () => act("undo"), redo: () => act("redo") });
    new ResizeObserver(() => about && lab.enlarge(screen, about.size)).observe(find(".ll-screen"));

    /** @type {(part: AddressPart) => void} */
    const restore = (part) => {
      if (part.names) names.set(part.model ?? first, lab.parseNames(part.names));
      void open(lab.parseState({ model: first, ...part }, controls));
    };
    const address = lab.tabAddress("explore", restore);
    restore(address.read());
  };
})();
