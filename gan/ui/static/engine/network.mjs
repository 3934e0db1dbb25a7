// A generator in WebAssembly: a pack in, pixels out. It calls the layers of net.wasm in order.
import { beginLayout, transpose } from "./layout.mjs";

const CROSSED_SIDE = 8; // as in gan/networks/resnet.py: where, how sharply and how far beyond the edges two are crossed
const SHARPNESS = 2;
const MARGIN = 2;
const EDITED_SIDE = 7; // pixels of a side, at least, of the map that a found picture's offsets belong to

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

/** @type {(place: number) => number} */
const none = () => 0;

/**
 * Scale and shift the channels of a map, row by row: by its own values, or by those of two pictures that are crossed.
 * @type {(heap: Float32Array, map: number, modulation: EngineModulation, share: (place: number) => number) => void}
 */
const scaleAndShift = (heap, map, { values, upper, own, at }, share) => {
  const now = new Float32Array(2 * at);
  for (let row = 0, place = map / 4; row < own; row++) {
    const part = share((row + 0.5) / own);
    for (let c = 0; c < 2 * at; c++) {
      const value = heap[values / 4 + c];
      now[c] = part ? value + part * (heap[upper / 4 + c] - value) : value;
    }
    for (let pixel = 0; pixel < own; pixel++)
      for (let c = 0; c < at; c++, place++) heap[place] = heap[place] * (1 + now[c]) + now[at + c];
  }
};

/**
 * Make a generator. `draw` returns the pixels (size, size, 4) for a latent and class weights, valid until the next call.
 * A generator that uses another processor can take its place: whoever calls it waits for what `draw` returns.
 * @type {(module: WebAssembly.Module, pack: Pack) => Promise<EngineGenerator>}
 */
export const makeGenerator = async (module, { config, tensors }) => {
  const { z_dim, channels, classes, maps, size, modulated } = config;
  const inputs = z_dim + classes;
  const { reserve, place, tensor, padding, convolution, block, enlarge, finish } = beginLayout(tensors);
  /** @type {EngineStep[]} */
  const steps = [];

  const [[side, wide]] = maps;
  const last = maps[maps.length - 1][1] / 2;
  const most = Math.max(...maps.map(([own, at]) => own * own * at), size * size * last);
  const [input, map, smaller, pixels] = [reserve(inputs), reserve(most), reserve(most), reserve(size * size)];

  /** What the latent does to each map, besides being the first. @type {EngineModulation[]} */
  const modulations = [];
  /** The step that does it to the map of a side, where the network has that. @type {(own: number, at: number) => void} */
  const modulate = (own, at) => {
    if (!modulated) return;
    const name = `modulate.${modulations.length}`;
    const [kernel, bias] = [place(transpose(tensor(`${name}.weight`), inputs)), place(tensor(`${name}.bias`))];
    const modulation = { kernel, bias, values: reserve(2 * at), upper: reserve(2 * at), own, at };
    modulations.push(modulation);
    steps.push(({ heap }) => scaleAndShift(heap, map, modulation, upperShare));
  };
  /** The share of the upper picture, while two are crossed, at a place from the top (0) to the bottom (1). */
  /** @type {(place: number) => number} */
  let upperShare = none;
  let crossed = 0; // steps until the maps on which two pictures are crossed are made
  const reached = maps.findIndex(([own]) => own >= EDITED_SIDE);
  let edited = 1; // steps until the map that offsets are added to
  let [sideThere, wideThere] = [side, wide];
  const dense = place(transpose(channelsLast(tensor("dense.weight"), wide, inputs), inputs));
  const bias = place(channelsLast(tensor("dense.bias"), wide, 1));
  steps.push(({ layers }) => layers.dense(input, dense, bias, map, inputs, wide * side * side));
  steps.push(block("stages.0.0", map, side, wide));
  steps.push(block("stages.0.1", map, side, wide));
  crossed = steps.length;
  maps.slice(1).forEach(([own, at], i) => {
    steps.push(enlarge(`stages.${i + 1}.0`, map, smaller, maps[i][0], maps[i][1], at));
    modulate(own, at);
    steps.push(block(`stages.${i + 1}.1`, map, own, at));
    if (i + 1 === reached) edited = steps.length;
    if (own > CROSSED_SIDE) return;
    crossed = steps.length;
    [sideThere, wideThere] = [own, at];
  });
  steps.push(enlarge("enlarge", map, smaller, size / 2, 2 * last, last));
  modulate(size, last);
  if (modulated) steps.push(block("full_size", map, size, last));
  const [kernel, shift] = convolution("to_picture", last, 1);
  const inside = padding(size, last, 0);
  steps.push(({ layers }) => {
    layers.activate(map, inside, size, size, last);
    layers.paint(inside, kernel, shift, pixels, size, size, last, channels);
  });

  const machine = await finish(module);
  const { heap, memory } = machine;
  const scale = Math.fround(Math.sqrt(classes));
  /** @type {(z: Float32Array, y: Float32Array) => void} */
  const fill = (z, y) => {
    heap.set(z, input / 4);
    y.forEach((weight, i) => (heap[input / 4 + z_dim + i] = weight * scale));
    for (const { kernel, bias, values, at } of modulations)
      machine.layers.dense(input, kernel, bias, values, inputs, 2 * at);
  };
  /** The maps of one picture until they can be crossed. @type {(z: Float32Array, y: Float32Array) => void} */
  const begin = (z, y) => {
    fill(z, y);
    for (const step of steps.slice(0, crossed)) step(machine);
  };
  /** Put the upper part of other maps over those that are there. @type {(upper: Float32Array, border: number) => void} */
  const join = (upper, border) => {
    const reached = border * (sideThere + 2 * MARGIN) - MARGIN;
    const wideRow = sideThere * wideThere;
    upperShare = (place) => 1 / (1 + Math.exp(-SHARPNESS * (reached - place * sideThere)));
    for (let row = 0; row < sideThere; row++) {
      const share = upperShare((row + 0.5) / sideThere);
      for (let i = row * wideRow; i < (row + 1) * wideRow; i++) {
        const lower = heap[map / 4 + i];
        heap[map / 4 + i] = lower + share * (upper[i] - lower);
      }
    }
  };
  /** The map with offsets, (channels, pixels) as a server sends them, added to it. @type {(offsets: Float32Array) => void} */
  const shiftMap = (offsets) => {
    const [own, at] = maps[reached];
    if (offsets.length !== own * own * at) throw new Error("offsets are of another map");
    channelsLast(offsets, at, 1).forEach((value, i) => (heap[map / 4 + i] += value));
  };
  return {
    draw(z, y, cross, offsets) {
      upperShare = none;
      if (offsets) {
        fill(z, y);
        for (const step of steps.slice(0, edited)) step(machine);
        shiftMap(offsets);
        for (const step of steps.slice(edited)) step(machine);
        return new Uint8ClampedArray(memory.buffer, pixels, 4 * size * size);
      }
      begin(z, y);
      if (cross) {
        const upper = heap.slice(map / 4, map / 4 + sideThere ** 2 * wideThere);
        for (const { values, upper: kept, at } of modulations)
          heap.copyWithin(kept / 4, values / 4, values / 4 + 2 * at);
        begin(cross.z, cross.y);
        join(upper, cross.border);
      }
      for (const step of steps.slice(crossed)) step(machine);
      return new Uint8ClampedArray(memory.buffer, pixels, 4 * size * size);
    },
  };
};
