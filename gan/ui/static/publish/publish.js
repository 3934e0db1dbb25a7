// What the Publish tab offers: models made in this browser tab, and the runs that the server knows.
(() => {
  const lab = window.latentLab;

  /** @type {string | null} */
  let requested = null; // a model that the tab has not offered yet

  lab.openPublish = (model) => {
    requested = model;
    lab.showTab("publish");
    window.scrollTo({ top: 0 });
  };

  lab.offerToPublish = (runs, ready) => {
    const chosen = requested;
    requested = null;
    const made = lab.sessionModels.map(({ model }) => model).reverse();
    const known = new Set([...(chosen === null ? [] : [chosen]), ...made, ...runs]);
    /** @type {string[][]} */
    const choices = [];
    for (const name of known) {
      const others = choices.map(([other]) => other);
      const text = runs.includes(name) ? name : lab.openedName(name, others);
      choices.push([text, name]);
    }
    const list = { __type__: "update", choices, ...(chosen === null ? {} : { value: chosen }) };
    return [list, chosen === null || !ready ? { __type__: "update" } : ready];
  };
})();
