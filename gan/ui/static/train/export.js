// What can be made of a run: a model for the other tabs or as a zip, a film, another run that continues from here.
(() => {
  const lab = window.latentLab;
  const MODEL = /\.zip$|^(config|metrics)\.json$|^(model|critic|directions)\.safetensors$/;
  const MOST = 36 * 2 ** 20; // bytes that can be sent, as for pictures

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

    /** @type {(button: HTMLButtonElement, show: (model: KnownModel | KnownTranslator) => void) => Promise<void>} */
    const openModel = (button, show) =>
      fetchFor(
        button,
        () => server.open(run.exported()),
        (model) => {
          if (!("sides" in model)) lab.addSessionModel(model);
          show(model);
        },
      );

    /** Show a model in the tab that plays with it. @type {(model: KnownModel | KnownTranslator) => void} */
    const play = (model) =>
      "sides" in model ? lab.openTranslate(model.model) : lab.openExplore({ model: model.model });

    /** @type {Record<string, (button: HTMLButtonElement) => Promise<void>>} */
    const actions = {
      open: (button) => openModel(button, play),
      publish: (button) => openModel(button, ({ model }) => lab.openPublish(model)),
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
    const chosen = lab.finder(element)("[data-train=model]", HTMLInputElement);
    chosen.addEventListener("change", async () => {
      const files = [...(chosen.files ?? [])].filter(({ name }) => MODEL.test(name));
      chosen.value = ""; // the same one may be chosen again
      const bytes = files.reduce((sum, file) => sum + file.size, 0);
      if (!files.length) return problem("Choose a model's zip, or the files of its folder.");
      if (bytes > MOST) return problem(`At most ${lab.megabytes(MOST)} can be sent: unpack it, and choose its files.`);
      status("Opening the model…");
      const sent = await Promise.all(
        files.map(async (file) => ({
          name: file.name,
          data: lab.base64(new Uint8Array(await file.arrayBuffer())),
        })),
      );
      const reply = await lab.callWithRetry(() => server.reopen({ files: sent }), problem, { repeatable: false });
      recovered();
      status("");
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      problem("");
      if (!("sides" in reply)) lab.addSessionModel(reply);
      play(reply);
    });
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
