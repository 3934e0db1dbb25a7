// Pictures of the visitor's own: chosen as a file, dropped or pasted, cropped to a square. They stay in this browser.
(() => {
  const lab = window.latentLab;
  const SIDE = 512; // pixels

  lab.ownPictures = (element, { background, take, problem }) => {
    /** @type {(file: Blob) => Promise<void>} */
    const open = async (file) => {
      const bitmap = await createImageBitmap(file).catch(() => null);
      if (!bitmap) return problem("Sorry: this browser cannot open that as a picture.");
      problem("");
      const picture = lab.createElement("canvas", { width: SIDE, height: SIDE });
      const context = lab.context(picture);
      const scale = SIDE / Math.min(bitmap.width, bitmap.height);
      const [w, h] = [bitmap.width * scale, bitmap.height * scale];
      context.imageSmoothingQuality = "high";
      context.fillStyle = background;
      context.fillRect(0, 0, SIDE, SIDE);
      context.drawImage(bitmap, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
      bitmap.close();
      take(picture);
    };

    const chosen = lab.finder(element)("input[type=file]", HTMLInputElement);
    chosen.addEventListener("change", () => {
      if (chosen.files?.[0]) open(chosen.files[0]);
      chosen.value = "";
    });
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (!file || !element.offsetParent) return;
      event.preventDefault();
      open(file);
    });
    element.addEventListener("dragover", (event) => event.preventDefault());
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (file) open(file);
    });
    return { choose: () => chosen.click() };
  };
})();
