// Pictures as tiles, and over them where the critic looks.
(() => {
  const lab = window.latentLab;
  const STRONGEST = 0.85; // share of the mark's colour where the critic looks most

  lab.drawTiles = (canvas, { shape: [, h, w, channels], data }, { count, columns, mark }) => {
    const image = new ImageData(columns * w, Math.ceil(count / columns) * h);
    for (let n = 0; n < count; n++) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const from = (n * h + y) * w + x;
          const to = 4 * ((Math.floor(n / columns) * h + y) * columns * w + (n % columns) * w + x);
          for (let c = 0; c < 3; c++) image.data[to + c] = data[from * channels + (channels === 1 ? 0 : c)];
          image.data[to + 3] = 255;
          mark?.(image, to, from);
        }
      }
    }
    lab.paint(canvas, image);
  };

  lab.attentionMark = (attention) => {
    const colour = lab.rgb("--ll-accent");
    return (image, to, from) => {
      const share = (attention[from] / 255) * STRONGEST;
      for (let c = 0; c < 3; c++) image.data[to + c] += (colour[c] - image.data[to + c]) * share;
    };
  };
})();
