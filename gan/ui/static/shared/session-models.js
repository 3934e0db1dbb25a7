// Models made in this browser tab or named by its address, which the tabs offer beside the server's own.
(() => {
  const lab = window.latentLab;

  lab.sessionModels = [];

  lab.addSessionModel = (model) => {
    if (lab.sessionModels.some((other) => other.model === model.model)) return;
    lab.sessionModels.push(model);
    window.dispatchEvent(new Event("latentlab:model"));
  };

  lab.openedName = (model, others) => {
    const text = `${model.replace(/-[\w-]{12}$/, "")}, opened`; // without the end that nobody can guess
    const alike = others.filter((other) => other.startsWith(text)).length;
    return alike ? `${text} ${alike + 1}` : text;
  };

  const LONG = 16; // letters of a name that fit into half a row

  lab.knownModels = (offered, list) => {
    /** @type {Map<string, KnownModel>} */
    const known = new Map(JSON.parse(offered).map((/** @type {KnownModel} */ one) => [one.model, one]));
    const setRow = () =>
      list.parentElement?.classList.toggle(
        "ll-whole-row",
        [...list.options].some((option) => option.text.length > LONG),
      );
    lab.forEachSessionModel((one) => {
      if (known.has(one.model)) return;
      known.set(one.model, one);
      const text = lab.openedName(
        one.model,
        Array.from(list.options, (option) => option.text),
      );
      list.append(lab.createElement("option", { value: one.model }, text));
      setRow();
    });
    setRow();
    return known;
  };

  lab.findModel = async (server, model, announce) => {
    const reply = await lab.callWithRetry(() => server.locate({ model }), announce);
    if (reply.error === undefined && reply.found) lab.addSessionModel(reply.found);
    return reply;
  };

  lab.instead = (gone, model) => `${lab.notices.error(gone)} This is ${model} instead.`;

  lab.forEachSessionModel = (add) => {
    let seen = 0;
    const catchUp = () => {
      while (seen < lab.sessionModels.length) add(lab.sessionModels[seen++]);
    };
    catchUp();
    window.addEventListener("latentlab:model", catchUp);
  };
})();
