// What is taken home from a run: the model, in the other tabs or as a zip; a film; another run from there.
(() => {
  const lab = (window.latentLab ??= {});

  /** The buttons that take something from the run. run: as `lab.trainRun` gives it; say, tell: as there. */
  lab.trainHome = (element, server, run, { say, tell }) => {
    const save = (file) => {
      lab.download(file);
      tell(`Saved ${file.name}.`);
    };
    const fetchFor = async (button, call, use) => {
      const text = button.textContent;
      button.classList.add("ll-busy");
      button.disabled = true;
      button.textContent = "One moment…";
      const reply = await lab.patiently(call, say, true);
      button.classList.remove("ll-busy");
      button.textContent = text;
      button.disabled = false;
      say(reply.error ? `Sorry: ${reply.error}.` : "");
      if (!reply.error) use(reply);
    };

    const made = (button, show) =>
      fetchFor(button, () => server.open({ run: run.id(), number: run.number(), side: run.side() }), (reply) => {
        lab.addModel(reply);
        show(reply.model);
      });

    const actions = {
      open: (button) => made(button, (model) => lab.openExplore(lab.fresh(model))),
      publish: (button) => made(button, lab.openPublish),
      take: (button) => fetchFor(button, () => server.take({ run: run.id(), number: run.number(), side: run.side() }), save),
      fork: (button) => fetchFor(button, () => server.fork({ run: run.id(), number: run.number() }), (reply) => {
        tell(`Forked at ${reply.shown.toLocaleString("en")} shown.`);
        run.ask("stop");
        run.follow(reply.run);
      }),
    };
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-train], button[data-film]");
      if (!button || button.disabled || !run.id()) return;
      if (button.dataset.film) fetchFor(button, () => server.film({ run: run.id(), kind: button.dataset.film }), save);
      else actions[button.dataset.train]?.(button);
    });
  };
})();
