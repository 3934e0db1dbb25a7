// The time line of a run: its curve, a thumb that goes back to moments of its past, and the way back to the newest.
(() => {
  const lab = window.latentLab;

  lab.timeLine = (element, server, { run: current, show, problem, recovered }) => {
    const find = lab.finder(element);
    const scrub = find("[data-train=scrub]", HTMLInputElement);
    const live = find("[data-train=live]", HTMLButtonElement);
    const bestButton = find("[data-train=best]", HTMLButtonElement);
    const canvas = find(".ll-curve", HTMLCanvasElement);
    let fetching = false; // a past moment is on its way
    let fetchAgain = false; // and another has been asked for since

    const draw = () => {
      const run = current();
      const main = run ? lab.watched(run) : undefined;
      const numbers = run?.backdrop?.numbers;
      lab.drawCurve(canvas, { curve: run?.curve ?? [], main, alarms: run?.alarms ?? [], numbers });
    };

    const render = () => {
      const run = current();
      scrub.disabled = !run?.shown || run.kept.length < 2;
      live.disabled = !run || run.viewing === null;
      bestButton.disabled = scrub.disabled || best() === undefined;
      live.textContent = run?.done ? "Back to the end" : "Back to live";
      live.classList.toggle("ll-primary", !live.disabled);
      if (run && !scrub.disabled) {
        const { viewing, kept } = run;
        const at = viewing === null ? kept.length - 1 : kept.findLastIndex(([number]) => number <= viewing);
        scrub.max = String(kept.length - 1);
        scrub.value = String(at); // moments are thinned out as they become many
        scrub.setAttribute("aria-valuetext", `${lab.whole(run.shown?.shown ?? 0)} shown`);
      }
      draw();
    };

    /** The number of the kept moment that is best so far, by the first measure that a run has; undefined without one. */
    const best = () => {
      const run = current();
      const kept = new Set(run?.kept.map(([number]) => number));
      /** @type {(point: CurvePoint) => number} */
      const good = ({ sides: [{ quality, recall, psnr, frechet, colour_distance: off }] }) =>
        quality ?? recall ?? psnr ?? -(frechet ?? off ?? Infinity);
      const points = (run?.curve ?? []).filter((point) => kept.has(point.number) && good(point) > -Infinity);
      const [first, ...rest] = points;
      return rest.reduce((one, other) => (good(other) > good(one) ? other : one), first)?.number;
    };

    const showNewest = () => {
      const run = current();
      if (!run?.newest) return;
      run.viewing = null;
      show(run, run.newest);
      render();
    };

    /** Show the moment of the past at the thumb. */
    const showPast = async () => {
      if (fetching) return void (fetchAgain = true);
      fetching = true;
      do {
        fetchAgain = false;
        const mine = current();
        if (!mine) break;
        const payload = { run: mine.id, number: mine.viewing ?? 0 };
        const reply = await lab.callWithRetry(() => server.moment(payload), problem);
        recovered();
        if (reply.error !== undefined) problem(lab.notices.error(reply.error));
        else if (mine.viewing !== null && mine === current()) show(mine, reply);
      } while (fetchAgain);
      fetching = false;
    };

    scrub.addEventListener("input", () => {
      const run = current();
      if (!run) return;
      const place = Number(scrub.value);
      if (place >= run.kept.length - 1) return showNewest();
      [run.viewing] = run.kept[place];
      render();
      showPast();
    });
    bestButton.addEventListener("click", () => {
      const run = current();
      if (!run) return;
      run.viewing = best() ?? null;
      render();
      showPast();
    });
    live.addEventListener("click", () => {
      showNewest();
      scrub.focus(); // the button is of no use now
    });

    return { draw, render };
  };
})();
