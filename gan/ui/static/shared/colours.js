// The page's colours, for what is drawn on a canvas.
(() => {
  const lab = window.latentLab;

  lab.colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

  lab.rgb = (name) => {
    const context = lab.context(document.createElement("canvas"));
    context.fillStyle = lab.colour(name);
    const hex = String(context.fillStyle); // the browser writes every colour as #rrggbb
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  };
})();
