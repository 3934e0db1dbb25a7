// Small pictures of both ends of each named slider, of the picture that is shown; drawn where this browser can.
(() => {
  const lab = window.latentLab;
  const QUIET = 160; // ms after a change before they follow it

  lab.sliderEnds = (name, reach) => {
    let timer = 0;
    let newest = 0;
    /** @type {(state: PictureState, rows: [number, SliderRow][]) => Promise<void>} */
    const draw = async (state, rows) => {
      const turn = ++newest;
      for (const [i, { element, ends }] of rows) {
        if (!element.offsetParent) continue; // in a part that is closed
        const values = /** @type {number[]} */ (state[name]);
        const both = [-reach, reach].map((value) => ({ ...state, [name]: values.with(i, value) }));
        const images = await lab.drawHere(state.model, both); // two at a time: a drag must not wait for all of them
        if (turn !== newest || !images) return;
        images.forEach((image, end) => lab.paint(ends[end], image));
        element.classList.add("ll-drawn");
        element.classList.remove("ll-stale");
      }
    };
    return (state, rows) => {
      clearTimeout(timer);
      newest++;
      for (const [, { element }] of rows) element.classList.add("ll-stale");
      timer = setTimeout(() => draw(state, rows), QUIET);
    };
  };
})();
