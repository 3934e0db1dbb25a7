// The picture as a pad: dragging it moves along the first two directions. Touch keeps up-and-down for scrolling.
(() => {
  const lab = (window.latentLab ??= {});
  const SPAN = 6; // standard deviations from one edge of the picture to the other

  /**
   * `read()` gives the two positions a drag starts from, or nothing while there is no picture;
   * `moved(x, y)` gets where they are dragged to, and `settled()` runs when it ends.
   */
  lab.pad = (canvas, { read, moved, settled }) => {
    let start = null;
    canvas.addEventListener("pointerdown", (event) => {
      const at = read();
      if (event.button !== 0 || !at) return;
      start = { x: event.clientX, y: event.clientY, at, both: event.pointerType !== "touch" };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!start) return;
      const scale = SPAN / canvas.clientWidth;
      const x = start.at[0] + (event.clientX - start.x) * scale;
      const y = start.both ? start.at[1] - (event.clientY - start.y) * scale : start.at[1];
      moved(x, y);
    });
    const end = () => {
      if (start) settled();
      start = null;
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("dragstart", (event) => event.preventDefault());
  };
})();
