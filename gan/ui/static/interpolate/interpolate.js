// The Interpolate tab: settings and keyframes ask for one sheet of frames, the player shows it.
(() => {
  const lab = window.latentLab;
  const QUIET = 250; // ms without a change before a walk is asked for
  const SLOW = 400; // ms after which it is said that it is being drawn

  lab.interpolate = (element, server) => {
    const find = lab.finder(element);
    const root = find(".ll-walk");
    const { models } = root.dataset;
    if (!models) return; // there are none
    const model = find("[data-set=model]", HTMLSelectElement);
    const known = lab.knownModels(models, model);
    const [first] = known.keys(); // shown where nothing else is asked for
    /** @type {(name: string) => KnownClasses} */
    const classesOf = (name) => known.get(name) ?? { classes: [], groups: [] };
    /** @type {(kind: ControlKind) => Control} */
    const control = (kind) => /** @type {Control} */ (lab.controls.find((one) => one.kind === kind));
    const seed = control("seed");
    const { problem: announce, status } = lab.notifier(element);
    let timer = 0;
    let slow = 0;
    let arriving = 0; // of several addresses the last counts
    let due = false; // a walk is to be asked for when the tab is on screen
    /** @type {WalkRequest | null} */
    let showing = null; // the request whose film is in the player

    /** @type {(name: string) => HTMLInputElement} */
    const input = (name) => find(`[data-set=${name}]`, HTMLInputElement);
    const label = find("[data-set=label]", HTMLSelectElement);
    /** @type {Label} */
    let wished = null; // of a model whose classes are in groups, in place of `label`
    const choice = lab.classChoice(find(".ll-classes", HTMLFieldSetElement), {
      name: "ll-walk-class",
      caption: control("class").label,
      choose: (next) => {
        wished = next;
        change();
      },
    });
    /** @type {(name: string) => Dial} */
    const dial = (name) => {
      const { min, max, step, defaultValue } = input(name);
      return { name, low: Number(min), high: Number(max), step: Number(step), default: Number(defaultValue) };
    };
    const rules = {
      seeds: lab.firstWalk,
      most: Number(root.dataset.keys),
      seed,
      label: control("class"),
      dials: { frames: dial("frames"), fps: dial("fps"), truncation: dial("truncation") },
    };
    /** @type {(text: string) => void} */
    const problem = (text) => {
      announce(text);
      if (text) root.classList.remove("ll-waiting");
    };

    const settings = () => ({
      model: model.value,
      seeds: keys.keys?.map(({ seed }) => seed) ?? null,
      edits: keys.keys?.map(({ edit }) => edit) ?? [],
      frames: Number(input("frames").value),
      mode: find("[name=ll-walk-mode]:checked", HTMLInputElement).value,
      loop: input("loop").checked,
      label: classesOf(model.value).groups.length ? wished : label.value === "" ? null : Number(label.value),
      truncation: Number(input("truncation").value),
      fps: Number(input("fps").value),
    });

    const player = lab.player(root, (frame) => {
      if (showing) keys.mark(lab.keyframeNear(frame, showing.seeds.length, showing.frames, showing.loop));
    });

    const painter = lab.paintWalks(server);
    let turn = 0; // decoding is asynchronous, so a sheet can be late even after its reply was in time
    const requests = new lab.LatestRequest({
      send: (/** @type {WalkRequest} */ payload) => painter.walk(payload),
      show: async (reply, payload) => {
        const mine = ++turn;
        const film = await lab.decodeSheet(reply).catch(() => null);
        if (mine !== turn) return;
        const newest = payload === requests.newest?.payload;
        root.classList.toggle("ll-waiting", !newest);
        if (!film) return void (newest && problem("Sorry: the film arrived damaged. Change a setting to ask again."));
        showing = payload;
        player.load(film, { loop: payload.loop, fps: settings().fps });
        keys.show(
          film,
          payload.seeds.map((seed, i) => ({ seed, edit: payload.edits[i] ?? null })),
        );
        status(`${film.frames} frames from ${payload.seeds.length} keyframes.`);
        const why = await lab.loadPainter(payload.model, server);
        if (why) status(lab.notices.serverDoes("draws the frames", why));
      },
      announce: problem,
      limit: 2,
      counted: false,
    });

    /** Write the values beside the sliders. */
    const render = () => {
      const { frames, fps, truncation } = settings();
      const texts = {
        frames: `${frames} · ${(frames / fps).toFixed(1)} s`,
        fps: `${fps} fps`,
        truncation: truncation.toFixed(2),
      };
      for (const [name, text] of Object.entries(texts)) {
        const { value, min, max, style } = input(name);
        find(`output[for=${input(name).id}]`, HTMLOutputElement).value = text;
        style.setProperty("--to", `${((Number(value) - Number(min)) / (Number(max) - Number(min))) * 100}%`);
      }
    };

    const limitFrames = () => {
      input("frames").min = String(element.querySelectorAll(".ll-key").length); // a keyframe needs a frame
    };

    const request = () => {
      due = !element.offsetParent;
      if (due) return;
      const { fps, seeds, ...rest } = settings();
      if (!seeds)
        return problem(`A seed must be a whole number from ${seed.low} to ${seed.high}. Correct the one marked.`);
      root.classList.add("ll-waiting");
      clearTimeout(slow);
      slow = setTimeout(() => root.classList.contains("ll-waiting") && status("Drawing the film…"), SLOW);
      problem("");
      requests.request({ ...rest, seeds });
    };
    const showSettings = () => {
      limitFrames();
      render();
      const { seeds, ...rest } = settings();
      if (seeds) address.write(lab.formatWalk({ ...rest, seeds }, rules));
    };
    const change = () => {
      clearTimeout(timer);
      timer = setTimeout(request, QUIET);
      showSettings();
    };

    const isSmooth = () => known.get(model.value)?.smooth ?? false;
    const applyLook = lab.followLook(root, isSmooth);
    window.addEventListener("latentlab:look", player.fit);

    /** Offer the classes of the chosen model; "from seed" is the first. */
    const buildClasses = () => {
      const { classes, groups } = classesOf(model.value);
      applyLook();
      player.reserve(known.get(model.value)?.size ?? 1);
      const options = groups.length ? [] : classes.map((name, i) => lab.createElement("option", { value: i }, name));
      label.replaceChildren(lab.createElement("option", { value: "" }, "From seed"), ...options);
      find(".ll-walk-class").hidden = !options.length;
      choice.build(groups.length ? { classes, groups } : { classes: [], groups: [] });
      choice.show((wished = null));
    };

    const keys = lab.keyframes(root, {
      keys: lab.firstWalk.map((seed) => ({ seed, edit: null })),
      most: rules.most,
      control: seed,
      changed: change,
      chosen: (k) => {
        if (!showing || k >= showing.seeds.length) return;
        player.pause();
        player.seek(lab.keyframePosition(k, showing.seeds.length, showing.frames, showing.loop));
      },
    });

    /** @type {(button: HTMLButtonElement, kind: string) => Promise<void>} */
    const save = async (button, kind) => {
      const { seeds, ...rest } = settings();
      if (!seeds) return request();
      const text = button.textContent;
      button.disabled = true;
      button.textContent = "Saving…";
      const reply = await lab.callWithRetry(
        () => server.film({ ...rest, seeds, kind, smooth: lab.isSmooth(isSmooth()) }),
        problem,
        {
          repeatable: false,
        },
      );
      button.disabled = false;
      button.textContent = text;
      button.focus();
      problem(reply.error === undefined ? "" : lab.notices.error(reply.error));
      if (reply.error !== undefined) return;
      lab.saveFile(reply);
      status(`Saved ${reply.name}.`);
    };

    /** @type {Record<string, () => void>} */
    const actions = {
      play: player.toggle,
      add: keys.add,
      shuffle: keys.shuffle,
      link: () => {
        const { seeds, ...rest } = settings();
        if (!seeds) return request();
        lab.copyLink(address.link(lab.formatWalk({ ...rest, seeds }, rules)), status, find("[data-walk=link]"));
      },
    };
    element.addEventListener("click", (event) => {
      const button = lab.closest(event, "[data-walk], [data-save]", HTMLButtonElement);
      if (!button) return;
      if (button.dataset.save) save(button, button.dataset.save);
      else actions[button.dataset.walk ?? ""]();
    });
    element.addEventListener("input", (event) => {
      const target = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target);
      const name = target.dataset.set ?? target.name;
      if (name === "fps") {
        player.setRate(settings().fps);
        return showSettings();
      }
      if (name === "model") {
        arriving++; // what an address asked for counts no more
        find(".ll-remark").textContent = "";
        buildClasses();
      }
      if (name) change();
    });

    /** Set everything to a walk of a model that is known. @type {(walk: Walk, remark?: string) => void} */
    const set = (walk, remark = "") => {
      find(".ll-remark").textContent = remark;
      model.value = walk.model;
      buildClasses();
      const fitting = lab.fitLabel(walk.label, classesOf(walk.model)); // the address may name what it does not have
      if (classesOf(walk.model).groups.length) choice.show((wished = fitting));
      else label.value = String(fitting ?? "");
      keys.set(walk.seeds.map((seed, i) => ({ seed, edit: walk.edits[i] ?? null })));
      limitFrames();
      for (const name of ["frames", "fps", "truncation"]) input(name).value = String(walk[name]);
      find(`[name=ll-walk-mode][value=${walk.mode}]`, HTMLInputElement).checked = true;
      input("loop").checked = walk.loop;
      player.setRate(walk.fps);
      showSettings();
      request();
    };
    /** @type {(part: AddressPart) => Promise<void>} */
    const restore = async (part) => {
      const turn = ++arriving;
      clearTimeout(timer);
      const walk = lab.parseWalk({ model: first, ...part }, rules);
      const reply = known.has(walk.model) ? { gone: "" } : await lab.findModel(server, walk.model, problem);
      if (turn !== arriving) return;
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      if (reply.gone) set({ ...walk, model: first, label: null }, lab.instead(reply.gone, first));
      else set(walk);
    };
    const address = lab.tabAddress("interpolate", restore);
    restore(address.read());
    new IntersectionObserver(() => due && request()).observe(element);
  };
})();
