// The memory of net.wasm and the order of its calls, laid out layer by layer: what a generator and a translator share.

const PAGE = 65536; // bytes of a page of WebAssembly memory; the first is net.wasm's own stack

/** The weights of a convolution (co, ci, taps) as net.c reads them, (co/together, taps, ci, together). */
/** @type {(from: Float32Array, ci: number, together: number, taps: number) => Float32Array} */
const orderKernel = (from, ci, together, taps) => {
  const to = new Float32Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const [tap, into, out] = [i % taps, Math.floor(i / taps) % ci, Math.floor(i / (taps * ci))];
    to[((Math.floor(out / together) * taps + tap) * ci + into) * together + (out % together)] = from[i];
  }
  return to;
};

/** (rows, columns) to (columns, rows). @type {(from: Float32Array, columns: number) => Float32Array} */
export const transpose = (from, columns) => {
  const rows = from.length / columns;
  const to = new Float32Array(from.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column];
  return to;
};

/** Begin a layout; tensors: of a pack. @type {(tensors: Map<string, Float32Array>) => EngineLayout} */
export const beginLayout = (tensors) => {
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
  /** @type {Map<string, number>} */
  const padded = new Map();
  /** @type {EngineLayout["padding"]} */
  const padding = (own, at, which) => {
    const key = [own, at, which].join();
    if (!padded.has(key)) padded.set(key, reserve((own + 2) ** 2 * at));
    return padded.get(key) ?? 0;
  };
  /** @type {EngineLayout["convolution"]} */
  const convolution = (name, into, together, taps = 9) => [
    place(orderKernel(tensor(`${name}.weight`), into, together, taps)),
    place(tensor(`${name}.bias`)),
  ];

  return {
    reserve,
    place,
    tensor,
    padding,
    convolution,
    block: (name, map, own, at) => {
      const [first, second] = ["conv1", "conv2"].map((each) => convolution(`${name}.${each}`, at, 8));
      const [a, b] = [padding(own, at, 0), padding(own, at, 1)];
      return ({ layers }) => {
        layers.activate(map, a, own, own, at);
        layers.conv_activate(a, ...first, b, own, own, at, at);
        layers.conv_add(b, ...second, map, own, own, at, at);
      };
    },
    enlarge: (name, map, smaller, own, into, out) => {
      const kernel = into === out ? 0 : place(transpose(tensor(`${name}.project.weight`), into));
      return ({ layers, heap }) => {
        if (kernel) layers.project(map, kernel, smaller, own * own, into, out);
        else heap.copyWithin(smaller / 4, map / 4, map / 4 + own * own * into);
        layers.enlarge(smaller, map, own, own, out);
      };
    },
    finish: async (module) => {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(top / PAGE) });
      const heap = new Float32Array(memory.buffer);
      for (const [at, numbers] of contents.splice(0)) heap.set(numbers, at / 4);
      const layers = (await WebAssembly.instantiate(module, { env: { memory } })).exports;
      return { layers: /** @type {any} */ (layers), heap, memory };
    },
  };
};
