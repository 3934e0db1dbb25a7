// A generator in WebAssembly: a pack in, pixels out. It lays out the memory for net.wasm and calls its layers in order.

const CROSSED_SIDE = 8; // as in gan/networks/resnet.py: where, how sharply and how far beyond the edges two are crossed
const SHARPNESS = 2;
const MARGIN = 2;

const PAGE = 65536; // bytes of a page of WebAssembly memory; the first is net.wasm's own stack

/** The weights of a 3x3 convolution (co, ci, 3, 3) as net.c reads them, (co/8, 3, 3, ci, 8), or for the last (co, 3, 3, ci). */
/** @type {(from: Float32Array, ci: number, together: number) => Float32Array} */
const orderKernel = (from, ci, together) => {
  const to = new Float32Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const [tap, into, out] = [i % 9, Math.floor(i / 9) % ci, Math.floor(i / (9 * ci))];
    to[((Math.floor(out / together) * 9 + tap) * ci + into) * together + (out % together)] = from[i];
  }
  return to;
};

/** (rows, columns) to (columns, rows). @type {(from: Float32Array, columns: number) => Float32Array} */
const transpose = (from, columns) => {
  const rows = from.length / columns;
  const to = new Float32Array(from.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column];
  return to;
};

/** Rows that are (channel, pixel), of `columns` numbers each, as (pixel, channel). */
/** @type {(from: Float32Array, channels: number, columns: number) => Float32Array} */
const channelsLast = (from, channels, columns) => {
  const pixels = from.length / columns / channels;
  const to = new Float32Array(from.length);
  for (let row = 0; row < pixels * channels; row++) {
    const place = (row % pixels) * channels + Math.floor(row / pixels);
    to.set(from.subarray(row * columns, (row + 1) * columns), place * columns);
  }
  return to;
};

/**
 * Make a generator. `draw` returns the pixels (size, size, 4) for a latent and class weights, valid until the next call.
 * A generator that uses another processor can take its place: whoever calls it waits for what `draw` returns.
 * @type {(module: WebAssembly.Module, pack: Pack) => Promise<EngineGenerator>}
 */
export const makeGenerator = async (module, { config, tensors }) => {
  const { z_dim, channels, classes, maps, size } = config;
  const inputs = z_dim + classes;
  let top = PAGE;
  /** @type {(numbers: number) => number} */
  const reserve = (numbers) => {
    const at = top;
    top += Math.ceil(numbers / 4) * 16;
    return at;
  };
  /** @type {[number, Float32Array][]} */
  const contents = [];
  /** @type {(numbers: Float32Array) => number} */
  const place = (numbers) => {
    const at = reserve(numbers.length);
    contents.push([at, numbers]);
    return at;
  };
  /** @type {(name: string) => Float32Array} */
  const tensor = (name) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`${name} is missing`);
    return found;
  };
  /** @type {((layers: any) => void)[]} */
  const steps = [];

  const [[side, wide]] = maps;
  const last = maps[maps.length - 1][1] / 2;
  const most = Math.max(...maps.map(([own, at]) => own * own * at), size * size * last);
  const [input, map, smaller, pixels] = [reserve(inputs), reserve(most), reserve(most), reserve(size * size)];
  /** @type {Map<string, number>} */
  const padded = new Map(); // borders stay zero, so maps of one size share theirs
  /** @type {(own: number, at: number, which: number) => number} */
  const padding = (own, at, which) => {
    const key = [own, at, which].join();
    if (!padded.has(key)) padded.set(key, reserve((own + 2) ** 2 * at));
    return padded.get(key) ?? 0;
  };
  /** @type {(name: string, into: number, together: number) => [number, number]} */
  const convolution = (name, into, together) => [
    place(orderKernel(tensor(`${name}.weight`), into, together)),
    place(tensor(`${name}.bias`)),
  ];
  /** @type {(name: string, own: number, at: number) => void} */
  const block = (name, own, at) => {
    const [first, second] = ["conv1", "conv2"].map((each) => convolution(`${name}.${each}`, at, 8));
    const [a, b] = [padding(own, at, 0), padding(own, at, 1)];
    steps.push((layers) => {
      layers.activate(map, a, own, own, at);
      layers.conv_activate(a, ...first, b, own, own, at, at);
      layers.conv_add(b, ...second, map, own, own, at, at);
    });
  };
  /** @type {(name: string, own: number, into: number, out: number) => void} */
  const enlarge = (name, own, into, out) => {
    const kernel = into === out ? 0 : place(transpose(tensor(`${name}.project.weight`), into));
    steps.push((layers) => {
      if (kernel) layers.project(map, kernel, smaller, own * own, into, out);
      else heap.copyWithin(smaller / 4, map / 4, map / 4 + own * own * into);
      layers.enlarge(smaller, map, own, own, out);
    });
  };

  let crossed = 0; // steps until the maps on which two pictures are crossed are made
  let [sideThere, wideThere] = [side, wide];
  const dense = place(transpose(channelsLast(tensor("dense.weight"), wide, inputs), inputs));
  const bias = place(channelsLast(tensor("dense.bias"), wide, 1));
  steps.push((layers) => layers.dense(input, dense, bias, map, inputs, wide * side * side));
  block("stages.0.0", side, wide);
  block("stages.0.1", side, wide);
  crossed = steps.length;
  maps.slice(1).forEach(([own, at], i) => {
    enlarge(`stages.${i + 1}.0`, maps[i][0], maps[i][1], at);
    block(`stages.${i + 1}.1`, own, at);
    if (own > CROSSED_SIDE) return;
    crossed = steps.length;
    [sideThere, wideThere] = [own, at];
  });
  enlarge("enlarge", size / 2, 2 * last, last);
  const [kernel, shift] = convolution("to_picture", last, 1);
  const inside = padding(size, last, 0);
  steps.push((layers) => {
    layers.activate(map, inside, size, size, last);
    layers.paint(inside, kernel, shift, pixels, size, size, last, channels);
  });

  const memory = new WebAssembly.Memory({ initial: Math.ceil(top / PAGE) });
  const heap = new Float32Array(memory.buffer);
  for (const [at, numbers] of contents.splice(0)) heap.set(numbers, at / 4);
  const layers = (await WebAssembly.instantiate(module, { env: { memory } })).exports;
  const scale = Math.fround(Math.sqrt(classes));
  /** The maps of one picture until they can be crossed. @type {(z: Float32Array, y: Float32Array) => void} */
  const begin = (z, y) => {
    heap.set(z, input / 4);
    y.forEach((weight, i) => (heap[input / 4 + z_dim + i] = weight * scale));
    for (const step of steps.slice(0, crossed)) step(layers);
  };
  /** Put the upper part of other maps over those that are there. @type {(upper: Float32Array, border: number) => void} */
  const join = (upper, border) => {
    const reached = border * (sideThere + 2 * MARGIN) - MARGIN;
    const wideRow = sideThere * wideThere;
    for (let row = 0; row < sideThere; row++) {
      const share = 1 / (1 + Math.exp(-SHARPNESS * (reached - row - 0.5)));
      for (let i = row * wideRow; i < (row + 1) * wideRow; i++) {
        const lower = heap[map / 4 + i];
        heap[map / 4 + i] = lower + share * (upper[i] - lower);
      }
    }
  };
  return {
    draw(z, y, cross) {
      begin(z, y);
      if (cross) {
        const upper = heap.slice(map / 4, map / 4 + sideThere ** 2 * wideThere);
        begin(cross.z, cross.y);
        join(upper, cross.border);
      }
      for (const step of steps.slice(crossed)) step(layers);
      return new Uint8ClampedArray(memory.buffer, pixels, 4 * size * size);
    },
  };
};
