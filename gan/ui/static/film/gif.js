// Pictures as an animated GIF: a palette of its own for every frame, exact up to 256 colours, and LZW.
(() => {
  const lab = window.latentLab;
  const COLOURS = 256;
  const FASTEST = 50; // frames a second: browsers play a shorter delay as if it were a tenth of a second
  const CODES = 4096; // that LZW may give before it begins anew

  /** Whole delays whose sum is right: what one loses by rounding, the next one gains. */
  lab.delays = (count, fps, perSecond) => {
    const end = (/** @type {number} */ i) => Math.round((perSecond * i) / fps);
    return Array.from({ length: count }, (_, i) => end(i + 1) - end(i));
  };

  /** @type {(colour: number, channel: number) => number} */
  const part = (colour, channel) => (colour >> (16 - 8 * channel)) & 255;

  /**
   * Split colours, with how many pixels have each, where they differ most, until there are enough groups: median cut.
   * @type {(counts: Map<number, number>) => number[][]}
   */
  const groupsOf = (counts) => {
    const spread = (/** @type {number[]} */ group) => {
      const sides = [0, 1, 2].map((channel) => {
        const values = group.map((colour) => part(colour, channel));
        return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
      });
      const side = Math.max(...sides);
      return { side, channel: sides.indexOf(side) };
    };
    const measured = (/** @type {number[]} */ group) => ({ group, ...spread(group) });
    const groups = [measured([...counts.keys()])];
    while (groups.length < COLOURS) {
      const widest = groups.reduce((a, b) => (b.side > a.side ? b : a));
      if (!widest.side) break;
      const { group, channel } = widest;
      group.sort((a, b) => part(a, channel) - part(b, channel));
      const half = group.reduce((sum, colour) => sum + (counts.get(colour) ?? 0), 0) / 2;
      let [at, passed] = [0, 0];
      while (at < group.length - 1 && passed < half) passed += counts.get(group[at++]) ?? 0;
      at = Math.max(1, at);
      groups.splice(groups.indexOf(widest), 1, measured(group.slice(0, at)), measured(group.slice(at)));
    }
    return groups.map(({ group }) => group);
  };

  /** The mean of colours, as often as pixels have them. @type {(group: number[], counts: Map<number, number>) => number} */
  const meanOf = (group, counts) => {
    const weight = group.reduce((sum, colour) => sum + (counts.get(colour) ?? 0), 0);
    const mean = [0, 1, 2].map((channel) =>
      Math.round(group.reduce((sum, colour) => sum + part(colour, channel) * (counts.get(colour) ?? 0), 0) / weight),
    );
    return (mean[0] << 16) | (mean[1] << 8) | mean[2];
  };

  lab.quantize = ({ data }) => {
    const colours = new Uint32Array(data.length / 4);
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (let i = 0; i < colours.length; i++) {
      const colour = (data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2];
      colours[i] = colour;
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    const groups = counts.size <= COLOURS ? [...counts.keys()].map((colour) => [colour]) : groupsOf(counts);
    /** @type {Map<number, number>} */
    const places = new Map(groups.flatMap((group, i) => group.map((colour) => [colour, i])));
    return {
      palette: groups.map((group) => meanOf(group, counts)),
      indices: Uint8Array.from(colours, (colour) => places.get(colour) ?? 0),
    };
  };

  /** Codes of nine to twelve bits, in blocks of at most 255 bytes. */
  lab.compressLzw = (indices) => {
    const [clear, end] = [COLOURS, COLOURS + 1];
    const next = new Int16Array(CODES * COLOURS); // the code of a code followed by an index; 0 for none
    /** @type {number[]} */
    const bytes = [];
    let [bits, held, width, code] = [0, 0, 9, end];
    const put = (/** @type {number} */ value) => {
      bits |= value << held;
      for (held += width; held >= 8; held -= 8, bits >>>= 8) bytes.push(bits & 255);
    };
    put(clear);
    let prefix = indices[0];
    for (let i = 1; i < indices.length; i++) {
      const index = indices[i];
      const known = next[prefix * COLOURS + index];
      if (known) {
        prefix = known;
        continue;
      }
      put(prefix);
      if (code < CODES - 1) {
        next[prefix * COLOURS + index] = ++code;
        if (code === 1 << width && width < 12) width++;
      } else {
        put(clear);
        next.fill(0);
        [width, code] = [9, end];
      }
      prefix = index;
    }
    put(prefix);
    put(end);
    if (held) bytes.push(bits & 255);
    /** @type {number[]} */
    const blocks = [8]; // bits of an index
    for (let at = 0; at < bytes.length; at += 255) {
      const block = bytes.slice(at, at + 255);
      blocks.push(block.length, ...block);
    }
    return Uint8Array.from([...blocks, 0]);
  };

  const BITS = 5; // of a colour's eight: colours alike in these share the nearest one of a palette

  /** Which colour of a palette is nearest to each pixel. @type {(palette: number[], image: ImageData) => Uint8Array} */
  const nearest = (palette, { data }) => {
    const known = new Int16Array(1 << (3 * BITS)).fill(-1);
    const [reds, greens, blues] = [0, 1, 2].map((channel) =>
      Int32Array.from(palette, (colour) => part(colour, channel)),
    );
    const find = (/** @type {number} */ red, /** @type {number} */ green, /** @type {number} */ blue) => {
      let best = 0;
      let least = Infinity;
      for (let i = 0; i < reds.length; i++) {
        const [r, g, b] = [reds[i] - red, greens[i] - green, blues[i] - blue];
        const distance = r * r + g * g + b * b;
        if (distance < least) {
          least = distance;
          best = i;
        }
      }
      return best;
    };
    const indices = new Uint8Array(data.length / 4);
    const grey = palette.every((_, i) => reds[i] === greens[i] && reds[i] === blues[i]); // all eight bits count
    const cut = 8 - BITS;
    for (let i = 0, at = 0; i < indices.length; i++, at += 4) {
      const both = ((data[at] >> cut) << BITS) | (data[at + 1] >> cut);
      const key = grey ? data[at] : (both << BITS) | (data[at + 2] >> cut);
      if (known[key] < 0) known[key] = find(data[at], data[at + 1], data[at + 2]);
      indices[i] = known[key];
    }
    return indices;
  };

  /** Each pixel as a square. @type {(indices: Uint8Array, width: number, scale: number) => Uint8Array} */
  const enlarged = (indices, width, scale) => {
    const [wide, high] = [width * scale, (indices.length / width) * scale];
    const out = new Uint8Array(wide * high);
    for (let y = 0; y < high; y++) {
      const row = Math.floor(y / scale) * width;
      for (let x = 0; x < wide; x++) out[y * wide + x] = indices[row + Math.floor(x / scale)];
    }
    return out;
  };

  /** @type {(...values: number[]) => number[]} */
  const shorts = (...values) => values.flatMap((value) => [value & 255, value >> 8]);
  /** @type {(text: string) => number[]} */
  const letters = (text) => [...text].map((letter) => letter.charCodeAt(0));

  lab.encodeGif = async (frames, fps, scale, smooth) => {
    const [width, height] = [frames[0].width * scale, frames[0].height * scale];
    const delays = lab.delays(frames.length, Math.min(fps, FASTEST), 100);
    const parts = [
      Uint8Array.from([...letters("GIF89a"), ...shorts(width, height), 0x70, 0, 0]),
      Uint8Array.from([0x21, 0xff, 11, ...letters("NETSCAPE2.0"), 3, 1, 0, 0, 0]), // repeats for ever
    ];
    for (const [i, frame] of frames.entries()) {
      const { palette, indices } = lab.quantize(frame);
      const table = new Uint8Array(3 * COLOURS);
      palette.forEach((colour, k) => table.set([part(colour, 0), part(colour, 1), part(colour, 2)], 3 * k));
      parts.push(
        Uint8Array.from([0x21, 0xf9, 4, 0, ...shorts(delays[i]), 0, 0]),
        Uint8Array.from([0x2c, ...shorts(0, 0, width, height), 0x87]),
        table,
        lab.compressLzw(
          smooth
            ? nearest(palette, lab.enlargeSmoothly(frame, width, height)) // the palette is of the picture as it is
            : enlarged(indices, frame.width, scale),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve)); // the page goes on meanwhile
    }
    return lab.joinBytes([...parts, Uint8Array.from([0x3b])]);
  };

  lab.joinBytes = (parts) => {
    const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    parts.reduce((at, one) => (out.set(one, at), at + one.length), 0);
    return out;
  };
})();
