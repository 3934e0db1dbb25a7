// The picture as a pad: dragging it moves along the first two directions. Touch keeps up-and-down for scrolling.
(() => {
  const lab = window.latentLab;
  const SPAN = 6; // standard deviations from one edge of the picture to the other

  lab.dragPad = (canvas, { position, moved, settled }) => {
    /** @type {{ x: number, y: number, at: [number, number], vertical: boolean } | null} */
    let start = null;
    canvas.addEventListener("pointerdown", (event) => {
      const at = position();
      if (event.button !== 0 || !at) return;
      start = { x: event.clientX, y: event.clientY, at, vertical: event.pointerType !== "touch" };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!start) return;
      const scale = SPAN / canvas.clientWidth;
      const x = start.at[0] + (event.clientX - start.x) * scale;
      const y = start.vertical ? start.at[1] - (event.clientY - start.y) * scale : start.at[1];
      moved(x, y);
    });
    const end = () => {
      if (start) settled();
      start = null;
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", () => {
      if (start) moved(...start.at); // the finger scrolls the page
      end();
    });
    canvas.addEventListener("dragstart", (event) => event.preventDefault());
  };
})();
