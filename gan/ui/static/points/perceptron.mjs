// A fully connected network with leaky ReLU, in the memory of points.wasm: forward, backward, gradients, updates.
//
// With leaky ReLU the slopes of a network are constant wherever its inputs are moved a little. So a penalty on them needs
// no second differentiation: one tangent is sent forward, and one product a layer holds the loss and the penalty.
import { randomNormal } from "../engine/random.mjs";
import { filled } from "./memory.mjs";

const GAIN = Math.sqrt(2 / (1 + 0.2 ** 2)); // as gan/networks/layers.py has it

/** How a network's layers lie in a row of numbers: weights (into, out), then biases. @type {(sizes: number[]) => PlaneLayer[]} */
const layersOf = (sizes) => {
  let at = 0;
  return sizes.slice(1).map((wide, i) => {
    const [into, out] = [filled(sizes[i]), filled(wide)];
    const layer = { from: sizes[i], to: wide, into, out, weight: at, bias: at + into * out };
    at += into * out + out;
    return layer;
  });
};

/**
 * Weights (out, into) of each layer as torch draws them: nn.Linear draws its own first, which are then replaced.
 * @type {(words: () => number, sizes: number[]) => Float32Array[]}
 */
export const drawWeights = (words, sizes) => {
  /** @type {(l: number, gain: number) => Float32Array} */
  const normal = (l, gain) => {
    const scale = gain / Math.sqrt(sizes[l]);
    return randomNormal(words, sizes[l] * sizes[l + 1]).map((value) => value * scale);
  };
  const drawn = sizes.slice(1).map((out, l) => {
    for (let i = 0; i < out * (sizes[l] + 1); i++) words();
    return normal(l, GAIN);
  });
  return drawn.with(-1, normal(drawn.length - 1, 1));
};

/** @type {(memory: PlaneMemory, sizes: number[]) => Perceptron} */
export const makePerceptron = (memory, sizes) => {
  const { kernels } = memory;
  const layers = layersOf(sizes);
  const last = layers[layers.length - 1];
  const size = last.bias + last.out;
  const [weights, gradient, first, second] = Array.from({ length: 4 }, () => memory.reserve(size));
  const turned = layers.map(({ into, out }) => memory.reserve(into * out));
  const widest = Math.max(...layers.flatMap(({ into, out }) => [into, out]));
  /** @type {PerceptronRoom} */
  let room = { inputs: 0, outputs: [], slopes: [], inputSlopes: 0, tangents: [0, 0], weighed: 0, shares: 0 };
  /** @type {(rows: number) => number} */
  const together = (rows) => Math.max(4, rows); // that a product needs
  let updates = 0;

  return {
    layers,
    size,
    weights,
    gradient,
    room: () => room,

    /** Make room for so many rows, all zero. */
    layOut: (rows) => {
      /** @type {(columns: number) => number} */
      const matrix = (columns) => {
        const at = memory.reserve(together(rows) * columns);
        memory.numbers(at, together(rows) * columns).fill(0);
        return at;
      };
      room = {
        inputs: matrix(layers[0].into),
        outputs: layers.map(({ out }) => matrix(out)),
        slopes: layers.map(({ out }) => matrix(out)),
        inputSlopes: matrix(layers[0].into),
        tangents: [matrix(widest), matrix(widest)],
        weighed: matrix(widest),
        shares: matrix(1),
      };
    },

    initialise: (words) => {
      const numbers = memory.numbers(weights, size).fill(0);
      drawWeights(words, sizes).forEach((drawn, l) => {
        const { from, out, weight } = layers[l];
        drawn.forEach((value, i) => (numbers[weight + (i % from) * out + Math.floor(i / from)] = value));
      });
    },

    /** Inputs to outputs, the last of which are the network's; with other weights of the same shape if told. */
    forward: (rows, from = weights) => {
      const { inputs, outputs } = room;
      layers.forEach(({ into, out, weight, bias }, l) => {
        const x = l ? outputs[l - 1] : inputs;
        kernels.product(x, into, 1, from + 4 * weight, from + 4 * bias, outputs[l], together(rows), into, out);
        if (l < layers.length - 1) kernels.leaky(outputs[l], together(rows) * out);
      });
      return outputs[layers.length - 1];
    },

    /** Slopes of some number on the network's outputs to slopes on every layer's sums, and on the inputs. */
    backward: (rows) => {
      const { outputs, slopes, inputSlopes } = room;
      for (let l = layers.length - 1; l >= 0; l--) {
        const { into, out, weight } = layers[l];
        const to = l ? slopes[l - 1] : inputSlopes;
        kernels.transpose(weights + 4 * weight, turned[l], into, out);
        kernels.product(slopes[l], out, 1, turned[l], 0, to, together(rows), out, into);
        if (l) kernels.slope(to, outputs[l - 1], rows * into);
      }
    },

    /**
     * The gradient on the weights of the sum over rows of share x output + tangent . slope on the inputs, both for the
     * slopes that `backward` was given. Shares lie in room().shares, tangents, if told, in room().tangents[0].
     */
    differentiate: (rows, tangent) => {
      const { inputs, outputs, slopes, tangents, weighed, shares } = room;
      let [now, next] = tangents;
      layers.forEach(({ into, out, weight, bias }, l) => {
        kernels.weigh(l ? outputs[l - 1] : inputs, shares, tangent ? now : 0, weighed, rows, into);
        kernels.product(weighed, 1, into, slopes[l], 0, gradient + 4 * weight, into, rows, out);
        kernels.sum_rows(slopes[l], shares, gradient + 4 * bias, rows, out);
        if (!tangent || l === layers.length - 1) return;
        kernels.product(now, into, 1, weights + 4 * weight, 0, next, together(rows), into, out);
        kernels.slope(next, outputs[l], rows * out);
        [now, next] = [next, now];
      });
    },

    gradientLength: () => Math.sqrt(kernels.squares(gradient, size)),

    /** Move the weights along the gradient, as torch's optimiser of that name does. */
    update: (optimizer, rate, beta1, beta2) => {
      updates++;
      if (optimizer === "adam") {
        const [mean, square] = [1 - beta1 ** updates, 1 - beta2 ** updates];
        kernels.adam(weights, gradient, first, second, size, rate / mean, beta1, beta2, 1 / Math.sqrt(square));
      } else if (optimizer === "rmsprop") {
        kernels.rmsprop(weights, gradient, first, second, size, rate, beta1, beta2);
      } else kernels.sgd(weights, gradient, first, size, rate, beta1);
    },

    /** Forget what the optimiser knows. */
    forget: () => {
      updates = 0;
      for (const slot of [first, second]) memory.numbers(slot, size).fill(0);
    },

    save: () => ({ updates, blocks: [weights, first, second].map((at) => memory.numbers(at, size).slice()) }),
    restore: (state) => {
      updates = state.updates;
      [weights, first, second].forEach((at, i) => memory.numbers(at, size).set(state.blocks[i]));
    },
  };
};
