// The memory of points.wasm: numbers side by side, the lasting ones first, then room that is laid out anew for more rows.

const PAGE = 65536; // bytes of a page of WebAssembly memory; the first is points.wasm's own stack

/** The next multiple of eight, which the columns of a matrix are filled up to. @type {(n: number) => number} */
export const filled = (n) => (n + 7) & ~7;

/** @type {(module: WebAssembly.Module) => Promise<PlaneMemory>} */
export const makeMemory = async (module) => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  let top = PAGE;
  let heap = new Float32Array(memory.buffer);
  return {
    kernels: /** @type {any} */ (exports),
    reserve: (numbers) => {
      const at = top;
      top += Math.ceil(numbers / 4) * 16;
      const missing = Math.ceil((top - memory.buffer.byteLength) / PAGE);
      if (missing > 0) {
        memory.grow(missing);
        heap = new Float32Array(memory.buffer); // the old one is of no use now
      }
      return at;
    },
    top: () => top,
    release: (to) => void (top = to),
    numbers: (at, count) => heap.subarray(at / 4, at / 4 + count),
  };
};
