// A grid of buttons as one stop of the Tab key: arrows, Home and End go from one to the next.
(() => {
  const lab = window.latentLab;

  lab.tileGrid = (box) => {
    const tiles = () =>
      [...box.children]
        .filter((one) => one instanceof HTMLButtonElement && !one.hidden)
        .map((one) => /** @type {HTMLButtonElement} */ (one));

    /** Let one be the stop, or the first where it is none of them. @type {(at?: Element | null) => void} */
    const stopAt = (at) => {
      const all = tiles();
      const stop = all.find((tile) => tile === at) ?? all[0];
      all.forEach((tile) => (tile.tabIndex = tile === stop ? 0 : -1));
    };

    box.addEventListener("keydown", (event) => {
      const all = tiles();
      const at = all.findIndex((tile) => tile === event.target);
      if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      const across = all.filter((tile) => tile.offsetTop === all[0].offsetTop).length;
      /** @type {Record<string, number>} */
      const places = {
        ...{ ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + across, ArrowUp: at - across },
        ...{ Home: 0, End: all.length - 1 },
      };
      const to = all[places[event.key]];
      if (!to) return;
      event.preventDefault();
      to.focus();
    });
    box.addEventListener("focusin", ({ target }) => target instanceof Element && stopAt(target));
    stopAt();
    return { stopAt };
  };
})();
