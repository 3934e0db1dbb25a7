// What to train: data, a preset or a duel of two, settings, and the link that repeats it.
(() => {
  const lab = window.latentLab;
  const OWN = "upload"; // one's own pictures
  const OWN_SETS = "upload-sets"; // two sets of them
  const DUEL = { data: "grid", presets: ["modern", "classic"] }; // offered where nothing else was chosen yet

  lab.trainPlan = (element, server, about, on) => {
    const find = lab.finder(element);
    /** @type {(name: string) => HTMLInputElement} */
    const input = (name) => find(`[data-train=${name}]`, HTMLInputElement);
    /** @type {(name: string) => HTMLElement} */
    const list = (name) => find(`[data-list=${name}]`);
    const seed = /** @type {Control} */ (lab.controls.find(({ kind }) => kind === "seed"));
    const { upload } = about;
    /** The data sets of a kind, as chips have them. @type {(of: DataKind) => [string, string][]} */
    const known = (of) => Object.entries(about.data[of]);
    /** The lessons that are taught on data. @type {(of: DataKind, data?: string) => [string, string][]} */
    const lessons = (of, data = "") =>
      Object.entries(about.presets).flatMap(([name, { title, stories, except_on }]) =>
        stories[of] && !except_on.includes(data) ? [/** @type {[string, string]} */ ([name, title])] : [],
      );
    const [[first]] = known("points");
    const presets = lessons("points").map(([name]) => name);
    /** @type {Plan} */
    let plan = { data: first, presets: presets.slice(0, 2), duel: false, changes: [{}, {}], side: 0 };
    const sketch = lab.sketch(find(".ll-sketch canvas", HTMLCanvasElement));
    let settingsTurn = 0;
    /** The places for pictures of one's own that a choice of data has. @type {Record<string, UploadSlot[]>} */
    const slots = { [OWN]: [], [OWN_SETS]: [] };

    const dataset = () => (plan.data === "draw" ? sketch.name() : plan.data);
    /** @returns {DataKind} */
    const kind = () => {
      if (plan.data === "draw" || Object.hasOwn(about.data.points, plan.data)) return "points";
      const translated = plan.data === OWN_SETS || Object.hasOwn(about.data.translations, plan.data);
      return translated ? "translations" : "pictures";
    };
    const count = () => (plan.duel ? 2 : 1);
    /** @returns {{ files?: Upload[], source_files?: Upload[] }} */
    const chosenFiles = () => {
      const [first, second] = (slots[plan.data] ?? []).map((slot) => slot.files());
      return second ? { source_files: first, files: second } : first ? { files: first } : {};
    };

    /** Take over parts of a plan; a lesson that is not taught on its data gives way to one that is. @type {(part: Partial<Plan>) => void} */
    const take = (part) => {
      plan = { ...plan, ...part };
      const taught = lessons(kind(), plan.data).map(([name]) => name);
      plan.presets.forEach((preset, side) => {
        if (taught.includes(preset)) return;
        plan.presets = plan.presets.with(side, taught[side]);
        plan.changes = plan.changes.with(side, {});
      });
    };
    /** @type {(part: Partial<Plan>) => void} */
    const change = (part) => {
      take(part);
      render();
    };
    /** Choose the preset of a side, which drops that side's changes. @type {(side: number, preset: string) => void} */
    const choosePreset = (side, preset) =>
      change({ presets: plan.presets.with(side, preset), changes: plan.changes.with(side, {}) });

    /** Choose a data set. One's own pictures are there for what comes of them: they begin with the first recipe. @type {(data: string) => void} */
    const chooseData = (data) => {
      take({ data });
      if (Object.hasOwn(slots, data) && !plan.duel) choosePreset(0, lessons(kind())[0][0]);
      else render();
    };

    /** Show what a data set looks like. @type {(chip: Element) => void} */
    const preview = (chip) => {
      const row = about.previews.names.indexOf(chip.querySelector("input")?.value ?? "");
      const picture = lab.createElement("i", { class: "ll-preview", "aria-hidden": "true" });
      if (row >= 0) {
        picture.style.backgroundImage = `url(${about.previews.sheet})`;
        picture.style.backgroundPositionY = `${-32 * row}px`;
      }
      chip.lastElementChild?.prepend(picture);
    };

    const render = () => {
      /** @type {[string, string][]} */
      const data = [...known("points"), ["draw", "Draw your own"], ...known("pictures")];
      if (upload) data.push([OWN, "Your pictures"]);
      data.push(...known("translations"));
      if (upload) data.push([OWN_SETS, "Your two sets"]);
      const taught = lessons(kind(), plan.data);
      lab.radioChips(list("data"), "ll-train-data", data, plan.data, chooseData);
      list("data").querySelectorAll(".ll-chip").forEach(preview);
      lab.radioChips(list("presets"), "ll-train-preset", taught, plan.presets[0], (value) => choosePreset(0, value));
      lab.radioChips(list("rivals"), "ll-train-rival", taught, plan.presets[1], (value) => choosePreset(1, value));
      find("[data-at=setup]").textContent = about.presets[plan.presets[0]].stories[kind()]?.setup ?? "";
      input("duel").checked = plan.duel;
      find(".ll-rival").hidden = !plan.duel;
      find(".ll-sketch").hidden = plan.data !== "draw";
      for (const [data, own] of Object.entries(slots)) own.forEach((slot) => slot.show(plan.data === data));
      renderSettings();
      on.rendered();
    };

    /** The settings a side has: those it trains with, or those it would begin with; null where they did not arrive. */
    const valuesOf = async (/** @type {number} */ side) => {
      const training = on.sides()?.[side];
      if (training) return training;
      const own = plan.data === "draw" || Object.hasOwn(slots, plan.data);
      const asked = own ? known(kind())[0][0] : plan.data;
      const payload = { preset: plan.presets[side], dataset: asked };
      const reply = await lab.callWithRetry(() => server.preset(payload), on.problem);
      on.recovered();
      return reply.error === undefined ? { ...reply.settings, ...plan.changes[side] } : null;
    };

    const renderSettings = async () => {
      const sides = on.sides()?.length ?? count();
      const side = Math.min(plan.side, sides - 1);
      const turn = ++settingsTurn;
      const training = Boolean(on.sides()?.[side]);
      const values = await valuesOf(side);
      if (!values || turn !== settingsTurn) return;
      /** @type {(part: Record<string, any>) => void} */
      const changed = (part) => {
        if (training) on.change(side, part).then((taken) => void (taken || renderSettings()));
        else plan.changes[side] = { ...plan.changes[side], ...part };
      };
      const offered = about.settings[kind()].filter(({ live }) => live || !training);
      const fields = offered.map((setting) => lab.settingField(setting, values[setting.name], changed));
      list("settings").replaceChildren(...fields);
      const choice = find(".ll-side-pick");
      choice.hidden = sides < 2;
      lab.radioChips(choice, "ll-train-side", lab.SIDES, String(side), (value) => change({ side: Number(value) }));
    };

    input("duel").addEventListener("change", () => {
      const duel = input("duel").checked;
      change(duel && plan.data === first && plan.presets[0] === presets[0] ? { duel, ...DUEL } : { duel });
    });
    find("[data-train=clear]").addEventListener("click", sketch.clear);
    input("ink").addEventListener("change", async () => {
      const [file] = input("ink").files ?? [];
      try {
        if (file) await sketch.loadPicture(file);
      } catch {
        on.problem("That picture cannot be read. Choose a PNG, JPEG or WebP.");
      }
    });
    if (upload) {
      /** @type {(name: string, limits: UploadLimits) => UploadSlot} */
      const slot = (name, limits) => lab.uploadSlot(find(`[data-upload=${name}]`), limits, on.problem);
      const half = { ...upload, bytes: Math.floor(upload.bytes / 2) };
      slots[OWN] = [slot("files", upload)];
      slots[OWN_SETS] = [slot("sourceFiles", half), slot("targetFiles", half)];
    }
    lab.explainButton(find("[data-explain]"), list("settings"));

    return {
      render,
      renderSettings,
      kind,
      lesson: () => {
        const { title, stories } = about.presets[plan.presets[0]];
        const story = stories[kind()];
        const measured = about.measured[plan.data] ?? about.measured[kind()];
        return plan.duel || !story ? null : { dataset: plan.data, title, story, measured };
      },
      missing: () => {
        const empty = (slots[plan.data] ?? []).filter((slot) => !slot.files().length);
        if (!empty.length) return "";
        if (empty.some((slot) => slot.preparing())) return "One moment: your pictures are being prepared.";
        return plan.data === OWN ? "Choose pictures or a zip of them first." : "Choose pictures of both sets first.";
      },
      request: () => ({
        dataset: dataset(),
        seed: Number(input("seed").value) || 0,
        sides: plan.presets.slice(0, count()).map((preset, i) => ({ preset, changes: plan.changes[i] })),
        ...chosenFiles(),
      }),
      load: (text) => {
        const shared = lab.parsePlan(text, about, seed);
        if (!shared) return;
        const { seed: value, ink, ...rest } = shared;
        take(rest);
        input("seed").value = String(value);
        if (ink) sketch.load(ink);
      },
    };
  };
})();
