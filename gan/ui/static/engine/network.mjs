// A generator in WebAssembly: a pack in, pixels out. It calls the layers of net.wasm in order.
import { beginLayout, transpose } from "./layout.mjs";

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
  const { reserve, place, tensor, padding, convolution, block, enlarge, finish } = beginLayout(tensors);
  /** @type {EngineStep[]} */
  const steps = [];

  const [[side, wide]] = maps;
  const last = maps[maps.length - 1][1] / 2;
  const most = Math.max(...maps.map(([own, at]) => own * own * at), size * size * last);
  const [input, map, smaller, pixels] = [reserve(inputs), reserve(most), reserve(most), reserve(size * size)];

  const dense = place(transpose(channelsLast(tensor("dense.weight"), wide, inputs), inputs));
  const bias = place(channelsLast(tensor("dense.bias"), wide, 1));
  steps.push(({ layers }) => layers.dense(input, dense, bias, map, inputs, wide * side * side));
  steps.push(block("stages.0.0", map, side, wide));
  steps.push(block("stages.0.1", map, side, wide));
  maps.slice(1).forEach(([own, at], i) => {
    steps.push(enlarge(`stages.${i + 1}.0`, map, smaller, maps[i][0], maps[i][1], at));
    steps.push(block(`stages.${i + 1}.1`, map, own, at));
  });
  steps.push(enlarge("enlarge", map, smaller, size / 2, 2 * last, last));
  const [kernel, shift] = convolution("to_picture", last, 1);
  const inside = padding(size, last, 0);
  steps.push(({ layers }) => {
    layers.activate(map, inside, size, size, last);
    layers.paint(inside, kernel, shift, pixels, size, size, last, channels);
  });

  const machine = await finish(module);
  const { heap, memory } = machine;
  const scale = Math.fround(Math.sqrt(classes));
  return {
    draw(z, y) {
      heap.set(z, input / 4);
      y.forEach((weight, i) => (heap[input / 4 + z_dim + i] = weight * scale));
      for (const step of steps) step(machine);
      return new Uint8ClampedArray(memory.buffer, pixels, 4 * size * size);
    },
  };
};
