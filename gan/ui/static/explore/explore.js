// The Explore tab: controls on one side, the picture that follows them on the other.
(() => {
  const lab = (window.latentLab ??= {});
  const FIRST = 8; // direction sliders shown before "show all"

  lab.explore = (element, server) => {
    const $ = (selector) => element.querySelector(selector);
    const known = new Map(JSON.parse($(".ll-explore").dataset.models)); // name -> what the page needs before a model loads
    const models = [...known.keys()];
    if (!models.length) return;
    const reach = Number($(".ll-explore").dataset.reach);
    const abouts = new Map(); // the server's description of each model opened
    const history = new lab.History();
    const screen = $(".ll-screen canvas");
    let about = null;
    let state = null;
    let shown = null; // the state whose picture is on the canvas; `state` may be ahead of it
    let rows = { directions: [], raw: [], truncation: null };
    let opening = 0;

    const say = (text) => ($(".ll-problem").textContent = text);
    const meter = lab.meter($(".ll-meter"));
    const live = new lab.Live({
      ask: (payload) => server.picture(payload),
      show: (reply, payload) => {
        lab.paint(screen, lab.decode(reply)[0]);
        screen.parentElement.classList.remove("ll-blank");
        shown = payload;
      },
      painted: meter,
      say,
    });
    const others = lab.others(element, server, say, (seed) => {
      change({ seed, sliders: state.sliders.map(() => 0), raw: state.raw.map(() => 0) });
    });

    const draw = () => live.want({ ...state });

    /** Write the state into every control. */
    const dress = () => {
      $("#ll-model").value = state.model;
      $("#ll-seed").value = state.seed;
      element.querySelectorAll("[name=ll-class]").forEach((radio) => {
        radio.checked = radio.value === String(state.label ?? "");
      });
      rows.truncation.set(state.truncation);
      rows.directions.forEach((row, i) => row.set(state.sliders[i]));
      rows.raw.forEach((row, i) => row.set(state.raw[i]));
    };

    /** A step of the visitor's has ended: remember it, address it, and tell those who do not see it. */
    const settle = () => {
      const label = state.label === null ? "" : `, ${about.classes[state.label]}`;
      const title = `${state.model}, seed ${state.seed}${label}, truncation ${state.truncation}`;
      screen.setAttribute("aria-label", `Generated picture: ${title}`);
      if (history.settle(state)) $(".ll-said").textContent = title;
      $("[data-do=undo]").disabled = !history.past.length;
      $("[data-do=redo]").disabled = !history.future.length;
      others.follow(state, about);
      clearTimeout(settle.timer); // browsers limit how often the address may change
      settle.timer = setTimeout(() => {
        window.history.replaceState(window.history.state, "", lab.format(state, location.search));
      }, 200);
    };

    /** Go to another state: controls, picture, history and address follow. */
    const change = (part) => {
      state = { ...state, ...part };
      dress();
      draw();
      settle();
    };

    const move = (key, i) => (value) => {
      state[key] = state[key].slice();
      state[key][i] = value;
      draw();
    };

    const grow = (box, have, count, make) => {
      for (let i = have.length; i < count; i++) have.push(box.appendChild(make(i)));
    };
    const direction = (i) =>
      lab.slider({
        name: String(i + 1),
        note: `${(about.variance[i] * 100).toFixed(1)} %`,
        label: `Direction ${i + 1}, explains ${(about.variance[i] * 100).toFixed(1)} percent`,
        low: -reach, high: reach, moved: move("sliders", i), settled: settle,
      });
    const coordinate = (i) =>
      lab.slider({
        name: `z${i}`, label: `Latent coordinate ${i}, offset`,
        low: -reach, high: reach, moved: move("raw", i), settled: settle,
      });

    /** Build the controls that depend on the model. */
    const furnish = () => {
      const directions = $(".ll-directions");
      const raw = $(".ll-raw");
      directions.replaceChildren();
      raw.replaceChildren();
      rows.directions = [];
      rows.raw = [];
      const used = state.sliders.findLastIndex((value) => value !== 0) + 1;
      grow(directions, rows.directions, Math.min(about.variance.length, Math.max(FIRST, used)), direction);
      $("[data-do=more]").hidden = rows.directions.length >= about.variance.length;
      $("[data-do=more]").textContent = `Show all ${about.variance.length}`;
      if ($(".ll-advanced").open) grow(raw, rows.raw, about.z_dim, coordinate);
      lab.chips($(".ll-classes"), about.classes, (label) => change({ label }));
    };

    /** Take the room that a model will need, so that nothing moves once it has loaded. */
    const reserve = ({ size, classes }) => {
      lab.size(screen, size);
      lab.chips($(".ll-classes"), classes, () => {});
      others.reserve(size);
    };

    /** Show `wanted`, whatever model it is of. The last call wins. */
    const open = async (wanted) => {
      const turn = ++opening;
      const hint = $(".ll-hint");
      const waiting = setTimeout(() => (hint.textContent = "Loading the model…"), 250);
      element.classList.add("ll-opening");
      if (!about) reserve(known.get(wanted.model));
      const reply = abouts.get(wanted.model) ?? (await lab.patiently(() => server.describe({ model: wanted.model }), say));
      clearTimeout(waiting);
      if (turn !== opening) return;
      hint.textContent = "Drag the picture, or any slider.";
      element.classList.remove("ll-opening");
      if (reply.error) {
        say(`Sorry: ${reply.error}.`);
        screen.parentElement.classList.remove("ll-blank");
        if (state) $("#ll-model").value = state.model;
        return;
      }
      say("");
      abouts.set(wanted.model, reply);
      const other = about !== reply;
      about = reply;
      state = lab.fit(wanted, about);
      if (other) furnish();
      lab.size(screen, about.size);
      dress();
      draw();
      settle();
    };

    const travel = (next) => next && open(next);
    const actions = {
      dice: () => change({ seed: lab.randomSeed() }),
      reset: () => change(lab.fit(lab.fresh(state.model, state.seed), about)),
      undo: () => travel(history.undo()),
      redo: () => travel(history.redo()),
      more: () => {
        grow($(".ll-directions"), rows.directions, about.variance.length, direction);
        $("[data-do=more]").hidden = true;
        rows.directions[FIRST].input.focus();
      },
      reroll: () => others.reroll(state, about),
      native: () => shown && lab.save(screen, 1, `${shown.model}-seed${shown.seed}`),
      large: () => shown && lab.save(screen, Math.ceil(512 / screen.width), `${shown.model}-seed${shown.seed}-large`),
      link: () => lab.copy(new URL(lab.format(state, location.search), location.href).href, $(".ll-said"), $("[data-do=link]")),
    };
    element.addEventListener("click", (event) => {
      const action = event.target.closest("[data-do]")?.dataset.do;
      if (state && actions[action]) actions[action]();
    });
    $("#ll-model").addEventListener("change", (event) => {
      open(lab.fresh(event.target.value, state?.seed));
    });
    $("#ll-seed").addEventListener("input", (event) => {
      if (!state || !event.target.checkValidity() || event.target.value === "") return;
      state = { ...state, seed: Number(event.target.value) };
      draw();
    });
    $("#ll-seed").addEventListener("change", () => state && change({}));
    rows.truncation = $(".ll-truncation").appendChild(
      lab.slider({
        name: "Truncation", label: "Truncation", low: 0, high: 2, rest: 1, settled: () => state && settle(),
        moved: (value) => state && ((state = { ...state, truncation: value }), draw()),
      }),
    );
    $(".ll-advanced").addEventListener("toggle", () => {
      if (!state || !$(".ll-advanced").open || rows.raw.length) return;
      grow($(".ll-raw"), rows.raw, about.z_dim, coordinate);
      rows.raw.forEach((row, i) => row.set(state.raw[i]));
    });
    lab.pad(screen, {
      read: () => (state && state.sliders.length > 1 ? state.sliders.slice(0, 2) : null),
      moved: (...to) => {
        const clamp = (value) => Math.max(-reach, Math.min(reach, Math.round(value * 20) / 20));
        state = { ...state, sliders: [...to.map(clamp), ...state.sliders.slice(2)] };
        to.forEach((_, i) => rows.directions[i].set(state.sliders[i]));
        draw();
      },
      settled: settle,
    });
    lab.shortcuts(element, actions);
    new ResizeObserver(() => about && lab.size(screen, about.size)).observe($(".ll-screen"));

    lab.eachMade(({ model, size, classes }) => {
      known.set(model, { size, classes });
      models.push(model);
      $("#ll-model").append(lab.make("option", { value: model }, model));
    });

    // Which picture is first: a click in the gallery says, or the address, or else it is the first model as `lab.fresh` shows it.
    const first = lab.takePending() ?? lab.parse(location.search, models, reach) ?? lab.fresh(models[0]);
    window.addEventListener("latentlab:open", () => {
      const wanted = lab.takePending();
      if (wanted) open(wanted);
    });
    open(first);
  };
})();
