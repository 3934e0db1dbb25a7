// The canvas that a distribution is drawn on, with the pointer or from a picture.
(() => {
  const lab = window.latentLab;

  /** The darkness of each cell of a picture, in [0, 1]. @type {(bitmap: ImageBitmap) => Float32Array} */
  const darkness = (bitmap) => {
    const side = lab.INK_SIDE;
    const paper = lab.context(lab.createElement("canvas", { width: side, height: side }));
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, side, side);
    const scale = side / Math.max(bitmap.width, bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    paper.drawImage(bitmap, (side - width) / 2, (side - height) / 2, width, height);
    const { data } = paper.getImageData(0, 0, side, side);
    const light = (/** @type {number} */ at) => 0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2];
    return Float32Array.from({ length: side * side }, (_, i) => 1 - light(4 * i) / 255);
  };

  lab.sketch = (canvas) => {
    const side = lab.INK_SIDE;
    let cells = new Uint8Array(side * side);
    const context = lab.context(canvas);
    canvas.width = canvas.height = side;
    /** @type {[number, number] | null} */
    let last = null; // where the stroke has come to

    const draw = () => {
      context.clearRect(0, 0, side, side);
      context.fillStyle = lab.colour("--ll-accent");
      cells.forEach((cell, i) => cell && context.fillRect(i % side, Math.floor(i / side), 1, 1));
    };
    /** @type {(next: Uint8Array<ArrayBuffer>) => void} */
    const replace = (next) => {
      cells = next;
      draw();
    };
    /** @type {(event: PointerEvent) => void} */
    const stroke = (event) => {
      const box = canvas.getBoundingClientRect();
      /** @type {[number, number]} */
      const to = [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side];
      lab.inkLine(cells, last ?? to, to);
      last = to;
      draw();
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      last = null;
      stroke(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && stroke(event));

    return {
      clear: () => replace(new Uint8Array(side * side)),
      name: () => lab.encodeInk(cells),
      load: (name) => replace(lab.decodeInk(name) ?? new Uint8Array(side * side)),
      loadPicture: async (file) => replace(lab.ditherInk(darkness(await createImageBitmap(file)))),
    };
  };
})();
