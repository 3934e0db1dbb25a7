// Drawings as data: 64 x 64 cells of ink, whose bits are the name of a data set.
(() => {
  const lab = window.latentLab;
  const PREFIX = "ink:"; // as `gan.data.points` has it

  lab.INK_SIDE = 64;

  lab.encodeInk = (cells) => {
    const bytes = new Uint8Array(cells.length / 8);
    cells.forEach((cell, i) => (bytes[i >> 3] |= cell << (7 - (i & 7))));
    const text = btoa(String.fromCharCode(...bytes));
    return PREFIX + text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };

  lab.decodeInk = (name) => {
    const count = lab.INK_SIDE ** 2;
    try {
      const text = atob(name.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
      if (!lab.isInk(name) || text.length !== count / 8) return null;
      return Uint8Array.from({ length: count }, (_, i) => (text.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1);
    } catch {
      return null;
    }
  };

  lab.isInk = (name) => name.startsWith(PREFIX);

  lab.inkLine = (cells, from, to) => {
    const side = lab.INK_SIDE;
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let i = 0; i <= steps; i++) {
      const [x, y] = [0, 1].map((axis) => Math.floor(from[axis] + ((to[axis] - from[axis]) * i) / steps));
      for (let cy = Math.max(0, y - 1); cy <= Math.min(side - 1, y + 1); cy++) {
        for (let cx = Math.max(0, x - 1); cx <= Math.min(side - 1, x + 1); cx++) cells[cy * side + cx] = 1;
      }
    }
  };

  /** Dots as dense as the picture is dark: error diffusion of Floyd and Steinberg (1976). */
  lab.ditherInk = (darkness) => {
    const side = lab.INK_SIDE;
    const dark = Float32Array.from(darkness);
    const cells = new Uint8Array(dark.length);
    for (let i = 0; i < dark.length; i++) {
      cells[i] = dark[i] > 0.5 ? 1 : 0;
      const error = dark[i] - cells[i];
      const column = i % side;
      /** @type {(to: number, share: number) => void} */
      const spread = (to, share) => {
        if (to < dark.length) dark[to] += error * share;
      };
      if (column < side - 1) spread(i + 1, 7 / 16);
      if (column > 0) spread(i + side - 1, 3 / 16);
      spread(i + side, 5 / 16);
      if (column < side - 1) spread(i + side + 1, 1 / 16);
    }
    return cells;
  };
})();
