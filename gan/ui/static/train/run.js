// The run as it goes: what is new of it, its past, its pace, and what is asked of it.
(() => {
  const lab = (window.latentLab ??= {});
  const IDLE = 250; // ms between two questions while there is nothing new

  /**
   * The middle and the read-outs. on.say, on.tell: a problem, a piece of news; on.followed(id): the address is to name
   * that run, or none; on.moved: what it trains with has changed; on.plane(): whether points are planned.
   */
  lab.trainRun = (element, server, on) => {
    const $ = (selector) => element.querySelector(selector);
    const at = (name) => $(`[data-at=${name}]`);
    const act = (name) => $(`[data-train=${name}]`);
    const { say, tell } = on;
    const off = new Set(["arrows", "warp"]); // layers that are not drawn
    const readouts = lab.readouts($(".ll-readouts"));
    let whose = 0; // of a duel's sides, the one that is taken home
    let run = null; // {id, after, backdrop, curve, kept, alarms, newest, shown, sides, done, paused, past}
    let stages = [];

    const layers = () => {
      const points = run?.shown ? "points" in run.shown.sides[0].arrays : on.plane();
      const known = points ? lab.LAYERS.plane : lab.LAYERS.pictures;
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

    const follow = (id) => {
      run = { id, after: -1, curve: [], kept: [], alarms: [], past: null };
      stages = [];
      whose = 0;
      $(".ll-screens").replaceChildren();
      readouts.clear();
      on.followed(id);
      dress();
      slow(); // a new run is at full speed, whatever the slider says
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
          on.followed(null);
          dress();
          return say(`Sorry: ${reply.error}.`);
        }
        if (!reply.busy) take(reply);
        if (mine.done && !reply.moment) return;
        const seen = element.offsetParent !== null && !document.hidden;
        if (!seen) await rest(1000);
        else if (!reply.moment) await rest(IDLE * (0.8 + 0.4 * Math.random())); // a busy server answers at once
        else await rest(mine.paused || mine.done ? 150 : 0);
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
      else if (news.notice) say(`Sorry: ${news.notice}.`);
      else if (news.why) say(`The run was ended: ${news.why}. What it showed stays here for a while; fork it to go on.`);
      if (news.place) tell(`${news.place === 1 ? "You are next" : `${news.place - 1} before you`}: all places are taken.`);
      dress();
      if (moved) on.moved();
    };

    const grow = (moment) => {
      const kept = new Set(run.kept.map(([number]) => number));
      run.curve = run.curve.filter((point) => kept.has(point.number));
      run.curve.push({ number: moment.number, shown: moment.shown, sides: moment.sides.map((view) => view.numbers) });
    };

    const show = (moment) => {
      if (!run.backdrop) return;
      run.shown = moment;
      if (stages.length !== moment.sides.length) {
        $(".ll-screens").replaceChildren();
        stages = moment.sides.map((_, i) => lab.stage($(".ll-screens"), title(i), off));
        layers();
        const sides = moment.sides.map((_, i) => [String(i), i ? "Second" : "First"]);
        $("[data-list=whose]").hidden = sides.length < 2;
        lab.choose($("[data-list=whose]"), "ll-train-whose", sides, String(whose), (value) => (whose = Number(value)));
      }
      moment.sides.forEach((view, i) => stages[i].show(run.backdrop, view));
      stages.forEach((stage, i) => stage.name(title(i)));
      readouts.show(moment.sides, run.backdrop);
      const pace = moment.sides[0].numbers.images_per_second;
      at("clock").value = `${moment.shown.toLocaleString("en")} shown\n${moment.steps.toLocaleString("en")} steps, ${moment.seconds.toFixed(0)} s`;
      if (pace) at("clock").title = `${Math.round(pace)} a second`;
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
      element.querySelectorAll("[data-home]").forEach((button) => (button.disabled = !there || button.matches(".ll-busy")));
      const scrub = act("scrub");
      scrub.disabled = !there || run.kept.length < 2;
      if (run && !scrub.disabled) {
        scrub.max = run.kept.length - 1;
        if (run.past === null) scrub.value = scrub.max;
        scrub.setAttribute("aria-valuetext", `${(run.shown?.shown ?? 0).toLocaleString("en")} shown`);
      }
      lab.drawCurve($(".ll-curve"), run?.curve ?? [], run?.alarms ?? [], run?.backdrop?.numbers);
      const alarms = (run?.alarms ?? []).slice(-3).map((alarm) =>
        `${run.sides.length > 1 ? title(alarm.side) + ", " : ""}${alarm.shown.toLocaleString("en")} shown: ${alarm.message}`);
      if (alarms.join() === [...$(".ll-alarms").children].map((item) => item.textContent).join()) return; // read undisturbed
      $(".ll-alarms").replaceChildren(...alarms.map((text) => lab.make("li", {}, text)));
    };

    const ask = async (what, rest = {}) => {
      if (!run) return false;
      const reply = await server.ask({ run: run.id, what, ...rest }).catch(() => ({ error: "the connection was lost" }));
      say(reply.error ? `Sorry: ${reply.error}.` : "");
      return !reply.error;
    };

    const slow = () => ask("slow", { seconds: Number(act("slow").value) });

    const number = () => (run.past === null ? run.newest : run.shown).number;
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

    const asks = {
      play: () => ask(run.paused ? "play" : "pause"),
      stop: () => ask("stop"),
    };
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-train], button[data-step]");
      if (!run || !button || button.disabled) return;
      if (button.dataset.step) ask("step", { move: button.dataset.step });
      else asks[button.dataset.train]?.();
    });
    act("scrub").addEventListener("input", scrub);
    act("slow").addEventListener("input", slow);
    new ResizeObserver(() => {
      stages.forEach((stage) => stage.draw());
      lab.drawCurve($(".ll-curve"), run?.curve ?? [], run?.alarms ?? [], run?.backdrop?.numbers);
    }).observe($(".ll-screens"));

    return {
      follow,
      layers,
      dress,
      ask,
      id: () => run?.id,
      /** The moment on screen, and of a duel the side that is taken home. */
      number,
      side: () => whose,
      /** The settings of each side while it trains. */
      sides: () => (run && !run.done ? run.sides : null),
    };
  };
})();
