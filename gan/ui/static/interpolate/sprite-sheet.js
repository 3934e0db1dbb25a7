// A film as one picture: all frames, then all keyframes, row by row.
(() => {
  const lab = window.latentLab;

  lab.decodeSheet = async (reply) => {
    if (reply.cells) return { ...reply, image: joined(reply.cells, reply) };
    const image = new Image();
    image.src = reply.sheet;
    await image.decode();
    return { ...reply, image };
  };

  /** @type {(cells: ImageData[], sheet: Sheet) => HTMLCanvasElement} */
  const joined = (cells, { size, columns }) => {
    const canvas = lab.createElement("canvas");
    canvas.width = columns * size;
    canvas.height = Math.ceil(cells.length / columns) * size;
    const context = lab.context(canvas);
    cells.forEach((cell, i) => context.putImageData(cell, (i % columns) * size, Math.floor(i / columns) * size));
    return canvas;
  };

  lab.drawCell = (film, index, canvas, box) => {
    const { size, columns, image } = film;
    const [x, y, width, height] = box ?? [0, 0, size, size];
    if (!box && canvas.width !== size) canvas.width = canvas.height = size;
    const context = lab.context(canvas);
    context.imageSmoothingEnabled = getComputedStyle(canvas).imageRendering !== "pixelated";
    const [left, top] = [(index % columns) * size, Math.floor(index / columns) * size];
    context.drawImage(image, left, top, size, size, x, y, width, height);
  };
})();
