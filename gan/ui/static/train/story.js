// The story of a lesson beside its run: a guess, the number to watch, what is seen and why, and the cure.
(() => {
  const lab = window.latentLab;
  const GRADIENT = "generator_gradient";
  const SURE = 1000; // ms of training after which its speed is known
  const OTHERS = "others"; // data sets of which no number of steps is told, as `gan.live.lesson` has it

  lab.story = (box, on) => {
    const find = lab.finder(box);
    const cureButton = find("[data-train=cure]", HTMLButtonElement);
    box.tabIndex = -1;
    /** @type {TaughtLesson | null} */
    let lesson = null;
    /** @type {number | null} */
    let guess = null;
    /** @type {{ run: FollowedRun, steps: number, time: number, cured: number | null, gradient?: number } | null} */
    let since = null; // when the run was first seen, with which gradient, and at which of its steps it was found cured

    /** @type {(name: string, text: string) => void} */
    const say = (name, text) => {
      const line = find(`[data-at=${name}]`);
      if (line.textContent !== text) line.textContent = text;
    };

    /** Steps that are promised on what is learnt. @type {(steps: Record<string, number>) => number | undefined} */
    const promised = (steps) => steps[lesson?.dataset ?? ""] ?? steps[OTHERS];

    /** How long something takes, in steps and in seconds as they pass here. @type {(steps: number | undefined, begun: number, moment: Moment | undefined) => string} */
    const duration = (steps, begun, moment) => {
      if (!steps) return "";
      const passed = since && moment ? performance.now() - since.time : 0;
      const made = since && moment ? moment.steps - since.steps : 0;
      const left = steps - ((moment?.steps ?? 0) - begun);
      const seconds = made > 0 && passed > SURE ? Math.ceil((left * passed) / made / 1000) : 0;
      if (left <= 0) return "It is there by now.";
      return `Seen after about ${lab.whole(steps)} steps${seconds ? `: in some ${lab.whole(seconds)} s here` : ""}.`;
    };

    /** @type {(run: FollowedRun | null) => boolean} */
    const isCured = (run) => {
      const changes = Object.entries(lesson?.story.cure?.changes ?? {});
      return Boolean(run?.sides[0] && changes.length && changes.every(([name, to]) => run.sides[0][name] === to));
    };

    /** @type {(run: FollowedRun | null) => void} */
    const renderNumber = (run) => {
      const name = run && lab.watched(run);
      const planned = lesson?.story.watch.find((one) => one === GRADIENT || lesson?.measured.includes(one));
      const readout = lab.READOUTS[name || planned || ""];
      const numbers = { ...run?.backdrop?.numbers, ...run?.shown?.sides[0]?.numbers };
      const value = name ? numbers[name] : undefined;
      say("watchTitle", readout?.title ?? "");
      say("watch", typeof value === "number" ? readout.format(value, numbers) : "–");
      if (since) since.gradient ||= run?.curve.find((point) => point.sides[0][GRADIENT])?.sides[0][GRADIENT];
      const share = name === GRADIENT && typeof value === "number" && since?.gradient ? value / since.gradient : null;
      const times = share === null ? "" : share < 0.001 ? "under a thousandth of" : `${lab.measured(share)} times`;
      say("watchNote", times && `${times} its start`);
    };

    /** @type {(run: FollowedRun | null) => void} */
    const render = (run) => {
      box.hidden = !lesson;
      if (!lesson) return;
      const { story } = lesson;
      const moment = run?.newest;
      if (run && moment && since?.run !== run) {
        since = { run, steps: moment.steps, time: performance.now(), cured: null };
      }
      const cured = isCured(run);
      if (cured && since && moment) since.cured ??= moment.steps;
      renderNumber(run);
      const seen = Boolean(moment && moment.steps >= (promised(story.steps) ?? 0));
      const right = guess === story.right ? "right" : `it is “${story.answers[story.right]}”`;
      const guessed = guess === null ? "" : `You said “${story.answers[guess]}”${seen ? `: ${right}` : ""}. `;
      const asked = moment ? "What do you guess? Watch the number." : "Guess first, then start and watch the number.";
      const waiting = moment ? guessed + story.expect : `${guessed}Start, and watch the number.`;
      say("expect", cured ? story.then : seen ? guessed + story.expect : guess === null ? asked : waiting);
      const left = cured
        ? duration(promised(story.cured), since?.cured ?? 0, moment)
        : duration(promised(story.steps), 0, moment);
      say("time", run?.done || since?.run.paused ? "" : left);
      find(".ll-cure").hidden = !story.cure;
      const focused = document.activeElement === cureButton;
      cureButton.disabled = !run || run.done || run.place > 0 || !moment || cured;
      if (focused && cured) box.focus({ preventScroll: true }); // that is over, and the story goes on
    };

    cureButton.addEventListener("click", () => lesson?.story.cure && on.cure(lesson.story.cure));

    return {
      tell: (next) => {
        if (next && lesson && next.story === lesson.story && next.dataset === lesson.dataset) return;
        lesson = next;
        guess = null;
        if (!lesson) return;
        const { story } = lesson;
        say("storyTitle", lesson.title);
        say("question", story.question);
        say("why", story.why);
        cureButton.textContent = story.cure?.words ?? "";
        const answers = story.answers.map((text, i) => /** @type {[string, string]} */ ([String(i), text]));
        lab.radioChips(find(".ll-guess .ll-chips"), "ll-train-guess", answers, null, (value) => {
          guess = Number(value);
          render(since?.run ?? null);
        });
      },
      render,
    };
  };
})();
