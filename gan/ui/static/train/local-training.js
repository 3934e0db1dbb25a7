// Training in this browser, behind the server's own functions: whoever calls them need not know where a run is. Points
// alone are learnt here.
(() => {
  const lab = window.latentLab;
  const HERE = /^here-\d+$/; // the names of the worker's runs
  const REFUSAL = { error: "models and films are made of a server's runs alone" };

  lab.isLocalRun = (run) => HERE.test(run);

  /** @type {LocalTraining | undefined} */
  let training; // one worker is enough for a page

  /** @type {(menus: TrainMenus) => LocalTraining} */
  const start = (menus) => {
    const work = lab.workerCalls(String(new URL(lab.trainer, document.baseURI)), "train");
    /** @type {(task: string, more?: object) => (payload: any) => Promise<any>} */
    const call = (task, more) => async (payload) => {
      try {
        return (await work(task, { ...payload, ...more })).result;
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    };
    const refuse = async () => REFUSAL;
    return {
      about: async () => menus,
      preset: async ({ preset, dataset }) => ({ settings: { ...menus.local.presets[preset], dataset } }),
      check: call("check", { about: menus.local }),
      begin: call("begin", { about: menus.local }),
      fork: call("fork"),
      news: call("news"),
      moment: call("moment"),
      ask: call("ask"),
      film: refuse,
      take: refuse,
      open: refuse,
      reopen: refuse,
    };
  };

  lab.localTraining = (menus) => (training ??= lab.trainer && "WebAssembly" in window ? start(menus) : undefined);

  lab.trainAlone = (element, menus) => {
    const alone = lab.localTraining(menus);
    if (alone) lab.train(element, alone);
    else lab.notifier(element).problem("This browser cannot train: it has no WebAssembly.");
  };

  lab.trainingAnywhere = (server, local) => {
    if (!local) return server;
    /** @type {(payload: { run: string }) => TrainServer} */
    const at = ({ run }) => (lab.isLocalRun(run) ? local : server);
    return {
      ...server,
      fork: (payload) => at(payload).fork(payload),
      news: (payload) => at(payload).news(payload),
      moment: (payload) => at(payload).moment(payload),
      ask: (payload) => at(payload).ask(payload),
    };
  };
})();
