// From tab to tab: Gradio mounts a tab when it is first shown, so what it shall show waits for it here.
(() => {
  const lab = (window.latentLab ??= {});
  let pending = null; // a state that the Explore tab has not taken yet

  lab.takePending = () => {
    const wanted = pending;
    pending = null;
    return wanted;
  };

  /** Show the tab of that name as soon as its button is there; gives up after five seconds. */
  lab.showTab = (name, until = performance.now() + 5000) => {
    const button = document.getElementById(`tab-${name}-button`);
    if (button) button.click();
    else if (performance.now() < until) requestAnimationFrame(() => lab.showTab(name, until));
  };

  /** Show a state in the Explore tab. */
  lab.openExplore = (state) => {
    pending = state;
    lab.showTab("explore");
    window.dispatchEvent(new Event("latentlab:open")); // for a tab that is mounted already
    window.scrollTo({ top: 0 });
  };

  /** Models that were made in this tab: {model, size, classes}. Explore and Interpolate offer them too. */
  lab.made = [];
  lab.addModel = (about) => {
    lab.made.push(about);
    window.dispatchEvent(new Event("latentlab:model"));
  };

  /** Call `add(about)` for every model made so far, and for each made later. */
  lab.eachMade = (add) => {
    let seen = 0;
    const catchUp = () => {
      while (seen < lab.made.length) add(lab.made[seen++]);
    };
    catchUp();
    window.addEventListener("latentlab:model", catchUp);
  };

  let toPublish = null; // a model that the Publish tab has not offered yet

  /** Show the Publish tab with that model chosen. */
  lab.openPublish = (model) => {
    toPublish = model;
    lab.showTab("publish");
    window.scrollTo({ top: 0 });
  };

  /**
   * What the Publish tab's list and message become when it is shown: `runs` and what was made in this browser, and what
   * is asked for now, if anything, as the choice, with the message `ready`.
   */
  lab.offerToPublish = (runs, ready) => {
    const chosen = toPublish;
    toPublish = null;
    const choices = [...lab.made.map(({ model }) => model).reverse(), ...runs].map((name) => [name, name]);
    const list = { __type__: "update", choices, ...(chosen === null ? {} : { value: chosen }) };
    return [list, chosen === null || !ready ? { __type__: "update" } : ready];
  };

  /** A shared address opens the tab it belongs to. The tab itself judges what the address says. */
  lab.followAddress = () => {
    const params = new URLSearchParams(location.search);
    if (params.has("run") || params.has("train")) lab.showTab("train");
    else if (params.has("model")) lab.showTab("explore");
  };
})();
