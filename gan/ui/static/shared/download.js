// Files for the visitor to save.
(() => {
  const lab = window.latentLab;

  lab.saveBlob = (blob, name) => {
    const href = URL.createObjectURL(blob);
    lab.createElement("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  };

  lab.saveCanvas = (canvas, scale, name, tell) => {
    const large = lab.createElement("canvas", { width: canvas.width * scale, height: canvas.height * scale });
    const context = lab.context(large);
    if (getComputedStyle(canvas).imageRendering === "pixelated" || scale === 1) {
      context.imageSmoothingEnabled = false;
      context.drawImage(canvas, 0, 0, large.width, large.height);
    } else {
      const image = lab.context(canvas).getImageData(0, 0, canvas.width, canvas.height);
      context.putImageData(lab.enlargeSmoothly(image, large.width, large.height), 0, 0);
    }
    const file = `${name.replace(/[^\w.-]+/g, "-")}.png`;
    large.toBlob((blob) => {
      if (!blob) return;
      lab.saveBlob(blob, file);
      tell(`Saved ${file}.`);
    });
  };

  lab.saveFile = ({ name, mime, data }) => {
    const bytes = typeof data === "string" ? Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) : data;
    lab.saveBlob(new Blob([bytes], { type: mime }), name);
  };
})();
