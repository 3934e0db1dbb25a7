// Files for the visitor to save.
(() => {
  const lab = window.latentLab;

  /** @type {(blob: Blob, name: string) => void} */
  const save = (blob, name) => {
    const href = URL.createObjectURL(blob);
    lab.createElement("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  };

  lab.saveCanvas = (canvas, scale, name) => {
    const large = lab.createElement("canvas", { width: canvas.width * scale, height: canvas.height * scale });
    const context = lab.context(large);
    context.imageSmoothingEnabled = getComputedStyle(canvas).imageRendering !== "pixelated";
    context.drawImage(canvas, 0, 0, large.width, large.height);
    large.toBlob((blob) => blob && save(blob, `${name.replace(/[^\w.-]+/g, "-")}.png`));
  };

  lab.saveFile = ({ name, mime, data }) => {
    const bytes = typeof data === "string" ? Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) : data;
    save(new Blob([bytes], { type: mime }), name);
  };
})();
