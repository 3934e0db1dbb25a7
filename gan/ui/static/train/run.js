// A run as it trains: asking for news of it, its pace, and the commands it is given.
(() => {
  const lab = window.latentLab;
  const IDLE = 250; // ms between two calls while there is nothing new
  const AWAY = 1000; // ms between two while nobody looks, or the connection is lost
  const ENDED = 150; // ms between two for a run that is paused or done

  /** @type {(ms: number) => Promise<unknown>} */
  const wait = (ms) => new Promise((resolve) => (ms ? setTimeout(resolve, ms) : requestAnimationFrame(resolve)));

  /** What went wrong with a run, in a sentence; "" if nothing did. @type {(news: News) => string} */
  const trouble = ({ error, notice, why }) => {
    if (error) return `The run ended: ${error}.`;
    if (notice) return lab.notices.error(notice);
    if (why) return `The run was ended: ${why}. Its last pictures stay here for a while; fork it to continue.`;
    return "";
  };

  /** What a run waits for, and how long at most, in words; "" once it trains. @type {(one: { place: number, wait?: number }) => string} */
  const queue = ({ place, wait }) => {
    if (!place) return "";
    const minutes = Math.ceil((wait ?? 0) / 60);
    const latest = minutes ? `, in ${minutes} minute${minutes === 1 ? "" : "s"} at the latest` : "";
    return `${lab.ordinal(place)} in line: all places are taken. It starts by itself when one is free${latest}.`;
  };

  lab.trainRun = (element, server, on) => {
    const find = lab.finder(element);
    const { problem, status, recovered } = on;
    const playButton = find("[data-train=play]", HTMLButtonElement);
    const stopButton = find("[data-train=stop]", HTMLButtonElement);
    const originButton = find("[data-train=origin]", HTMLButtonElement);
    const pace = find("[data-train=slow]", HTMLInputElement);
    /** @type {FollowedRun | null} */
    let run = null;
    let move = "both"; // the single step that was asked for last
    let refused = false; // the last command was, and the visitor can still read why

    const screen = lab.runScreen(element, {
      moment: () => run?.shown,
      planned: on.planned,
      heldOut: () => on.heldOut(run?.sides[0]?.dataset),
    });

    /** @type {(settings: Record<string, any>) => string} */
    const title = ({ objective, content, loss, penalty }) => {
      const tie = content === 0 ? `no ${objective}` : objective; // of a translation
      return [tie, loss, penalty === "none" ? "" : penalty].filter(Boolean).join(", ");
    };

    /** @type {(mine: FollowedRun, moment: Moment) => void} */
    const show = (mine, moment) => {
      if (!mine.backdrop) return;
      mine.shown = moment;
      screen.show(moment, mine.backdrop, mine.sides.map(title), mine.lesson ? lab.watched(mine) : undefined);
    };

    const timeLine = lab.timeLine(element, server, { problem, recovered, run: () => run, show });
    /** @type {(side: number, cure: Cure) => Promise<void>} */
    const cure = async (side, { words, changes }) => {
      if (!(await command("change", { side, settings: changes }))) return;
      status(run?.newest ? `Since step ${lab.whole(run.newest.steps)}: ${words}.` : "");
      hurry();
    };
    const alarms = lab.alarmList(find(".ll-alarms"), cure);
    const game = lab.game(find(".ll-arena"));
    const story = lab.story(find(".ll-story"), { cure: (one) => cure(0, one) });

    /** @type {TrainRun["follow"]} */
    const follow = (id, { notes = "", origin = "", lesson = run?.lesson ?? null } = {}) => {
      run = {
        id,
        origin,
        notes,
        lesson,
        pace: lesson?.story.pace ?? 0,
        after: -1,
        place: 0,
        curve: [],
        kept: [],
        alarms: [],
        sides: [],
        paused: false,
        done: false,
        viewing: null,
        said: { trouble: "", news: "" },
      };
      screen.clear();
      problem("");
      status(notes);
      on.followed(id, origin !== "");
      on.queued(0);
      render();
      setPace(); // a new run is at full speed, whatever the slider says
      poll(run);
    };

    /** Ask for news while this run is followed and can have any. @type {(mine: FollowedRun) => Promise<void>} */
    const poll = async (mine) => {
      while (run === mine) {
        const reply = await server.news({ run: mine.id, after: mine.after }).catch(() => null);
        if (run !== mine) return;
        if (!reply) {
          problem(lab.notices.lost);
          await wait(AWAY);
          continue;
        }
        recovered();
        const news = "place" in reply ? reply : null;
        if (!news && reply.error) return lose(reply.error);
        if (news) receive(mine, news);
        if (mine.done && !news?.moment) return;
        const seen = element.offsetParent !== null && !document.hidden;
        if (!seen) await wait(AWAY);
        else if (!news?.moment)
          await wait(IDLE * (0.8 + 0.4 * Math.random())); // a busy server answers at once
        else await wait(mine.paused || mine.done ? ENDED : 0);
      }
    };

    /** The run followed is not there any more. @type {(error: string) => void} */
    const lose = (error) => {
      run = null;
      on.followed(null);
      render();
      problem(lab.notices.error(error));
    };

    /** @type {(mine: FollowedRun, news: News) => void} */
    const receive = (mine, news) => {
      const { place, wait, sides, paused, done, alarms, backdrop, kept } = news;
      const changed = JSON.stringify(sides) !== JSON.stringify(mine.sides) || done !== mine.done;
      Object.assign(mine, { place, wait, sides, paused, done, alarms });
      if (backdrop) mine.backdrop = backdrop;
      if (news.curve) mine.curve = news.curve;
      if (kept) mine.kept = kept;
      if (news.moment) receiveMoment(mine, news.moment);
      announce(mine, news);
      on.queued(place);
      render();
      if (changed) on.settingsChanged();
    };

    /** @type {(mine: FollowedRun, moment: Moment) => void} */
    const receiveMoment = (mine, moment) => {
      const { number, shown, sides } = moment;
      mine.after = number;
      if (mine.newest && moment.steps > mine.newest.steps) showStep(mine);
      mine.newest = moment;
      const kept = new Set(mine.kept.map(([of]) => of));
      const point = { number, shown, sides: sides.map((view) => view.numbers) };
      mine.curve = [...mine.curve.filter((old) => kept.has(old.number)), point];
      if (!mine.backdrop) mine.after = -1; // asked for once more, with all that stays the same
      if (mine.viewing === null) show(mine, moment);
      lab.stats.frames++;
    };

    /** Show the step that was just made, in single steps and in slow motion. @type {(mine: FollowedRun) => void} */
    const showStep = (mine) => {
      if (mine.paused) game.step(move, Infinity);
      else game.step("both", 1000 * Number(pace.value));
    };

    /** Say what is new about how the run stands, once. @type {(mine: FollowedRun, news: News) => void} */
    const announce = (mine, news) => {
      const said = {
        trouble: trouble(news),
        news: [mine.notes, queue(news)].filter(Boolean).join(" "),
      };
      if (said.trouble !== mine.said.trouble) problem(said.trouble);
      if (said.news !== mine.said.news) status(said.news);
      mine.said = said;
    };

    /** What stands on the stage while there is no picture. */
    const stageNote = () => {
      if (!run) return "Choose what to learn and how, and press Start.";
      if (run.done) return "This run ended before its first picture.";
      return run.place ? "Waiting for a place…" : "Starting…"; // the status says which, and for how long
    };

    /** Let buttons, time line and alarms show how the run stands. */
    const render = () => {
      const training = Boolean(run && !run.done);
      const begun = training && !run?.place; // one in line takes no steps
      const playing = begun && !run?.paused;
      const seen = Boolean(run?.shown);
      screen.note(stageNote());
      find("[data-train=begin]", HTMLButtonElement).disabled = false;
      playButton.disabled = !begun;
      stopButton.disabled = !training;
      stopButton.textContent = training && !begun ? "Leave the line" : "Stop";
      playButton.setAttribute("aria-label", playing ? "Pause" : "Resume");
      originButton.hidden = !run?.origin;
      find(".ll-train").classList.toggle("ll-playing", playing);
      const here = Boolean(run && lab.isLocalRun(run.id));
      find(".ll-here").hidden = !here;
      find(".ll-train").classList.toggle("ll-local", here || on.serverless);
      element.querySelectorAll("button").forEach((button) => {
        if ("step" in button.dataset) button.disabled = !begun;
        if ("needsMoment" in button.dataset) button.disabled = !seen || button.matches(".ll-busy");
      });
      timeLine.render();
      if (run?.sides[0]) game.show(run.sides[0]);
      story.tell(run ? run.lesson : on.lesson());
      story.render(run);
      alarms.show(run?.alarms ?? [], { training, titles: run && run.sides.length > 1 ? run.sides.map(title) : null });
    };

    /** @type {TrainRun["command"]} */
    const command = async (what, options = {}) => {
      if (!run) return false;
      const payload = { run: run.id, what, ...options };
      // One that got lost is not sent again: the visitor may want something else by the time the connection is back.
      const reply = await lab.callWithRetry(() => server.ask(payload), problem, { repeatable: false });
      recovered();
      if (reply.error !== undefined) problem(lab.notices.error(reply.error));
      else if (refused) problem("");
      refused = reply.error !== undefined;
      return !refused;
    };

    const setPace = () => command("slow", { seconds: Math.max(Number(pace.value), run?.pace ?? 0) });
    /** From now on as quick as the visitor wishes. */
    const hurry = () => {
      if (run) run.pace = 0;
      setPace();
    };

    element.addEventListener("click", (event) => {
      const button = lab.closest(event, "button[data-train], button[data-step]", HTMLButtonElement);
      if (!run || !button || button.disabled) return;
      if (button.dataset.step) command("step", { move: (move = button.dataset.step) });
      else if (button === playButton) command(run.paused ? "play" : "pause");
      else if (button === stopButton) command("stop");
      else if (button === originButton) follow(run.origin);
    });
    pace.addEventListener("input", hurry);
    new ResizeObserver(() => {
      screen.draw();
      timeLine.draw();
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
