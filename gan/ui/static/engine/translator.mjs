// A translator in WebAssembly: a pack and pixels in, pixels out. It calls the layers of net.wasm in order.
import { beginLayout } from "./layout.mjs";

/**
 * The colours of a picture at the places that maps of `count` numbers a pixel point to, each map's softmax taken as
 * shares: into `heap` at `to`. at: where row y of the picture begins, `planes` numbers a pixel. All in numbers.
 * @type {(heap: Float32Array, maps: number, count: number, at: (y: number) => number, planes: number, channels: number, size: number, to: number) => void}
 */
const findColours = (heap, maps, count, at, planes, channels, size, to) => {
  for (let k = 0; k < count; k++) {
    let most = -Infinity;
    for (let i = 0; i < size * size; i++) most = Math.max(most, heap[maps + i * count + k]);
    const sums = new Float64Array(channels);
    let total = 0;
    for (let y = 0, i = maps + k; y < size; y++) {
      for (let x = 0, from = at(y); x < size; x++, i += count, from += planes) {
        const share = Math.exp(heap[i] - most);
        total += share;
        for (let c = 0; c < channels; c++) sums[c] += share * heap[from + c];
      }
    }
    for (let c = 0; c < channels; c++) heap[to + channels * k + c] = sums[c] / total;
  }
};

const leaky = (/** @type {number} */ value) => Math.max(value, 0.2 * value);

/** The inner product of row k of a matrix with a vector. @type {(matrix: Float32Array, k: number, by: Float32Array) => number} */
const inner = (matrix, k, by) => by.reduce((sum, value, i) => sum + value * matrix[k * by.length + i], 0);

/** @type {(logits: Float32Array) => Float32Array} */
const softmax = (logits) => {
  const most = Math.max(...logits);
  const shares = logits.map((value) => Math.exp(value - most));
  const total = shares.reduce((sum, share) => sum + share);
  return shares.map((share) => share / total);
};

/** Dense weights (out, channels, pixels) as net.c reads them for a map, (pixels, channels, out). */
/** @type {(from: Float32Array, channels: number, pixels: number) => Float32Array} */
const flattened = (from, channels, pixels) => {
  const [to, inputs] = [new Float32Array(from.length), channels * pixels];
  const out = from.length / inputs;
  for (let i = 0; i < from.length; i++) {
    const [o, c, p] = [Math.floor(i / inputs), Math.floor(i / pixels) % channels, i % pixels];
    to[(p * channels + c) * out + o] = from[i];
  }
  return to;
};

const GREY = [0.299, 0.587, 0.114]; // of red, green and blue

/**
 * Make a translator of all sides of a pack. `translate` returns the pixels (size, size, 4) that RGB ones of that size
 * become, valid until the next call; told: of a translation to b, as many numbers as there are conditions.
 * @type {(module: WebAssembly.Module, pack: { config: TranslatorConfig, tensors: Map<string, Float32Array> }) => Promise<EngineTranslator>}
 */
export const makeTranslator = async (module, { config, tensors }) => {
  const { size, channels, conditions, colours, found, own: constant, insight, widths, sides } = config;
  const { reserve, place, tensor, padding, convolution, block, enlarge, finish } = beginLayout(tensors);
  const sizes = widths.map((_, i) => size / 2 ** i);
  const most = Math.max(
    ...widths.map((wide, i) => wide * sizes[i] ** 2),
    ...widths.map((wide, i) => wide * sizes[Math.max(0, i - 1)] ** 2),
  );
  const [map, smaller, pixels] = [reserve(most), reserve(most), reserve(size * size)];
  const seen = insight.length ? reserve(most) : 0;
  const skips = widths.slice(0, -1).map((wide, i) => reserve(wide * sizes[i] ** 2));

  /** @type {(side: string) => { input: number, planes: number, steps: EngineStep[], palette: number }} */
  const towards = (side) => {
    const own = `towards.${side}`;
    const planes = channels + (side === "b" ? conditions : 0);
    const input = padding(size, planes, 2);
    /** @type {EngineStep[]} */
    const steps = [];
    /** From the picture to a map. @type {(name: string, to: number) => void} */
    const begin = (name, to) => {
      const [first, shift] = convolution(`${name}.from_picture`, planes, 8);
      steps.push(({ layers, heap }) => {
        heap.fill(0, to / 4, to / 4 + widths[0] * size * size);
        layers.conv_add(input, first, shift, to, size, size, planes, widths[0]);
      });
    };
    /** From a map of place i to one of the next. @type {(name: string, i: number, from: number, to: number) => void} */
    const halve = (name, i, from, to) => {
      const [kernel, bias] = convolution(`${name}.down.${i}`, widths[i], 8, 16);
      const [inside, half] = [padding(sizes[i], widths[i], 0), sizes[i + 1]];
      steps.push(({ layers }) => {
        layers.activate(from, inside, sizes[i], sizes[i], widths[i]);
        layers.halve(inside, kernel, bias, to, half, half, widths[i], widths[i + 1]);
      });
    };
    begin(own, skips[0]);
    widths.slice(1).forEach((_, i) => halve(own, i, skips[i], skips[i + 1] ?? map));
    const loud = insight[2];
    if (insight.length && side === "b") {
      const [name, last] = [`${own}.insight`, widths.length - 1];
      begin(name, seen);
      widths.slice(1).forEach((wide, i) => {
        halve(name, i, seen, seen);
        steps.push(block(`${name}.blocks.${i}`, seen, sizes[i + 1], wide));
      });
      const [wide, count] = [widths[last], sizes[last] ** 2];
      const [flat, hidden] = [reserve(wide * count), tensor(`${name}.dense.bias`)];
      const [kernel, bias] = [place(flattened(tensor(`${name}.dense.weight`), wide, count)), place(hidden)];
      const [features, answers] = [reserve(hidden.length), reserve(wide)];
      const [weight, offset, added] = ["insight.answer.weight", "insight.answer.bias", "from_insight.weight"].map(
        (each) => tensor(`${own}.${each}`),
      );
      steps.push(({ layers, heap }) => {
        for (let i = 0; i < wide * count; i++) heap[flat / 4 + i] = leaky(heap[seen / 4 + i]);
        layers.dense(flat, kernel, bias, features, wide * count, hidden.length);
        const found = heap.slice(features / 4, features / 4 + hidden.length).map(leaky);
        const shares = softmax(offset.map((value, k) => value + inner(weight, k, found))).map((share) => loud * share);
        for (let c = 0; c < wide; c++) heap[answers / 4 + c] = inner(added, c, shares);
        for (let i = 0; i < wide * count; i++) heap[map / 4 + i] += heap[answers / 4 + (i % wide)];
      });
    }
    const told = side === "b" ? colours.length : 0; // then there is a block at full size, too
    const deepest = widths.length - 1;
    steps.push(block(`${own}.middle.0`, map, sizes[deepest], widths[deepest]));
    steps.push(block(`${own}.middle.1`, map, sizes[deepest], widths[deepest]));
    for (let i = deepest - 1; i >= 0; i--) {
      const place = deepest - 1 - i;
      steps.push(enlarge(`${own}.up.${place}`, map, smaller, sizes[i + 1], widths[i + 1], widths[i]));
      steps.push(({ layers }) => layers.add_map(skips[i], map, widths[i] * sizes[i] ** 2));
      if (i > 0 || told) steps.push(block(`${own}.blocks.${place}`, map, sizes[i], widths[i]));
    }
    const inside = padding(size, widths[0], 0);
    // Without a change of its own, one of zeros: that is less than net.wasm would need for none.
    const change = found
      ? [reserve(9 * widths[0] * channels), reserve(channels)]
      : convolution(`${own}.to_change`, widths[0], 1);
    const mix = told + found ? convolution(`${own}.to_mix`, widths[0], 1) : null;
    const palette = reserve(channels * (told + found + constant));
    const learnt = mix && constant ? tensor(`${own}.colours`) : [];
    steps.push(({ layers }) => layers.activate(map, inside, size, size, widths[0]));
    if (found) {
      const [places, offset] = convolution(`${own}.to_places`, widths[0], 8);
      const maps = reserve(found * size * size);
      const row = (/** @type {number} */ y) => input / 4 + ((y + 1) * (size + 2) + 1) * planes;
      steps.push(({ layers, heap }) => {
        heap.fill(0, maps / 4, maps / 4 + found * size * size);
        layers.conv_add(inside, places, offset, maps, size, size, widths[0], found);
        findColours(heap, maps / 4, found, row, planes, channels, size, palette / 4 + channels * told);
      });
    }
    steps.push(({ layers, heap }) => {
      const [to, from] = [
        [pixels, size, size, widths[0], channels],
        [inside, ...change, input, planes],
      ];
      if (!mix) return layers.paint_change(...from, ...to);
      heap.set(learnt, palette / 4 + channels * (told + found));
      layers.paint_palette(...from, ...mix, palette, told + found + constant, ...to);
    });
    return { input, planes, steps, palette };
  };

  const ways = new Map(sides.map((side) => [side, towards(side)]));
  const machine = await finish(module);
  const { heap, memory } = machine;
  return {
    translate(rgb, to, told) {
      const way = ways.get(to);
      if (!way) throw new Error(`this translator does not translate to ${to}`);
      const { input, planes, steps, palette } = way;
      for (let y = 0, from = 0; y < size; y++) {
        let at = input / 4 + ((y + 1) * (size + 2) + 1) * planes;
        for (let x = 0; x < size; x++, from += 3, at += planes) {
          if (channels === 3) for (let c = 0; c < 3; c++) heap[at + c] = rgb[from + c] / 127.5 - 1;
          else heap[at] = Math.round(GREY.reduce((sum, share, c) => sum + share * rgb[from + c], 0)) / 127.5 - 1;
          for (let k = channels; k < planes; k++) heap[at + k] = 2 * (told?.[k - channels] ?? 0.5) - 1;
        }
      }
      if (to === "b")
        colours.forEach((at, i) => {
          for (let c = 0; c < 3; c++) heap[palette / 4 + 3 * i + c] = 2 * (told?.[at + c] ?? 0.5) - 1;
        });
      for (const step of steps) step(machine);
      return new Uint8ClampedArray(memory.buffer, pixels, 4 * size * size);
    },
  };
};
