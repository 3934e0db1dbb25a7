// A film as one picture: all frames, then all keyframes, row by row.
(() => {
  const lab = window.latentLab;

  lab.decodeSheet = async (reply) => {
    const image = new Image();
    image.src = reply.sheet;
    await image.decode();
    return { ...reply, image };
  };

  lab.drawCell = (film, index, canvas, box) => {
    const { size, columns, image } = film;
    const [x, y, width, height] = box ?? [0, 0, size, size];
    if (!box && canvas.width !== size) canvas.width = canvas.height = size;
    const context = lab.context(canvas);
    context.imageSmoothingEnabled = false;
    const [left, top] = [(index % columns) * size, Math.floor(index / columns) * size];
    context.drawImage(image, left, top, size, size, x, y, width, height);
  };
})();
