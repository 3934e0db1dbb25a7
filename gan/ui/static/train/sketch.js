// Drawing a distribution: 64 x 64 cells of ink, whose bits are the data set's name.
(() => {
  const lab = (window.latentLab ??= {});
  const SIDE = 64;

  lab.sketch = (canvas) => {
    const cells = new Uint8Array(SIDE * SIDE);
    const ink = canvas.getContext("2d");
    canvas.width = canvas.height = SIDE;
    let last = null;

    const draw = () => {
      const style = getComputedStyle(document.body).getPropertyValue("--ll-accent");
      ink.clearRect(0, 0, SIDE, SIDE);
      ink.fillStyle = style;
      cells.forEach((cell, i) => cell && ink.fillRect(i % SIDE, Math.floor(i / SIDE), 1, 1));
    };
    const dab = (x, y) => {
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) {
        const [cx, cy] = [Math.floor(x) + dx, Math.floor(y) + dy];
        if (cx >= 0 && cy >= 0 && cx < SIDE && cy < SIDE) cells[cy * SIDE + cx] = 1;
      }
    };
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
    };
    const stroke = (event) => {
      const to = place(event);
      const from = last ?? to;
      const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])));
      for (let i = 0; i <= steps; i++) dab(from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps);
      last = to;
      draw();
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      last = null;
      stroke(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && stroke(event));

    return {
      clear: () => {
        cells.fill(0);
        draw();
      },
      /** "ink:" and the bits in URL-safe base64, as gan.data.points reads it. */
      name: () => {
        const bytes = new Uint8Array(cells.length / 8);
        cells.forEach((cell, i) => (bytes[i >> 3] |= cell << (7 - (i & 7))));
        return `ink:${btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
      },
      load: (name) => {
        try {
          const text = atob(name.slice(4).replaceAll("-", "+").replaceAll("_", "/"));
          if (text.length === cells.length / 8) cells.forEach((_, i) => (cells[i] = (text.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1));
        } catch {
          cells.fill(0);
        }
        draw();
      },
      /** A picture's ink: its dark parts, in dots as dense as it is dark (Floyd and Steinberg, 1976). */
      from: async (file) => {
        const bitmap = await createImageBitmap(file);
        const small = lab.make("canvas", { width: SIDE, height: SIDE });
        const paper = small.getContext("2d");
        paper.fillStyle = "#fff";
        paper.fillRect(0, 0, SIDE, SIDE);
        const scale = SIDE / Math.max(bitmap.width, bitmap.height);
        const [w, h] = [bitmap.width * scale, bitmap.height * scale];
        paper.drawImage(bitmap, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
        const { data } = paper.getImageData(0, 0, SIDE, SIDE);
        const dark = Float32Array.from(cells, (_, i) => 1 - (0.3 * data[4 * i] + 0.59 * data[4 * i + 1] + 0.11 * data[4 * i + 2]) / 255);
        dark.forEach((value, i) => {
          cells[i] = value > 0.5 ? 1 : 0;
          const left = dark[i] - cells[i];
          const column = i % SIDE;
          const spread = (at, part, ok) => ok && at < dark.length && (dark[at] += left * part);
          spread(i + 1, 7 / 16, column < SIDE - 1);
          spread(i + SIDE - 1, 3 / 16, column > 0);
          spread(i + SIDE, 5 / 16, true);
          spread(i + SIDE + 1, 1 / 16, column < SIDE - 1);
        });
        draw();
      },
    };
  };
})();
