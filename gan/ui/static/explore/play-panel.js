// Playing: a drift with speed, distance and tempo, knobs of a MIDI controller, and a recording of what the stage shows.
(() => {
  const lab = window.latentLab;
  const FEW = 6; // sliders that drift at least: principal directions join the named ones
  const BY_SERVER = 1 / 6; // seconds between two pictures of a drift that the server draws

  const tenths = (/** @type {number} */ value) => value.toFixed(1);
  /** @type {(SliderRange & { name: keyof DriftSettings, label: string, help: string, text(value: number): string })[]} */
  const DIALS = [
    {
      ...{ name: "speed", label: "Speed", help: "How quickly the sliders go where they are going" },
      ...{ low: 0.1, high: 3, step: 0.1, default: 0.8, text: tenths },
    },
    {
      ...{ name: "distance", label: "Distance", help: "How far the sliders go from where they were" },
      ...{ low: 0.1, high: 3, step: 0.1, default: 1.2, text: tenths },
    },
    {
      ...{ name: "tempo", label: "Tempo", help: "Beats a minute, at each of which they set off for another place" },
      ...{ low: 10, high: 200, step: 1, default: 40, text: (value) => `${value} BPM` },
    },
  ];

  lab.playPanel = (root, { element, canvas, state, moved, settled, movable, smooth, status }) => {
    const find = lab.finder(root);
    const drift = lab.createDrift();
    const settings = { speed: 0, distance: 0, tempo: 0 };
    /** Which sliders drift. @type {[control: string, i: number][]} */
    let movers = [];
    /** Those of them that the visitor has taken over. @type {Set<string>} */
    const held = new Set();
    let drifting = false;
    let waited = 0; // seconds since the last picture

    for (const { name, label, help, text, ...control } of DIALS) {
      settings[name] = Number(control.default);
      const take = (/** @type {number} */ value) => (settings[name] = value);
      const row = lab.slider({
        ...{ control, name: label, label, help, text, key: `play:${name}` },
        ...{ moved: take, settled: () => {} },
      });
      find(".ll-play-dials").append(row.element);
    }

    /** @type {(now: PictureState, control: string) => number[]} */
    const list = (now, control) => /** @type {number[]} */ (now[control]);

    const rebase = () => {
      const now = state();
      if (!now || !drifting) return;
      held.clear();
      movers = movable(FEW);
      drift.begin(
        movers.map(([name, i]) => {
          const { low, high } = /** @type {Control} */ (lab.controls.find((control) => control.name === name));
          return { value: list(now, name)[i], low, high };
        }),
      );
    };

    const motion = lab.whileSeen(canvas, (seconds) => {
      const now = state();
      if (!now) return;
      const values = drift.step(seconds, settings);
      waited += seconds;
      if (lab.painterState(now.model) !== "ready" && waited < BY_SERVER) return;
      waited = 0;
      /** @type {Record<string, number[]>} */
      const lists = {};
      movers.forEach(([name, i], place) => {
        if (held.has(`${name} ${i}`)) return;
        lists[name] ??= list(now, name).slice();
        lists[name][i] = values[place];
      });
      moved(lists);
    });

    /** Leave the sliders where they are, at values that a link can have. */
    const settle = () => {
      const now = state();
      if (!now) return;
      const names = [...new Set(movers.map(([name]) => name))];
      const round = (/** @type {number} */ value) => Math.round(value * 20) / 20;
      moved(Object.fromEntries(names.map((name) => [name, list(now, name).map(round)])));
      settled();
    };

    const toggle = () => {
      drifting = !drifting;
      motion.run(drifting);
      find("[data-play=drift]").textContent = drifting ? "Stop" : "Play";
      if (drifting) rebase();
      else settle();
    };

    const record = find("[data-play=record]", HTMLButtonElement);
    const recorder = lab.recorder(canvas, () => {
      const { frames, running, rate } = recorder;
      record.textContent = running ? "End" : "Record";
      record.setAttribute("aria-pressed", String(running));
      find(".ll-play-length", HTMLOutputElement).value = frames.length ? `${(frames.length / rate).toFixed(1)} s` : "";
      find(".ll-play-save").hidden = running || !frames.length;
    });

    /** @type {(button: HTMLButtonElement, kind: string) => Promise<void>} */
    const save = async (button, kind) => {
      const now = state();
      if (!now) return;
      const text = button.textContent;
      button.disabled = true;
      button.textContent = "Saving…";
      try {
        const film = await lab.encodeFilm(kind, recorder.frames, recorder.rate, smooth());
        const name = `${now.model.replace(/[^\w-]+/g, "-")}-played.${kind}`;
        lab.saveFile({ name, ...film });
        status(`Saved ${name}.`);
      } catch (error) {
        status(`Not saved: ${error instanceof Error ? error.message : error}.`);
      }
      button.disabled = false;
      button.textContent = text;
      button.focus();
    };

    const learn = find("[data-play=learn]", HTMLButtonElement);
    const help = find(".ll-play-midi p");
    const first = help.textContent ?? "";
    const knobs = lab.midiKnobs(element, {
      list: find(".ll-knobs"),
      learn,
      say: (text) => (help.textContent = text || first),
    });

    root.addEventListener("click", (event) => {
      const button = lab.closest(event, "[data-play]", HTMLButtonElement);
      const what = button?.dataset.play ?? "";
      if (what === "drift") toggle();
      if (what === "record") recorder.running ? recorder.stop() : recorder.start();
      if (button && (what === "gif" || what === "webp")) save(button, what);
    });
    lab.offerFilms(root);

    return {
      toggle,
      rebase,
      hold: (control, i) => held.add(`${control} ${i}`),
      render: knobs.render,
    };
  };
})();
