// The worker that draws pictures in this browser, behind functions that return promises. It knows no server.
(() => {
  const lab = window.latentLab;
  const PATIENCE = 20_000; // ms until a task without a result counts as lost

  lab.engine = (address) => {
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
        for (const { reject } of waiting.values()) reject(new Error("this browser cannot draw them"));
        waiting.clear();
      };
      return started;
    };

    /** @type {(task: string, request: object, transfer?: Transferable[]) => Promise<any>} */
    const ask = async (task, request, transfer = []) => {
      worker ??= start();
      const id = ++count;
      let timer = 0;
      const result = new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new Error("this browser takes too long to draw them")), PATIENCE);
      });
      worker.postMessage({ id, task, ...request }, transfer);
      try {
        return await result;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    };

    return {
      start: () => ask("start", {}),
      load: (model, pack) => ask("load", { model, pack }, [pack]),
      draw: (model, pictures) => ask("draw", { model, pictures }),
      translate: (model, { pixels, to, conditions }) => ask("translate", { model, pixels, to, conditions }),
      walk: (model, walk, from, to) => ask("walk", { model, walk, from, to }),
    };
  };
})();
