// Runs that train in this browser, behind the server's own functions: whoever calls them need not know where a run is.
// A run's name says it. Points alone are learnt here, and without a server all of them are.
(() => {
  const lab = window.latentLab;
  const HERE = /^here-\d+$/; // the names of the worker's runs

  lab.isLocalRun = (run) => HERE.test(run);

  /** The worker's functions. @type {(about: LocalMenus) => LocalServer} */
  const localServer = (about) => {
    const ask = lab.workerCalls(String(new URL(lab.trainer, document.baseURI)), "train");
    /** @type {(task: string, more?: object) => (payload: any) => Promise<any>} */
    const call = (task, more) => async (payload) => {
      try {
        return (await ask(task, { ...payload, ...more })).result;
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    };
    return {
      begin: call("begin", { about }),
      fork: call("fork"),
      news: call("news"),
      moment: call("moment"),
      ask: call("ask"),
    };
  };

  lab.withLocalRuns = (server, about) => {
    const local = typeof WebAssembly === "object" && lab.trainer && about.local ? localServer(about.local) : null;
    /** @type {<Name extends "fork" | "news" | "moment" | "ask">(name: Name) => TrainServer[Name]} */
    const either = (name) => (/** @type {any} */ payload) =>
      local && lab.isLocalRun(payload.run) ? local[name](payload) : /** @type {any} */ (server[name](payload));
    return {
      ...server,
      fork: either("fork"),
      news: either("news"),
      moment: either("moment"),
      ask: either("ask"),
      beginHere: local?.begin ?? null,
    };
  };

  lab.localNote = "This run trains in your browser, by your own processor. It ends when this page is closed or reloaded.";
})();
