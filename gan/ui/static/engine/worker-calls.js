// Tasks for a worker, each a promise: kept with its result, or broken with an Error whose message a visitor can read.
(() => {
  const lab = window.latentLab;
  const PATIENCE = 20_000; // ms until a task without a result counts as lost

  lab.workerCalls = (address, work) => {
    let count = 0;
    /** @type {Worker | undefined} */
    let worker;
    /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
    const waiting = new Map();

    const start = () => {
      const started = new Worker(address);
      started.onmessage = ({ data: { id, error, ...result } }) => {
        const task = waiting.get(id);
        waiting.delete(id);
        if (error === undefined) task?.resolve(result);
        else task?.reject(new Error(error));
      };
      started.onerror = (event) => {
        event.preventDefault();
        for (const { reject } of waiting.values()) reject(new Error(`this browser cannot ${work}`));
        waiting.clear();
        started.terminate(); // a script that did not come answers no task: the next one starts another worker
        worker = undefined;
      };
      return started;
    };

    return async (task, request, transfer = []) => {
      worker ??= start();
      const id = ++count;
      let timer = 0;
      const result = new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new Error(`this browser takes too long to ${work}`)), PATIENCE);
      });
      worker.postMessage({ id, task, ...request }, transfer);
      try {
        return await result;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    };
  };
})();
