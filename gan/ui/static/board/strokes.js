// Strokes of a drawing as text for an address, which anyone may have written.
// Of each: width and whether it is mirrored, three bytes of colour, two of its number of points; of each point its
// place, twice twelve bits, and its pressure.
(() => {
  const lab = window.latentLab;
  const LONGEST = 6000; // bytes of a drawing: some 1,400 points
  const HEAD = 6; // bytes before the points of a stroke

  lab.STROKE_GRID = 4096;

  lab.encodeStrokes = (strokes) => {
    const bytes = strokes.flatMap(({ colour, width, mirror, points }) => [
      (mirror ? 128 : 0) | width,
      ...[1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)),
      points.length >> 8,
      points.length & 255,
      ...points.flatMap(([x, y, pressure]) => [x >> 4, ((x & 15) << 4) | (y >> 8), y & 255, pressure]),
    ]);
    if (bytes.length > LONGEST) return null;
    const text = bytes.reduce((all, byte) => all + String.fromCharCode(byte), "");
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };

  lab.decodeStrokes = (text) => {
    if (!/^[\w-]*$/.test(text) || text.length > (LONGEST * 4) / 3 + 4) return [];
    let letters = "";
    try {
      letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    } catch {
      return [];
    }
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    /** @type {Stroke[]} */
    const strokes = [];
    for (let at = 0; at + HEAD <= bytes.length;) {
      const count = (bytes[at + 4] << 8) | bytes[at + 5];
      const [first, end] = [at + HEAD, at + HEAD + 4 * count];
      if (end > bytes.length || !count) return strokes;
      const colour = `#${[...bytes.subarray(at + 1, at + 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
      /** @type {[number, number, number][]} */
      const points = [];
      for (let i = first; i < end; i += 4) {
        const [a, b, c, pressure] = bytes.subarray(i, i + 4);
        points.push([(a << 4) | (b >> 4), ((b & 15) << 8) | c, pressure]);
      }
      strokes.push({ colour, width: Math.max(1, bytes[at] & 127), mirror: bytes[at] > 127, points });
      at = end;
    }
    return strokes;
  };
})();
