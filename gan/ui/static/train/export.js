// What can be made of a run: a model for the other tabs or as a zip, a film, another run that continues from here.
(() => {
  const lab = window.latentLab;

  lab.trainExport = (element, server, run, { problem, status, recovered }) => {
    /** @type {(file: ServerFile) => void} */
    const save = (file) => {
      lab.saveFile(file);
      status(`Saved ${file.name}.`);
    };

    /**
     * Make a call that may take seconds, for a button that says so.
     * @type {<T>(button: HTMLButtonElement, call: () => Promise<Reply<T>>, use: (reply: T) => void) => Promise<void>}
     */
    const fetchFor = async (button, call, use) => {
      const text = button.textContent;
      button.classList.add("ll-busy");
      button.disabled = true;
      button.textContent = "One moment…";
      const reply = await lab.callWithRetry(call, problem, { repeatable: false });
      button.classList.remove("ll-busy");
      button.textContent = text;
      button.disabled = false;
      recovered();
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      problem("");
      use(reply);
    };

    /** @type {(button: HTMLButtonElement, show: (model: string) => void) => Promise<void>} */
    const openModel = (button, show) =>
      fetchFor(
        button,
        () => server.open(run.exported()),
        (model) => {
          lab.addSessionModel(model);
          show(model.model);
        },
      );

    /** @type {Record<string, (button: HTMLButtonElement) => Promise<void>>} */
    const actions = {
      open: (button) => openModel(button, (model) => lab.openExplore({ model })),
      publish: (button) => openModel(button, lab.openPublish),
      take: (button) => fetchFor(button, () => server.take(run.exported()), save),
      fork: (button) => {
        const { run: id, number } = run.exported();
        return fetchFor(
          button,
          () => server.fork({ run: id, number }),
          (reply) => {
            const notes = `Forked at ${lab.whole(reply.shown)} shown. The original is kept for a while.`;
            run.follow(reply.run, { notes, origin: id });
          },
        );
      },
    };
    element.addEventListener("click", (event) => {
      const button = lab.closest(event, "button[data-train], button[data-film]", HTMLButtonElement);
      const id = run.id();
      if (!button || button.disabled || !id) return;
      const { film: kind, train: action } = button.dataset;
      if (kind) fetchFor(button, () => server.film({ run: id, kind }), save);
      else actions[action ?? ""]?.(button);
    });
  };
})();
