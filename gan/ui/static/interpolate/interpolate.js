// The Interpolate tab: settings and keyframes ask for one sheet of frames, the player shows it.
(() => {
  const lab = (window.latentLab ??= {});
  const REST = 250; // ms without a change before a walk is asked for
  const FIRST = [204, 93, 33, 110];

  lab.interpolate = (element, server) => {
    const $ = (selector) => element.querySelector(selector);
    const root = $(".ll-walk");
    const models = JSON.parse(root.dataset.models);
    if (!Object.keys(models).length) return;
    const setting = (name) => $(`[data-set=${name}]`);
    const say = (text) => {
      $(".ll-problem").textContent = text;
      if (text) root.classList.remove("ll-waiting");
    };
    const tell = (text) => ($(".ll-said").textContent = text);
    let timer = 0;
    let begun = false;
    let showing = null; // the settings of the film in the player

    const settings = () => ({
      model: setting("model").value,
      seeds: keys.seeds,
      frames: Number(setting("frames").value),
      mode: $("[name=ll-walk-mode]:checked").value,
      loop: setting("loop").checked,
      label: setting("label").value === "" ? null : Number(setting("label").value),
      truncation: Number(setting("truncation").value),
      fps: Number(setting("fps").value),
    });

    const player = lab.player(root, (frame) => {
      if (!showing) return;
      const { seeds, frames, loop } = showing;
      const near = seeds.findIndex((_, k) => Math.abs(lab.reached(k, seeds.length, frames, loop) - frame) <= 0.5);
      keys.mark(near);
    });

    let turn = 0; // decoding is asynchronous, so a sheet can be late even after its reply was in time
    const live = new lab.Live({
      ask: (wish) => server.walk(wish),
      show: async (reply, wish) => {
        const mine = ++turn;
        const film = await lab.unroll(reply).catch(() => null);
        if (mine !== turn) return;
        const newest = wish === live.wish.payload;
        root.classList.toggle("ll-waiting", !newest);
        if (!film) return void (newest && say("Sorry: the film arrived damaged. Change a setting to ask again."));
        showing = wish;
        player.load(film, { ...wish, fps: settings().fps });
        keys.show(film, wish.seeds);
        tell(`${film.frames} frames from ${wish.seeds.length} keyframes.`);
      },
      say,
      inflight: 2,
      counted: false,
    });

    /** Write the settings that have words or limits of their own. */
    const dress = () => {
      const { frames, fps, truncation } = settings();
      const words = { frames: `${frames} · ${(frames / fps).toFixed(1)} s`, fps: `${fps} fps`, truncation: truncation.toFixed(2) };
      for (const [name, text] of Object.entries(words)) {
        const input = setting(name);
        input.parentElement.querySelector("output").value = text;
        input.style.setProperty("--to", `${((input.value - input.min) / (input.max - input.min)) * 100}%`);
      }
    };

    const ask = () => {
      const { fps, ...wish } = settings();
      if (!wish.seeds) return say("A seed must be a whole number from 0 to 4294967295. Correct the one marked.");
      root.classList.add("ll-waiting");
      say("");
      live.want(wish);
    };
    const change = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, REST);
      setting("frames").min = element.querySelectorAll(".ll-key").length; // a keyframe wants a frame
      dress();
    };

    /** The classes of the model chosen; "from seed" is the first. */
    const furnish = () => {
      const { classes } = models[setting("model").value];
      const options = classes.map((name, i) => lab.make("option", { value: i }, name));
      setting("label").replaceChildren(lab.make("option", { value: "" }, "From seed"), ...options);
      $(".ll-walk-class").hidden = !classes.length;
    };

    const keys = lab.keyframes(root, FIRST, Number(root.dataset.keys), change, (k) => {
      if (!showing || k >= showing.seeds.length) return;
      player.pause();
      player.seek(lab.reached(k, showing.seeds.length, showing.frames, showing.loop));
    });

    const save = async (button) => {
      const wish = { ...settings(), kind: button.dataset.save };
      if (!wish.seeds) return ask();
      const text = button.textContent;
      button.disabled = true;
      button.textContent = "Saving…";
      const reply = await lab.patiently(() => server.film(wish), say, true);
      button.disabled = false;
      button.textContent = text;
      button.focus();
      say(reply.error ? `Sorry: ${reply.error}.` : "");
      if (reply.error) return;
      lab.download(reply);
      tell(`Saved ${reply.name}.`);
    };

    const actions = { play: player.toggle, add: keys.add, shuffle: keys.shuffle };
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-walk], [data-save]");
      if (button?.dataset.save) save(button);
      else if (button) actions[button.dataset.walk]();
    });
    element.addEventListener("input", (event) => {
      const name = event.target.dataset.set ?? event.target.name;
      if (name === "fps") return player.fps(settings().fps), dress();
      if (name === "model") furnish();
      if (name) change();
    });

    lab.eachMade(({ model, classes }) => {
      models[model] = { classes };
      setting("model").append(lab.make("option", { value: model }, model));
    });
    furnish();
    dress();
    const begin = (entries) => {
      if (begun || !entries.some((entry) => entry.isIntersecting)) return;
      begun = true;
      ask();
    };
    new IntersectionObserver(begin).observe(element);
  };
})();
