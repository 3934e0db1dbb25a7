// Points in the plane: the critic's map, real and generated points, gradients, and the latent grid.
(() => {
  const lab = window.latentLab;
  const SCALE = 32000; // of a coordinate at the edge, as `gan.live.views` has it
  const BEYOND = 32767; // and of one outside

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

  lab.outside = ({ data }) => {
    const counts = [0, 0, 0, 0]; // left, right, below, above
    for (let i = 0; i < data.length; i += 2) {
      const [x, y] = [data[i], data[i + 1]];
      if (Math.abs(x) >= BEYOND) counts[x < 0 ? 0 : 1]++;
      else if (Math.abs(y) >= BEYOND) counts[y < 0 ? 2 : 3]++;
    }
    return counts;
  };

  lab.drawPoints = (canvas, { backdrop, arrays, numbers, hidden, ratio, colour }) => {
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
        if (Math.max(Math.abs(points[i]), Math.abs(points[i + 1])) >= BEYOND) continue;
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

    /** An arrow at each edge beyond which there are points, and how many. @type {(counts: number[]) => void} */
    const drawOutside = (counts) => {
      context.font = `600 ${12 * ratio}px ${lab.colour("--ll-sans")}`;
      context.textBaseline = "middle";
      counts.forEach((count, edge) => {
        if (!count) return;
        const sign = edge % 2 ? 1 : -1;
        const [x, y] = edge < 2 ? [sign, 0] : [0, -sign];
        const [tip, back] = [size / 2 - 4 * ratio, size / 2 - 14 * ratio];
        const [cx, cy] = [size / 2, size / 2];
        context.fillStyle = lab.colour(colour);
        context.beginPath();
        context.moveTo(cx + x * tip, cy + y * tip);
        for (const side of [-1, 1]) {
          context.lineTo(cx + x * back + side * y * 7 * ratio, cy + y * back + side * x * 7 * ratio);
        }
        context.fill();
        const text = lab.whole(count);
        context.textAlign = edge < 2 ? (x < 0 ? "left" : "right") : "center";
        const [tx, ty] = [cx + x * (back - 4 * ratio), cy + y * (back - 9 * ratio)];
        context.strokeStyle = lab.colour("--ll-card");
        context.lineWidth = 3 * ratio;
        context.strokeText(text, tx, ty);
        context.fillText(text, tx, ty);
      });
    };

    context.fillStyle = lab.colour("--ll-card");
    context.fillRect(0, 0, size, size);
    if (!hidden.has("heat")) drawHeat(context, arrays.heat, size);
    if (!hidden.has("warp") && arrays.warp) drawLatentGrid(arrays.warp);
    if (!hidden.has("real") && backdrop.centres) drawCentres(backdrop.centres.data);
    if (!hidden.has("real")) drawDots(backdrop.real.data, "--ll-soft", 2 * ratio);
    if (!hidden.has("arrows")) drawGradients(arrays.at.data, arrays.arrows.data);
    if (hidden.has("points")) return;
    drawDots(arrays.points.data, colour, 3 * ratio);
    drawOutside(lab.outside(arrays.points));
  };
})();
