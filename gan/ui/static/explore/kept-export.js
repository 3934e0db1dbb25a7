// Kept pictures as files: one grid, a zip of pictures with their list, or the list alone, which opens again.
(() => {
  const lab = window.latentLab;
  const SIDE = 256; // of a picture in the grid, at least; a whole number of times its own
  const GAP = 8;

  /** @type {(list: KeptPicture[]) => Blob} */
  const asList = (list) => new Blob([JSON.stringify({ kept: list }, null, 1)], { type: "application/json" });

  lab.saveKeptList = (list) => lab.saveBlob(asList(list), "latent-lab-kept.json");

  lab.saveKeptZip = async (list) => {
    const files = list.map(({ part, picture }, i) => ({
      name: `${String(i + 1).padStart(2, "0")}-${part.model.replace(/[^\w.-]+/g, "-")}-seed${part.seed ?? ""}.png`,
      bytes: Uint8Array.from(atob(picture.split(",")[1]), (letter) => letter.charCodeAt(0)),
    }));
    files.push({ name: "kept.json", bytes: new Uint8Array(await asList(list).arrayBuffer()) });
    lab.saveBlob(lab.zip(files), "latent-lab-kept.zip");
  };

  lab.saveKeptGrid = async (list, smooth) => {
    const columns = Math.ceil(Math.sqrt(list.length));
    const step = SIDE + GAP;
    const grid = lab.createElement("canvas", {
      width: columns * step - GAP,
      height: Math.ceil(list.length / columns) * step - GAP,
    });
    const context = lab.context(grid);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, grid.width, grid.height);
    for (const [i, { picture }] of list.entries()) {
      const image = new Image();
      image.src = picture;
      await image.decode();
      const small = lab.createElement("canvas", { width: image.naturalWidth, height: image.naturalHeight });
      lab.context(small).drawImage(image, 0, 0);
      const pixels = lab.context(small).getImageData(0, 0, small.width, small.height);
      if (smooth) lab.paint(small, lab.enlargeSmoothly(pixels, SIDE, SIDE));
      context.imageSmoothingEnabled = false;
      context.drawImage(small, (i % columns) * step, Math.floor(i / columns) * step, SIDE, SIDE);
    }
    grid.toBlob((blob) => blob && lab.saveBlob(blob, "latent-lab-kept.png"));
  };
})();
