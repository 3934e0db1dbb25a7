// The worker that draws pictures in this browser, behind functions that return promises. It knows no server.
(() => {
  const lab = window.latentLab;

  lab.engine = (address) => {
    const ask = lab.workerCalls(address, "draw them");

    return {
      start: () => ask("start", {}),
      load: (model, pack) => ask("load", { model, pack }, [pack]),
      draw: (model, pictures) => ask("draw", { model, pictures }),
      translate: (model, { pixels, to, conditions }) => ask("translate", { model, pixels, to, conditions }),
      walk: (model, walk, from, to) => ask("walk", { model, walk, from, to }),
    };
  };
})();
