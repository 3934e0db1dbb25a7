// A run's networks and counters, and its steps: what gan/training/trainer.py and step.py do, for points.
import { randomNormal, randomWords } from "../engine/random.mjs";
import { makeMemory } from "./memory.mjs";
import { LOSSES, PENALTIES } from "./objectives.mjs";
import { makeOrder, stepWords, uniform } from "./order.mjs";
import { drawWeights, makePerceptron } from "./perceptron.mjs";

const HIDDEN = 4; // layers of each network, 2 · width wide
const WAVES = 16; // of the Fourier features
const ROWS = 256; // that there is always room for, to draw with
const { fround } = Math;
const FREQUENCIES = Array.from({ length: WAVES }, (_, i) => {
  const angle = (i * Math.PI) / WAVES;
  const length = i % 2 ? 3 : 1.5;
  return [fround(fround(Math.cos(angle)) * length), fround(fround(Math.sin(angle)) * length)];
});

/** @type {(module: WebAssembly.Module, config: PlaneConfig, data: Float32Array) => Promise<PlaneTrainer>} */
export const makeTrainer = async (module, config, data) => {
  const memory = await makeMemory(module);
  const { kernels, numbers } = memory;
  const { z_dim: latent, seed } = config;
  const fourier = config.network === "points-fourier";
  const hidden = new Array(HIDDEN).fill(2 * config.width);
  const generator = makePerceptron(memory, [latent, ...hidden, 2]);
  const critic = makePerceptron(memory, [fourier ? 2 + 2 * WAVES : 2, ...hidden, 1]);
  const average = memory.reserve(generator.size);
  const room = memory.top();
  const next = makeOrder(seed, data.length / 2);
  const [pointWide, inputWide] = [generator.layers[HIDDEN].out, critic.layers[0].into];
  const logitWide = critic.layers[HIDDEN].out;
  let rows = 0; // that there is room for

  /** @type {PlaneTrainer["state"]} */
  const state = { shown: 0, step: 0, seconds: 0, rateScale: 1, rollbacks: 0, lastRollback: 0 };

  const layOut = () => {
    const wanted = Math.max(ROWS, 3 * config.batch_size);
    if (wanted === rows) return;
    rows = wanted;
    memory.release(room);
    generator.layOut(rows);
    critic.layOut(rows);
  };

  /** Let the critic's input `row` be a point. @type {(inputs: Float32Array, row: number, x: number, y: number) => void} */
  const place = (inputs, row, x, y) => {
    const at = row * inputWide;
    inputs[at] = x;
    inputs[at + 1] = y;
    if (!fourier) return;
    FREQUENCIES.forEach(([across, up], w) => {
      const phase = fround(fround(x * across) + fround(y * up));
      inputs[at + 2 + w] = Math.sin(phase);
      inputs[at + 2 + WAVES + w] = Math.cos(phase);
    });
  };

  /** The slope of a logit on its point, from that on the critic's input. @type {(row: number) => [number, number]} */
  const slopeAt = (row) => {
    const from = critic.room();
    const slopes = numbers(from.inputSlopes + 4 * row * inputWide, inputWide);
    let [x, y] = slopes;
    if (fourier) {
      const inputs = numbers(from.inputs + 4 * row * inputWide, inputWide);
      FREQUENCIES.forEach(([across, up], w) => {
        const [sine, cosine] = [2 + w, 2 + WAVES + w];
        const along = inputs[cosine] * slopes[sine] - inputs[sine] * slopes[cosine];
        x += across * along;
        y += up * along;
      });
    }
    return [x, y];
  };

  /** Let a tangent on the critic's input `row` be that of its point's. @type {(tangents: Float32Array, row: number, x: number, y: number) => void} */
  const placeTangent = (tangents, row, x, y) => {
    const at = row * inputWide;
    tangents.fill(0, at, at + inputWide);
    tangents[at] = x;
    tangents[at + 1] = y;
    if (!fourier) return;
    const inputs = numbers(critic.room().inputs + 4 * at, inputWide);
    FREQUENCIES.forEach(([across, up], w) => {
      const along = across * x + up * y;
      tangents[at + 2 + w] = inputs[2 + WAVES + w] * along;
      tangents[at + 2 + WAVES + w] = -inputs[2 + w] * along;
    });
  };

  /** @type {(points: number[] | Float32Array, weights?: number) => Float32Array} */
  const generate = (latents, weights) => {
    const count = latents.length / latent;
    const wide = generator.layers[0].into;
    const inputs = numbers(generator.room().inputs, count * wide);
    for (let i = 0; i < count; i++) inputs.set(latents.slice(i * latent, (i + 1) * latent), i * wide);
    const made = numbers(generator.forward(count, weights), count * pointWide);
    return Float32Array.from({ length: 2 * count }, (_, i) => made[(i >> 1) * pointWide + (i & 1)]);
  };

  /** The logits of points. @type {(points: Float32Array) => Float32Array} */
  const judge = (points) => {
    const count = points.length / 2;
    const inputs = numbers(critic.room().inputs, count * inputWide);
    for (let i = 0; i < count; i++) place(inputs, i, points[2 * i], points[2 * i + 1]);
    const logits = numbers(critic.forward(count), count * logitWide);
    return Float32Array.from({ length: count }, (_, i) => logits[i * logitWide]);
  };

  /** Slopes of the logits of the first so many points that were judged on everything before them. @type {(count: number) => void} */
  const differentiateLogits = (count) => {
    const slopes = numbers(critic.room().slopes[HIDDEN], count * logitWide).fill(0);
    for (let i = 0; i < count; i++) slopes[i * logitWide] = 1;
    critic.backward(count);
  };

  /** @type {(words: () => number, real?: Float32Array) => PlaneBatch} */
  const drawBatch = (words, real) => {
    const count = config.batch_size;
    const z = randomNormal(words, count * latent);
    const mix = Array.from({ length: count }, () => uniform(words));
    if (real) return { real, z, mix };
    const chosen = next(state.shown, count);
    return { real: Float32Array.from({ length: 2 * count }, (_, i) => data[2 * chosen[i >> 1] + (i & 1)]), z, mix };
  };

  /** The penalty's value; adds its slope on the critic's slopes as tangents. @type {(penalty: PlanePenalty, weight: number, first: number) => number} */
  const penalise = (penalty, weight, first) => {
    const count = config.batch_size;
    const tangents = numbers(critic.room().tangents[0], rows * inputWide).fill(0);
    let value = 0;
    const from = { real: 0, fake: count, mix: first };
    for (const name of penalty.at) {
      for (let row = from[name]; row < from[name] + count; row++) {
        const [x, y] = slopeAt(row);
        const [part, factor] = penalty.of(x * x + y * y);
        value += part / count;
        placeTangent(tangents, row, (weight * factor * x) / count, (weight * factor * y) / count);
      }
    }
    return value;
  };

  /** @type {PlaneTrainer["criticGradient"]} */
  const criticGradient = ({ real, z, mix }, weight) => {
    const count = config.batch_size;
    const penalty = weight > 0 ? PENALTIES[config.penalty] : null;
    const fake = generate(z);
    const mixed = penalty?.at.includes("mix")
      ? real.map((value, i) => value + fround(mix[i >> 1] * fround(fake[i] - value)))
      : new Float32Array(0);
    const points = new Float32Array(4 * count + mixed.length);
    points.set(real);
    points.set(fake, 2 * count);
    points.set(mixed, 4 * count);
    const logits = judge(points);
    const all = logits.length;
    differentiateLogits(all);
    const shares = numbers(critic.room().shares, all).fill(0);
    let [loss, right] = [0, 0];
    for (let i = 0; i < count; i++) {
      const [value, onReal, onFake] = LOSSES[config.loss].critic(logits[i], logits[count + i]);
      loss += value / count;
      right += Number(logits[i] > logits[count + i]) / count;
      shares[i] = onReal / count;
      shares[count + i] = onFake / count;
    }
    const value = penalty ? penalise(penalty, weight, 2 * count) : 0;
    critic.differentiate(all, Boolean(penalty));
    return { critic_loss: loss, penalty: value, accuracy: right, critic_gradient: critic.gradientLength() };
  };

  /** @type {PlaneTrainer["generatorGradient"]} */
  const generatorGradient = ({ real, z }) => {
    const count = config.batch_size;
    const { generator: valueOf, readsReal } = LOSSES[config.loss];
    const fake = generate(z);
    const points = new Float32Array(readsReal ? 4 * count : 2 * count);
    points.set(fake);
    if (readsReal) points.set(real, 2 * count);
    const logits = judge(points);
    differentiateLogits(count);
    const at = generator.room();
    const slopes = numbers(at.slopes[HIDDEN], count * pointWide).fill(0);
    let loss = 0;
    for (let i = 0; i < count; i++) {
      const [value, onFake] = valueOf(readsReal ? logits[count + i] : 0, logits[i]);
      loss += value / count;
      const [x, y] = slopeAt(i);
      slopes[i * pointWide] = (onFake * x) / count;
      slopes[i * pointWide + 1] = (onFake * y) / count;
    }
    numbers(at.shares, count).fill(1);
    generator.backward(count);
    generator.differentiate(count, false);
    return { generator_loss: loss, generator_gradient: generator.gradientLength() };
  };

  /** @type {(network: Perceptron, ratio: number) => void} */
  const update = (network, ratio) => {
    const left = (config.images - state.shown) / config.images;
    const anneal = config.anneal ? Math.min(1, Math.max(left, 0) / config.anneal) : 1;
    const rate = config.learning_rate * anneal * state.rateScale * ratio;
    network.update(config.optimizer, rate, config.beta1, config.beta2);
  };

  const followWithAverage = () => {
    const { ema_images: half, batch_size: batch, critic_steps: steps } = config;
    const decay = 0.5 ** ((batch * steps) / Math.max(Math.min(half, Math.max(state.shown, 1) * 0.1), 1e-8));
    kernels.follow(average, generator.weights, generator.size, 1 - decay);
  };

  /** @type {PlaneTrainer["advance"]} */
  const advance = (move) => {
    layOut();
    const words = stepWords(seed, state.step);
    words(); // torch's run draws a seed of dropout masks here, of 64 bits
    words();
    /** @type {PlaneNumbers} */
    const result = {};
    /** @type {Float32Array | undefined} */
    let real;
    for (let i = move === "both" ? config.critic_steps : 1; move !== "generator" && i > 0; i--) {
      const { gamma, penalty_every: every, batch_size: count } = config;
      const due = Math.floor(state.shown / count) % every === 0;
      const rate = state.shown; // of before this step's points
      const batch = drawBatch(words);
      Object.assign(result, criticGradient(batch, due ? gamma * every : 0));
      real = batch.real;
      update(critic, config.critic_lr_ratio);
      if (config.clip) kernels.clip(critic.weights, critic.size, config.clip);
      state.shown = rate + count;
    }
    if (move !== "critic") {
      Object.assign(result, generatorGradient(drawBatch(words, real)));
      update(generator, 1);
      followWithAverage();
    }
    state.step++;
    return result;
  };

  const words = randomWords(seed);
  generator.initialise(words);
  if (fourier) drawWeights(words, [2, ...hidden, 1]); // it is made as a plain one first
  critic.initialise(words);
  numbers(average, generator.size).set(numbers(generator.weights, generator.size));
  layOut();

  return {
    state,
    config: () => config,
    advance,
    drawBatch: () => (layOut(), drawBatch(stepWords(seed, state.step))),
    criticGradient,
    generatorGradient,
    networks: { generator, critic },
    numbers,

    /** Go on with other settings; a new optimiser knows nothing. */
    change: (settings) => {
      const { optimizer, beta1 } = config;
      config = { ...config, ...settings };
      if (optimizer !== config.optimizer || beta1 !== config.beta1) [generator, critic].forEach((one) => one.forget());
    },

    /** What the averaged generator makes of latents, (count, latent). */
    sample: (latents) => inParts(latents, latent, (part) => generate(part, average)),
    /** The critic's logits of points (count, 2). */
    judge: (points) => inParts(points, 2, judge),
    /** The slope of the logit of each of at most ROWS points. */
    slopes: (points) => {
      judge(points);
      differentiateLogits(points.length / 2);
      return Float32Array.from({ length: points.length }, (_, i) => slopeAt(i >> 1)[i & 1]);
    },

    save: () => ({
      counters: { ...state },
      networks: [generator.save(), critic.save()],
      average: numbers(average, generator.size).slice(),
    }),
    restore: (saved) => {
      Object.assign(state, saved.counters);
      [generator, critic].forEach((network, i) => network.restore(saved.networks[i]));
      numbers(average, generator.size).set(saved.average);
    },
  };
};

/** @type {(values: Float32Array, wide: number, of: (part: Float32Array) => Float32Array) => Float32Array} */
const inParts = (values, wide, of) => {
  const parts = [];
  for (let at = 0; at < values.length; at += ROWS * wide) parts.push(of(values.subarray(at, at + ROWS * wide)));
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
};
