// What the tests ask of the training of points in Node: jobs on standard input as JSON, numbers in files as float32.
import { readFileSync, writeFileSync } from "node:fs";

const points = new URL("../../gan/ui/static/points/", import.meta.url);
const load = (name) => import(new URL(name, points));
const { makeTrainer } = await load("trainer.mjs");
const { makeRun } = await load("run.mjs");
const { makeViewer } = await load("views.mjs");
const { mixSeeds, makeOrder } = await load("order.mjs");
const { trainingSet, worldOf } = await load("worlds.mjs");
const { configOf, withSettings } = await load("settings.mjs");
const { LOSSES, PENALTIES } = await load("objectives.mjs");
const { curesOf } = await load("alarms.mjs");
const { makeMemory } = await load("memory.mjs");
const { makePerceptron } = await load("perceptron.mjs");
const compiled = await WebAssembly.compile(readFileSync(new URL("points.wasm", points)));

const write = (file, ...arrays) =>
  writeFileSync(file, Buffer.concat(arrays.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength))));

/** A network's weights or gradients (out, into) and biases, layer by layer, as torch has them. */
const unpack = ({ layers, size, ...at }, numbers, what) => {
  const all = numbers(at[what], size);
  return layers.flatMap(({ from, to, out, weight, bias }) => [
    Float32Array.from({ length: from * to }, (_, i) => all[weight + (i % from) * out + Math.floor(i / from)]),
    all.slice(bias, bias + to),
  ]);
};
const trainer = (config) => makeTrainer(compiled, config, trainingSet(worldOf(config.dataset)));

const jobs = {
  known: () => ({ losses: Object.keys(LOSSES), penalties: Object.keys(PENALTIES) }),
  seeds: ({ entropies }) => ({ mixed: entropies.map(mixSeeds) }),
  order: ({ seed, n, shown, count }) => ({ order: makeOrder(seed, n)(shown, count) }),
  world: ({ name, out }) => {
    write(out, trainingSet(worldOf(name)));
    const { extent, sd, centres } = worldOf(name);
    return { extent, sd, centres: centres && [...centres] };
  },
  /** Of the first step's batch: weights, numbers and gradients of both networks; the generator's before the critic moves. */
  gradients: async ({ config, weight, out }) => {
    const { networks, numbers, drawBatch, criticGradient, generatorGradient } = await trainer(config);
    const { generator, critic } = networks;
    const batch = drawBatch();
    const told = criticGradient(batch, weight);
    write(`${out}.critic`, ...unpack(critic, numbers, "gradient"));
    Object.assign(told, generatorGradient(batch));
    write(`${out}.generator`, ...unpack(generator, numbers, "gradient"));
    write(`${out}.weights`, ...unpack(generator, numbers, "weights"), ...unpack(critic, numbers, "weights"));
    write(`${out}.batch`, batch.real, batch.z, Float32Array.from(batch.mix));
    return told;
  },
  /** An optimiser's updates of weights that begin at zero, by given gradients one after the other. */
  optimise: async ({ optimizer, rate, beta1, beta2, gradients, out }) => {
    const memory = await makeMemory(compiled);
    const one = makePerceptron(memory, [8, 8]); // weights and biases without a gap
    for (const gradient of gradients) {
      memory.numbers(one.gradient, one.size).set(gradient);
      one.update(optimizer, rate, beta1, beta2);
    }
    write(out, memory.numbers(one.weights, one.size));
    return {};
  },
  /** Steps, with moves and changes of settings; the weights after them, and the milliseconds of processor a step. */
  steps: async ({ config, moves, changes = {}, out }) => {
    const one = await trainer(config);
    const before = process.cpuUsage();
    const told = moves.map((move, i) => {
      if (changes[i]) one.change(changes[i]);
      return one.advance(move);
    });
    const used = process.cpuUsage(before);
    const { generator, critic } = one.networks;
    if (out) write(out, ...unpack(generator, one.numbers, "weights"), ...unpack(critic, one.numbers, "weights"));
    return { told, state: one.state, ms: (used.user + used.system) / 1000 / moves.length };
  },
  view: async ({ config, moves, out }) => {
    const one = await trainer(config);
    moves.forEach((move) => one.advance(move));
    const viewer = makeViewer(worldOf(config.dataset), config.z_dim);
    const before = process.cpuUsage();
    const { arrays, numbers } = viewer.look(one);
    const used = process.cpuUsage(before);
    const backdrop = viewer.backdrop();
    const all = { ...backdrop.arrays, ...arrays };
    for (const [name, { data }] of Object.entries(all)) write(`${out}.${name}`, data);
    const shapes = Object.fromEntries(Object.entries(all).map(([name, { shape, type }]) => [name, [type, ...shape]]));
    return {
      shapes,
      backdrop: backdrop.numbers,
      numbers,
      measured: viewer.measure(one),
      ms: (used.user + used.system) / 1000,
    };
  },
  config: ({ about, plan }) => {
    try {
      return { config: configOf(about, plan, 0) };
    } catch (error) {
      return { error: error.message };
    }
  },
  cures: ({ asked }) => ({ found: asked.map(({ kind, config }) => curesOf(kind, config)) }),
  changed: ({ config, settings, rules }) => {
    try {
      return { config: withSettings(config, settings, rules, true) };
    } catch (error) {
      return { error: error.message };
    }
  },
  /** Let a run go on for so many steps, on a clock that moves by `took` ms whenever it is read, and may break. */
  run: async ({ config, about, steps, took = 5, breaks }) => {
    let [now, made] = [0, 0];
    const clock = () => {
      if (made === breaks) throw new Error("out of memory");
      return (now += took);
    };
    const run = await makeRun(compiled, [config], about, undefined, clock);
    for (; made < steps; made++) run.advance();
    const news = run.news(-1);
    return { ...news, moment: { ...news.moment, sides: undefined }, backdrop: undefined };
  },
};

const replies = [];
for (const { job, ...request } of JSON.parse(readFileSync(0, "utf8"))) replies.push(await jobs[job](request));
process.stdout.write(JSON.stringify(replies));
