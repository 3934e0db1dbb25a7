// A run as it trains: asking for news of it, its past, its pace, and the commands it is given.
(() => {
  const lab = window.latentLab;
  const IDLE = 250; // ms between two calls while there is nothing new
  const AWAY = 1000; // ms between two while nobody looks, or the connection is lost
  const ENDED = 150; // ms between two for a run that is paused or done
  const ALARMS = 3; // that are listed, the newest

  /** @type {(ms: number) => Promise<unknown>} */
  const wait = (ms) => new Promise((resolve) => (ms ? setTimeout(resolve, ms) : requestAnimationFrame(resolve)));

  lab.trainRun = (element, server, on) => {
    const find = lab.finder(element);
    const { problem, status } = on;
    const playButton = find("[data-train=play]", HTMLButtonElement);
    const stopButton = find("[data-train=stop]", HTMLButtonElement);
    const scrub = find("[data-train=scrub]", HTMLInputElement);
    const pace = find("[data-train=slow]", HTMLInputElement);
    const curve = find(".ll-curve", HTMLCanvasElement);
    /** @type {FollowedRun | null} */
    let run = null;
    let fetching = false; // a past moment is on its way
    let fetchAgain = false; // and another has been asked for since

    const screen = lab.runScreen(element, { moment: () => run?.shown, pointsPlanned: on.pointsPlanned });

    /** @type {(settings: Record<string, any>) => string} */
    const title = ({ loss, penalty }) => (penalty === "none" ? loss : `${loss}, ${penalty}`);

    /** @type {(id: string) => void} */
    const follow = (id) => {
      run = { id, after: -1, curve: [], kept: [], alarms: [], sides: [], paused: false, done: false, viewing: null };
      screen.clear();
      on.followed(id);
      render();
      setPace(); // a new run is at full speed, whatever the slider says
      poll(run);
    };

    /** Ask for news while this run is followed and can have any. @type {(mine: FollowedRun) => Promise<void>} */
    const poll = async (mine) => {
      while (run === mine) {
        const reply = await server.news({ run: mine.id, after: mine.after }).catch(() => null);
        if (!reply) {
          problem(lab.notices.lost);
          await wait(AWAY);
          continue;
        }
        if (run !== mine) return;
        const news = "place" in reply ? reply : null;
        if (!news && reply.error) {
          run = null;
          on.followed(null);
          render();
          return problem(lab.notices.error(reply.error));
        }
        if (news) receive(mine, news);
        if (mine.done && !news?.moment) return;
        const seen = element.offsetParent !== null && !document.hidden;
        if (!seen) await wait(AWAY);
        else if (!news?.moment)
          await wait(IDLE * (0.8 + 0.4 * Math.random())); // a busy server answers at once
        else await wait(mine.paused || mine.done ? ENDED : 0);
      }
    };

    /** @type {(mine: FollowedRun, news: News) => void} */
    const receive = (mine, news) => {
      const { sides, paused, done, alarms, backdrop, kept } = news;
      const changed = JSON.stringify(sides) !== JSON.stringify(mine.sides) || done !== mine.done;
      Object.assign(mine, { sides, paused, done, alarms });
      if (backdrop) mine.backdrop = backdrop;
      if (news.curve) mine.curve = news.curve;
      if (kept) mine.kept = kept;
      if (news.moment) receiveMoment(mine, news.moment);
      announce(news);
      render();
      if (changed) on.settingsChanged();
    };

    /** @type {(mine: FollowedRun, moment: Moment) => void} */
    const receiveMoment = (mine, moment) => {
      const { number, shown, sides } = moment;
      mine.after = number;
      mine.newest = moment;
      const kept = new Set(mine.kept.map(([of]) => of));
      const point = { number, shown, sides: sides.map((view) => view.numbers) };
      mine.curve = [...mine.curve.filter((old) => kept.has(old.number)), point];
      if (!mine.backdrop) mine.after = -1; // asked for once more, with all that stays the same
      if (mine.viewing === null) show(mine, moment);
      lab.stats.frames++;
    };

    /** @type {(news: News) => void} */
    const announce = ({ error, notice, why, place }) => {
      if (error) problem(`The run ended: ${error}.`);
      else if (notice) problem(lab.notices.error(notice));
      else if (why) problem(`The run was ended: ${why}. Its last pictures stay here for a while; fork it to continue.`);
      const ahead = place === 1 ? "You are next" : `${place - 1} before you`;
      if (place) status(`${ahead}: all places are taken.`);
    };

    /** @type {(mine: FollowedRun, moment: Moment) => void} */
    const show = (mine, moment) => {
      if (!mine.backdrop) return;
      mine.shown = moment;
      screen.show(moment, mine.backdrop, mine.sides.map(title));
    };

    const drawCurve = () => {
      const floor = run?.backdrop?.numbers.frechet_floor;
      lab.drawCurve(curve, { curve: run?.curve ?? [], alarms: run?.alarms ?? [], floor });
    };

    const renderAlarms = () => {
      const of = (/** @type {number} */ side) => (run && run.sides.length > 1 ? `${title(run.sides[side])}, ` : "");
      const texts = (run?.alarms ?? [])
        .slice(-ALARMS)
        .map(({ side, shown, message }) => `${of(side)}${shown.toLocaleString("en")} shown: ${message}`);
      const list = find(".ll-alarms");
      if (texts.join() === [...list.children].map((item) => item.textContent).join()) return; // read undisturbed
      list.replaceChildren(...texts.map((text) => lab.createElement("li", {}, text)));
    };

    /** Let buttons, time line and alarms show how the run stands. */
    const render = () => {
      const training = Boolean(run && !run.done);
      const playing = training && !run?.paused;
      const seen = Boolean(run?.shown);
      find("[data-train=begin]", HTMLButtonElement).disabled = false;
      playButton.disabled = stopButton.disabled = !training;
      playButton.setAttribute("aria-label", playing ? "Pause" : "Resume");
      find(".ll-train").classList.toggle("ll-playing", playing);
      element.querySelectorAll("button").forEach((button) => {
        if ("step" in button.dataset) button.disabled = !training;
        if ("needsMoment" in button.dataset) button.disabled = !seen || button.matches(".ll-busy");
      });
      scrub.disabled = !seen || !run || run.kept.length < 2;
      if (run && !scrub.disabled) {
        scrub.max = String(run.kept.length - 1);
        if (run.viewing === null) scrub.value = scrub.max;
        scrub.setAttribute("aria-valuetext", `${(run.shown?.shown ?? 0).toLocaleString("en")} shown`);
      }
      drawCurve();
      renderAlarms();
    };

    /** @type {TrainRun["command"]} */
    const command = async (what, options = {}) => {
      if (!run) return false;
      const payload = { run: run.id, what, ...options };
      const reply = await server.ask(payload).catch(() => ({ error: "the connection was lost" }));
      problem(reply.error ? lab.notices.error(reply.error) : "");
      return !reply.error;
    };

    const setPace = () => command("slow", { seconds: Number(pace.value) });

    /** Show the moment at the time line's thumb: the newest at its end while the run trains, else one of the past. */
    const scrubTo = async () => {
      if (!run) return;
      const place = Number(scrub.value);
      if (place >= run.kept.length - 1 && !run.done) {
        run.viewing = null;
        if (run.newest) show(run, run.newest);
        return;
      }
      [run.viewing] = run.kept[place];
      if (fetching) return void (fetchAgain = true);
      fetching = true;
      do {
        fetchAgain = false;
        const mine = run;
        const payload = { run: mine.id, number: mine.viewing ?? 0 };
        const reply = await server.moment(payload).catch(() => ({ error: "the connection was lost" }));
        if (reply.error !== undefined) problem(lab.notices.error(reply.error));
        else if (mine.viewing !== null && !("busy" in reply)) show(mine, reply);
      } while (fetchAgain && run);
      fetching = false;
    };

    element.addEventListener("click", (event) => {
      const button = lab.closest(event, "button[data-train], button[data-step]", HTMLButtonElement);
      if (!run || !button || button.disabled) return;
      if (button.dataset.step) command("step", { move: button.dataset.step });
      else if (button === playButton) command(run.paused ? "play" : "pause");
      else if (button === stopButton) command("stop");
    });
    scrub.addEventListener("input", scrubTo);
    pace.addEventListener("input", setPace);
    new ResizeObserver(() => {
      screen.draw();
      drawCurve();
    }).observe(find(".ll-screens"));

    return {
      follow,
      render,
      command,
      renderLayers: screen.renderLayers,
      id: () => run?.id,
      exported: () => ({
        run: run?.id ?? "",
        number: (run?.viewing === null ? run.newest : run?.shown)?.number ?? 0,
        side: screen.side(),
      }),
      sides: () => (run && !run.done ? run.sides : null),
    };
  };
})();
