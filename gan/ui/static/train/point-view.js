// Points in the plane: the critic's map, real and generated points, gradients, and the latent grid.
(() => {
  const lab = window.latentLab;
  const SCALE = 32000; // of a coordinate at the edge, as `gan.live.views` has it

  /** @type {(context: CanvasRenderingContext2D, map: NumberArray, size: number) => void} */
  const drawHeat = (context, { shape: [rows, columns], data }, size) => {
    const image = new ImageData(columns, rows);
    const [ground, low, high] = ["--ll-card", "--ll-fake", "--ll-real"].map(lab.rgb);
    data.forEach((value, i) => {
      const share = Math.abs(value - 128) / 127;
      const to = value < 128 ? low : high;
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = ground[c] + (to[c] - ground[c]) * share;
      image.data[4 * i + 3] = 255;
    });
    const small = lab.createElement("canvas", { width: columns, height: rows });
    lab.context(small).putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, size, size);
  };

  lab.drawPoints = (canvas, { backdrop, arrays, numbers, hidden, ratio }) => {
    const size = canvas.width;
    const context = lab.context(canvas);
    /** @type {(value: number) => number} */
    const across = (value) => ((value / SCALE + 1) * size) / 2;
    /** @type {(value: number) => number} */
    const down = (value) => ((1 - value / SCALE) * size) / 2;
    /** @type {(name: string, width: number) => void} */
    const setPen = (name, width) => {
      context.strokeStyle = lab.colour(name);
      context.lineWidth = width;
      context.beginPath();
    };
    /** @type {(points: Numbers, name: string, side: number) => void} */
    const drawDots = (points, name, side) => {
      context.fillStyle = lab.colour(name);
      for (let i = 0; i < points.length; i += 2) {
        context.fillRect(across(points[i]) - side / 2, down(points[i + 1]) - side / 2, side, side);
      }
    };

    /** @type {(grid: NumberArray) => void} */
    const drawLatentGrid = ({ shape: [rows, columns], data }) => {
      /** @type {(i: number, j: number) => [number, number]} */
      const point = (i, j) => [across(data[2 * (i * columns + j)]), down(data[2 * (i * columns + j) + 1])];
      /** @type {(from: [number, number], to: [number, number]) => void} */
      const line = (from, to) => {
        context.moveTo(...from);
        context.lineTo(...to);
      };
      setPen("--ll-warp", ratio * 0.8);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          if (j) line(point(i, j - 1), point(i, j));
          if (i) line(point(i - 1, j), point(i, j));
        }
      }
      context.stroke();
    };

    /** @type {(centres: Numbers) => void} */
    const drawCentres = (centres) => {
      const radius = Math.max(5 * ratio, (numbers.radius * size) / 2);
      setPen("--ll-edge", ratio);
      for (let i = 0; i < centres.length; i += 2) {
        context.beginPath();
        context.arc(across(centres[i]), down(centres[i + 1]), radius, 0, 7);
        context.stroke();
      }
    };

    /** @type {(from: Numbers, arrows: Numbers) => void} */
    const drawGradients = (from, arrows) => {
      setPen("--ll-ink", ratio);
      context.globalAlpha = 0.55;
      for (let i = 0; i < from.length; i += 2) {
        const [x, y] = [across(from[i]), down(from[i + 1])];
        context.moveTo(x, y);
        context.lineTo(x + (arrows[i] / SCALE) * (size / 2), y - (arrows[i + 1] / SCALE) * (size / 2));
      }
      context.stroke();
      context.globalAlpha = 1;
    };

    context.fillStyle = lab.colour("--ll-card");
    context.fillRect(0, 0, size, size);
    if (!hidden.has("heat")) drawHeat(context, arrays.heat, size);
    if (!hidden.has("warp") && arrays.warp) drawLatentGrid(arrays.warp);
    if (!hidden.has("real") && backdrop.centres) drawCentres(backdrop.centres.data);
    if (!hidden.has("real")) drawDots(backdrop.real.data, "--ll-soft", 2 * ratio);
    if (!hidden.has("arrows")) drawGradients(arrays.at.data, arrays.arrows.data);
    if (!hidden.has("points")) drawDots(arrays.points.data, "--ll-accent", 3 * ratio);
  };
})();
