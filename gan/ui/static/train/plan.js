// What to train: data, lesson or duel of two, settings, and the link that repeats it.
(() => {
  const lab = (window.latentLab ??= {});
  const DUEL = { dataset: "grid", presets: ["modern", "classic"] };

  /** A group of radio buttons in `box`; entries: [value, text]. */
  lab.choose = (box, name, entries, chosen, choose) => {
    box.replaceChildren(...entries.map(([value, text]) => {
      const radio = lab.make("input", { type: "radio", name, value });
      radio.checked = value === chosen;
      radio.addEventListener("change", () => choose(value));
      return lab.make("label", { class: "ll-chip" }, radio, lab.make("span", {}, text));
    }));
  };

  /**
   * The left column. ask.sides(): the settings of each side that trains, or null; ask.change(side, settings): others for
   * it, true if they were taken; ask.say: a problem; ask.furnished: called when the plan has changed.
   */
  lab.trainPlan = (element, server, about, ask) => {
    const $ = (selector) => element.querySelector(selector);
    const at = (name) => $(`[data-at=${name}]`);
    const act = (name) => $(`[data-train=${name}]`);
    const list = (name) => $(`[data-list=${name}]`);
    const known = { points: Object.entries(about.data.points), pictures: Object.entries(about.data.pictures) };
    const [first, second] = Object.keys(about.presets);
    const plan = { data: known.points[0][0], presets: [first, second], duel: false, changes: [{}, {}], side: 0 };
    const sketch = lab.sketch($(".ll-sketch canvas"));
    let files = null;

    const dataset = () => (plan.data === "draw" ? sketch.name() : plan.data);
    const plane = () => plan.data === "draw" || Object.hasOwn(about.data.points, plan.data);
    const kind = () => (plane() ? "points" : "pictures");
    const presets = () => Object.entries(about.presets).map(([name, { title }]) => [name, title]);
    const count = () => (plan.duel ? 2 : 1);

    const furnish = () => {
      const data = [...known.points, ["draw", "Draw your own"], ...known.pictures, ["upload", "Your pictures"]];
      lab.choose(list("data"), "ll-train-data", data, plan.data, (value) => change({ data: value }));
      lab.choose(list("presets"), "ll-train-preset", presets(), plan.presets[0], (value) => change({ presets: [value, plan.presets[1]], changes: [{}, plan.changes[1]] }));
      lab.choose(list("rivals"), "ll-train-rival", presets(), plan.presets[1], (value) => change({ presets: [plan.presets[0], value], changes: [plan.changes[0], {}] }));
      at("lookAt").textContent = about.presets[plan.presets[0]].lookAt;
      act("duel").checked = plan.duel;
      $(".ll-rival").hidden = !plan.duel;
      $(".ll-sketch").hidden = plan.data !== "draw";
      $(".ll-upload").hidden = plan.data !== "upload";
      settings();
      ask.furnished();
    };

    const change = (part) => {
      Object.assign(plan, part);
      furnish();
    };

    /** The form of the settings: of the run that trains, or of the one that is planned. */
    const settings = async () => {
      const sides = ask.sides()?.length ?? count();
      const side = Math.min(plan.side, sides - 1);
      const box = list("settings");
      const turn = (settings.turn = (settings.turn ?? 0) + 1);
      const training = ask.sides()?.[side];
      let values = training;
      if (!values) {
        const asked = plan.data === "draw" || plan.data === "upload" ? known[kind()][0][0] : plan.data;
        const reply = await lab.patiently(() => server.preset({ preset: plan.presets[side], dataset: asked }), ask.say);
        if (reply.error || turn !== settings.turn) return;
        values = { ...reply.settings, ...plan.changes[side] };
      }
      const offered = about.settings[kind()].filter(({ live }) => live || !training);
      box.replaceChildren(...offered.map((setting) => field(setting, values[setting.name], side, training)));
      const pick = $(".ll-side-pick");
      pick.hidden = sides < 2;
      lab.choose(pick, "ll-train-side", [["0", "First"], ["1", "Second"]], String(side), (value) => change({ side: Number(value) }));
    };

    const field = ({ name, kind, choices, help }, value, side, training) => {
      const title = name.replaceAll("_", " ").replace("lr", "learning rate");
      let input;
      if (choices) {
        input = lab.make("select", {}, ...choices.map((choice) => lab.make("option", { value: choice }, choice)));
        input.value = value;
      } else if (kind === "bool") {
        input = lab.make("input", { type: "checkbox" });
        input.checked = value;
      } else {
        input = lab.make("input", { type: "number", step: kind === "float" ? "any" : "1", value });
      }
      input.setAttribute("aria-label", title);
      input.addEventListener("change", () => {
        const wanted = input.type === "checkbox" ? input.checked : input.type === "number" ? Number(input.value) : input.value;
        if (input.type === "number" && (input.value === "" || !Number.isFinite(wanted))) return;
        label.classList.add("ll-changed");
        if (training) ask.change(side, { [name]: wanted }).then((taken) => taken || settings());
        else plan.changes[side] = { ...plan.changes[side], [name]: wanted };
      });
      const label = lab.make("label", { title: help }, title, input);
      return label;
    };

    act("duel").addEventListener("change", (event) => {
      change(event.target.checked && plan.data === known.points[0][0] ? { duel: true, data: DUEL.dataset, presets: DUEL.presets } : { duel: event.target.checked });
    });
    act("clear").addEventListener("click", sketch.clear);
    act("ink").addEventListener("change", (event) => event.target.files[0] && sketch.from(event.target.files[0]).catch(() => ask.say("That picture cannot be read. Choose a PNG, JPEG or WebP.")));
    act("files").addEventListener("change", async (event) => {
      const chosen = [...event.target.files];
      at("files").textContent = `${chosen.length} chosen`;
      files = await Promise.all(chosen.map(async (file) => ({ name: file.name, data: await base64(file) })));
    });

    return {
      furnish,
      settings,
      plane,
      /** What is missing before this can be trained, or "". */
      missing: () => (plan.data === "upload" && !files ? "Choose pictures or a zip of them first." : ""),
      /** As the server's `begin` wants it. */
      wish: () => ({
        dataset: dataset(),
        seed: Number(act("seed").value) || 0,
        sides: plan.presets.slice(0, count()).map((preset, i) => ({ preset, changes: plan.changes[i] })),
        ...(plan.data === "upload" ? { files } : {}),
      }),
      /** Take over what a shared link tells, if it can be believed. */
      repeat: (text) => {
        const told = shared(text, about);
        if (!told) return;
        Object.assign(plan, told.plan);
        act("seed").value = told.seed;
        if (told.ink) sketch.load(told.ink);
      },
    };
  };

  /** A shared plan from hostile text, or null. */
  const shared = (text, about) => {
    try {
      const { dataset, seed, sides } = JSON.parse(text);
      if (typeof dataset !== "string") return null;
      const ink = dataset.startsWith("ink:") ? dataset : null;
      if (!ink && !Object.values(about.data).some((kind) => Object.hasOwn(kind, dataset))) return null;
      if (!Array.isArray(sides) || !sides.length || sides.length > 2) return null;
      if (!sides.every(({ preset }) => Object.hasOwn(about.presets, preset))) return null;
      const known = new Set(Object.values(about.settings).flat().map(({ name }) => name));
      const changes = sides.map(({ changes }) => Object.fromEntries(Object.entries(changes ?? {}).filter(([name]) => known.has(name))));
      const names = sides.map(({ preset }) => preset);
      return {
        plan: { data: ink ? "draw" : dataset, presets: [names[0], names[1] ?? Object.keys(about.presets)[1]], duel: sides.length === 2, changes: [changes[0], changes[1] ?? {}] },
        seed: Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32 ? seed : 0,
        ink,
      };
    } catch {
      return null;
    }
  };

  const base64 = (file) =>
    new Promise((done, fail) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.split(",")[1] ?? "");
      reader.onerror = fail;
      reader.readAsDataURL(file);
    });
})();
