// The Train tab: what to train, the run as it goes, its past, and what is taken home from it.
(() => {
  const lab = (window.latentLab ??= {});
  const OWN = ["run", "train"]; // the query's keys that are ours
  const DUEL = { dataset: "grid", presets: ["modern", "classic"] };
  const WORDS = {
    ring: "Ring of 8", grid: "Grid of 25", "swiss-roll": "Swiss roll", "two-moons": "Two moons", draw: "Draw your own",
    emoji: "Emoji", "mnist-10k": "Digits", "fashion-mnist-10k": "Clothes", upload: "Your pictures",
  };
  const KINDS = { gamma: "number", learning_rate: "number", critic_lr_ratio: "number", beta1: "number", beta2: "number", clip: "number" };

  lab.train = async (element, server) => {
    const $ = (selector) => element.querySelector(selector);
    const at = (name) => $(`[data-at=${name}]`);
    const act = (name) => $(`[data-train=${name}]`);
    const list = (name) => $(`[data-list=${name}]`);
    const say = (text) => ($(".ll-problem").textContent = text);
    const tell = (text) => ($(".ll-said").textContent = text);
    const about = await lab.patiently(() => server.about({}), say);
    if (about.error) return say(`Sorry: ${about.error}.`);
    say("");

    const plan = { data: "ring", presets: ["modern", "classic"], duel: false, changes: [{}, {}], side: 0 };
    const sketch = lab.sketch($(".ll-sketch canvas"));
    let files = null;
    let run = null; // {id, after, backdrop, curve, kept, alarms, moment, sides, done, paused, past}
    const off = new Set(["arrows", "warp"]);
    const readouts = lab.readouts($(".ll-readouts"));
    let stages = [];

    // What to train.

    const chips = (box, name, entries, chosen, choose) => {
      box.replaceChildren(...entries.map(([value, text]) => {
        const radio = lab.make("input", { type: "radio", name, value });
        radio.checked = value === chosen;
        radio.addEventListener("change", () => choose(value));
        return lab.make("label", { class: "ll-chip" }, radio, lab.make("span", {}, text));
      }));
    };
    const dataset = () => (plan.data === "draw" ? sketch.name() : plan.data);
    const plane = () => plan.data === "draw" || about.planes.includes(plan.data);
    const presets = () => Object.entries(about.presets).map(([name, { title }]) => [name, title]);
    const count = () => (plan.duel ? 2 : 1);

    const furnish = () => {
      const data = [...about.planes, "draw", ...about.pictures, "upload"].map((name) => [name, WORDS[name] ?? name]);
      chips(list("data"), "ll-train-data", data, plan.data, (value) => change({ data: value }));
      chips(list("presets"), "ll-train-preset", presets(), plan.presets[0], (value) => change({ presets: [value, plan.presets[1]], changes: [{}, plan.changes[1]] }));
      chips(list("rivals"), "ll-train-rival", presets(), plan.presets[1], (value) => change({ presets: [plan.presets[0], value], changes: [plan.changes[0], {}] }));
      at("lookAt").textContent = about.presets[plan.presets[0]].lookAt;
      act("duel").checked = plan.duel;
      $(".ll-rival").hidden = !plan.duel;
      $(".ll-sketch").hidden = plan.data !== "draw";
      $(".ll-upload").hidden = plan.data !== "upload";
      layers();
      settings();
    };

    const change = (part) => {
      Object.assign(plan, part);
      furnish();
    };

    /** The form of every setting: of the run that trains, or of the one that is planned. */
    const settings = async () => {
      const side = Math.min(plan.side, count() - 1);
      const box = list("settings");
      const turn = (settings.turn = (settings.turn ?? 0) + 1);
      let values = run && !run.done ? run.sides?.[side] : null;
      if (!values) {
        const asked = plan.data === "draw" || plan.data === "upload" ? (plane() ? "ring" : "mnist-10k") : plan.data;
        const reply = await lab.patiently(() => server.preset({ preset: plan.presets[side], dataset: asked }), say);
        if (reply.error || turn !== settings.turn) return;
        values = { ...reply.settings, ...plan.changes[side] };
      }
      const training = run && !run.done;
      const names = [...about.live, ...(training ? [] : about.fresh.filter((name) => name !== "seed"))]
        .filter((name) => !(plane() && ["augment", "network", "conditional", "critic_norm", "ema_images"].includes(name)));
      box.replaceChildren(...names.map((name) => field(name, values[name], side, training)));
      const pick = $(".ll-side-pick");
      pick.hidden = count() < 2;
      chips(pick, "ll-train-side", [["0", "First"], ["1", "Second"]], String(side), (value) => change({ side: Number(value) }));
    };

    const field = (name, value, side, training) => {
      const title = name.replaceAll("_", " ").replace("lr", "learning rate");
      let input;
      if (about.choices[name]) {
        input = lab.make("select", {}, ...about.choices[name].map((choice) => lab.make("option", { value: choice }, choice)));
        input.value = value;
      } else if (name === "critic_norm") {
        input = lab.make("select", {}, ...["none", "batch", "spectral"].map((choice) => lab.make("option", { value: choice }, choice)));
        input.value = value;
      } else if (typeof value === "boolean") {
        input = lab.make("input", { type: "checkbox" });
        input.checked = value;
      } else {
        input = lab.make("input", { type: "number", step: KINDS[name] ? "any" : "1", value });
      }
      input.setAttribute("aria-label", title);
      input.addEventListener("change", () => {
        const wanted = input.type === "checkbox" ? input.checked : input.type === "number" ? Number(input.value) : input.value;
        if (input.type === "number" && (input.value === "" || !Number.isFinite(wanted))) return;
        if (training) ask("change", { side, settings: { [name]: wanted } });
        else plan.changes[side] = { ...plan.changes[side], [name]: wanted };
        label.classList.add("ll-changed");
      });
      const label = lab.make("label", {}, title, input);
      return label;
    };

    const layers = () => {
      const known = plane() ? lab.LAYERS.plane : lab.LAYERS.pictures;
      $(".ll-layers").replaceChildren(...Object.entries(known).map(([name, text]) => {
        const box = lab.make("input", { type: "checkbox" });
        box.checked = !off.has(name);
        box.addEventListener("change", () => {
          off[box.checked ? "delete" : "add"](name);
          stages.forEach((stage) => stage.draw());
        });
        return lab.make("label", { class: "ll-chip" }, box, lab.make("span", {}, text));
      }));
    };

    // The run.

    const wish = () => ({
      dataset: dataset(),
      seed: Number(act("seed").value) || 0,
      sides: plan.presets.slice(0, count()).map((preset, i) => ({ preset, changes: plan.changes[i] })),
      ...(plan.data === "upload" ? { files } : {}),
    });

    const begin = async () => {
      if (plan.data === "upload" && !files) return say("Choose pictures or a zip of them first.");
      act("begin").disabled = true;
      say("");
      if (run) await server.ask({ run: run.id, what: "forget" }).catch(() => {});
      const reply = await lab.patiently(() => server.begin(wish()), say, true);
      act("begin").disabled = false;
      if (reply.error) return say(`Sorry: ${reply.error}.`);
      tell((reply.notes ?? []).join(" "));
      follow(reply.run);
    };

    const address = (id) => {
      const params = new URLSearchParams(location.search);
      OWN.concat(["model", "seed", "label", "truncation", "d", "z"]).forEach((key) => params.delete(key));
      if (id) params.set("run", id);
      window.history.replaceState(window.history.state, "", `${location.pathname}?${params}`);
    };

    const follow = (id) => {
      run = { id, after: -1, curve: [], kept: [], alarms: [], past: null };
      stages = [];
      $(".ll-screens").replaceChildren();
      readouts.clear();
      address(id);
      act("begin").textContent = "Start again";
      watch(run);
    };

    const watch = async (mine) => {
      while (run === mine) {
        let reply;
        try {
          reply = await server.news({ run: mine.id, after: mine.after });
        } catch {
          say("The connection is lost. Trying again…");
          await rest(1000);
          continue;
        }
        if (run !== mine) return;
        if (reply.error) {
          run = null;
          address(null);
          dress();
          return say(`Sorry: ${reply.error}.`);
        }
        if (!reply.busy) take(reply);
        if (mine.done && !reply.moment) return;
        const seen = element.offsetParent !== null && !document.hidden;
        await rest(seen ? (mine.paused || mine.done ? 150 : 0) : 1000);
      }
    };
    const rest = (ms) => new Promise((wake) => (ms ? setTimeout(wake, ms) : requestAnimationFrame(wake)));

    const take = (news) => {
      const sides = JSON.stringify(news.sides);
      const moved = sides !== run.told || news.done !== run.done;
      Object.assign(run, { told: sides, sides: news.sides, paused: news.paused, done: news.done, place: news.place, alarms: news.alarms });
      if (news.backdrop) run.backdrop = news.backdrop;
      if (news.curve) run.curve = news.curve;
      if (news.kept) run.kept = news.kept;
      if (news.moment) {
        run.after = news.moment.number;
        run.newest = news.moment;
        grow(news.moment);
        if (!run.backdrop) run.after = -1; // asked for once more, with all that stays the same
        if (run.past === null) show(news.moment);
        lab.stats.frames = (lab.stats.frames ?? 0) + 1;
      }
      if (news.error) say(`The run ended: ${news.error}.`);
      else if (news.why) say(`The run was ended: ${news.why}. What it showed stays here for a while; fork it to go on.`);
      if (news.place) tell(`${news.place === 1 ? "You are next" : `${news.place - 1} before you`}: both places are taken.`);
      dress();
      if (moved && !element.querySelector(".ll-grid :focus")) settings();
    };

    const grow = (moment) => {
      const kept = new Set(run.kept.map(([number]) => number));
      run.curve = run.curve.filter((point) => kept.has(point.number));
      run.curve.push({ number: moment.number, shown: moment.shown, sides: moment.sides.map((view) => view.numbers) });
    };

    const show = (moment) => {
      if (!run.backdrop) return;
      if (stages.length !== moment.sides.length) {
        $(".ll-screens").replaceChildren();
        stages = moment.sides.map((_, i) => lab.stage($(".ll-screens"), title(i), off));
      }
      moment.sides.forEach((view, i) => stages[i].show(run.backdrop, view));
      stages.forEach((stage, i) => stage.name(title(i)));
      readouts.show(moment.sides, run.backdrop);
      const pace = moment.sides[0].numbers.images_per_second;
      at("clock").value = `${moment.shown.toLocaleString("en")} shown\n${moment.steps.toLocaleString("en")} steps, ${moment.seconds.toFixed(0)} s`;
      if (pace) at("clock").title = `${Math.round(pace)} a second`;
      run.shown = moment;
    };
    const title = (i) => {
      const { loss, penalty } = run.sides[i];
      return penalty === "none" ? loss : `${loss}, ${penalty}`;
    };

    /** Buttons as the run allows. */
    const dress = () => {
      const going = Boolean(run && !run.done);
      const there = Boolean(run?.shown);
      act("begin").disabled = false;
      act("play").disabled = !going;
      $(".ll-train").classList.toggle("ll-playing", going && !run.paused);
      act("play").setAttribute("aria-label", going && !run.paused ? "Pause" : "Go on");
      element.querySelectorAll("[data-step]").forEach((button) => (button.disabled = !going));
      act("stop").disabled = !going;
      ["fork", "open", "take"].forEach((name) => (act(name).disabled = !there));
      const scrub = act("scrub");
      scrub.disabled = !there || run.kept.length < 2;
      if (run && !scrub.disabled) {
        scrub.max = run.kept.length - 1;
        if (run.past === null) scrub.value = scrub.max;
        scrub.setAttribute("aria-valuetext", `${(run.shown?.shown ?? 0).toLocaleString("en")} shown`);
      }
      lab.drawCurve($(".ll-curve"), run?.curve ?? [], run?.alarms ?? []);
      $(".ll-alarms").replaceChildren(...(run?.alarms ?? []).slice(-3).map((alarm) =>
        lab.make("li", {}, `${run.sides.length > 1 ? title(alarm.side) + ", " : ""}${alarm.shown.toLocaleString("en")} shown: ${alarm.message}`)));
    };

    const ask = async (what, rest = {}) => {
      if (!run) return;
      const reply = await server.ask({ run: run.id, what, ...rest }).catch(() => ({ error: "the connection was lost" }));
      say(reply.error ? `Sorry: ${reply.error}.` : "");
    };

    const now = () => (run.past === null ? run.newest : run.shown).number;
    const scrub = async () => {
      const place = Number(act("scrub").value);
      if (place >= run.kept.length - 1 && !run.done) {
        run.past = null;
        return run.newest && show(run.newest);
      }
      const number = run.kept[place][0];
      run.past = number;
      if (scrub.busy) return (scrub.again = true);
      scrub.busy = true;
      do {
        scrub.again = false;
        const reply = await server.moment({ run: run.id, number: run.past }).catch(() => ({ error: "the connection was lost" }));
        if (reply.error) say(`Sorry: ${reply.error}.`);
        else if (run.past !== null) show(reply);
      } while (scrub.again);
      scrub.busy = false;
    };

    const save = ({ name, mime, data }) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const href = URL.createObjectURL(new Blob([bytes], { type: mime }));
      lab.make("a", { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10_000);
      tell(`Saved ${name}.`);
    };
    const fetchFor = async (button, call, use) => {
      const text = button.textContent;
      button.disabled = true;
      button.textContent = "One moment…";
      const reply = await lab.patiently(call, say, true);
      button.textContent = text;
      button.disabled = false;
      say(reply.error ? `Sorry: ${reply.error}.` : "");
      if (!reply.error) use(reply);
    };

    const actions = {
      begin,
      play: () => ask(run.paused ? "play" : "pause"),
      stop: () => ask("stop"),
      clear: () => sketch.clear(),
      fork: (button) => fetchFor(button, () => server.fork({ run: run.id, number: now() }), (reply) => {
        tell(`Forked at ${reply.shown.toLocaleString("en")} shown.`);
        ask("stop");
        follow(reply.run);
      }),
      open: (button) => fetchFor(button, () => server.open({ run: run.id, number: now(), side: 0 }), (reply) => {
        lab.addModel(reply);
        lab.openExplore(lab.fresh(reply.model));
      }),
      take: (button) => fetchFor(button, () => server.take({ run: run.id, number: now() }), save),
      link: async () => {
        const { files: _, ...rest } = wish();
        const params = new URLSearchParams({ train: JSON.stringify(rest) });
        await navigator.clipboard.writeText(`${location.origin}${location.pathname}?${params}`).then(
          () => tell("Link copied: it begins the same run."), () => say("The browser did not allow copying."));
      },
    };
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-train], button[data-step], button[data-film]");
      if (!button || button.disabled) return;
      if (button.dataset.step) ask("step", { move: button.dataset.step });
      else if (button.dataset.film) run && fetchFor(button, () => server.film({ run: run.id, kind: button.dataset.film }), save);
      else actions[button.dataset.train](button);
    });
    act("duel").addEventListener("change", (event) => {
      change(event.target.checked && plan.data === "ring" ? { duel: true, data: DUEL.dataset, presets: DUEL.presets } : { duel: event.target.checked });
    });
    act("scrub").addEventListener("input", scrub);
    act("slow").addEventListener("input", (event) => ask("slow", { seconds: Number(event.target.value) }));
    act("ink").addEventListener("change", (event) => event.target.files[0] && sketch.from(event.target.files[0]).catch(() => say("That picture cannot be read. Choose a PNG, JPEG or WebP.")));
    act("files").addEventListener("change", async (event) => {
      const chosen = [...event.target.files];
      at("files").textContent = `${chosen.length} chosen`;
      files = await Promise.all(chosen.map(async (file) => ({ name: file.name, data: await lab.base64(file) })));
    });
    new ResizeObserver(() => {
      stages.forEach((stage) => stage.draw());
      lab.drawCurve($(".ll-curve"), run?.curve ?? [], run?.alarms ?? []);
    }).observe($(".ll-screens"));

    // An address: a run to find again, or a plan to repeat. The server judges what it says.
    const params = new URLSearchParams(location.search);
    const repeat = lab.plan(params.get("train"), about);
    if (repeat) {
      Object.assign(plan, repeat.plan);
      act("seed").value = repeat.seed;
      if (repeat.ink) sketch.load(repeat.ink);
    }
    furnish();
    dress();
    if (params.get("run")) follow(params.get("run"));
  };

  /** A shared plan from hostile text, or null. */
  lab.plan = (text, about) => {
    try {
      const { dataset, seed, sides } = JSON.parse(text);
      const ink = typeof dataset === "string" && dataset.startsWith("ink:") ? dataset : null;
      if (!ink && ![...about.planes, ...about.pictures].includes(dataset)) return null;
      if (!Array.isArray(sides) || !sides.length || sides.length > 2) return null;
      if (!sides.every(({ preset }) => Object.hasOwn(about.presets, preset))) return null;
      const changes = sides.map(({ changes }) => {
        const good = Object.entries(changes ?? {}).filter(([name]) => about.live.includes(name) || about.fresh.includes(name));
        return Object.fromEntries(good);
      });
      const names = sides.map(({ preset }) => preset);
      return {
        plan: { data: ink ? "draw" : dataset, presets: [names[0], names[1] ?? "classic"], duel: sides.length === 2, changes: [changes[0], changes[1] ?? {}] },
        seed: Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32 ? seed : 0,
        ink,
      };
    } catch {
      return null;
    }
  };

  lab.base64 = (file) =>
    new Promise((done, fail) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.split(",")[1] ?? "");
      reader.onerror = fail;
      reader.readAsDataURL(file);
    });
})();
