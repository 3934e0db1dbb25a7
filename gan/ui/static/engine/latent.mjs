// From a seed and the controls to what the generator reads, latent and class weights, as gan/models/latent.py has it.
import { randomIndex, randomNormal, randomOrder, randomWords } from "./random.mjs";

/** The latent of a seed. @type {(seed: number, size: number) => Float32Array} */
export const latentOf = (seed, size) => randomNormal(randomWords(seed), size);

/** The classes that belong to a seed, independent of its latent. */
/** @type {(seed: number, about: Pick<EngineConfig, "classes" | "groups">) => number[]} */
export const classesOf = (seed, { classes, groups }) => {
  if (!classes) return [];
  const words = randomWords(Math.imul(seed, 2654435761) + 2654435769);
  if (!groups.length) return [randomIndex(words, classes)];
  let start = 0;
  return groups.flatMap(([size, most]) => {
    const count = 1 + randomIndex(words, most);
    const drawn = randomOrder(words, size).slice(0, count);
    start += size;
    return drawn.map((index) => start - size + index).sort((a, b) => a - b);
  });
};

/**
 * A row of class weights: 1 for each class of a picture. A group of which none is named keeps the seed's own.
 * @type {(seed: number, label: EngineLabel, about: EngineConfig) => Float32Array}
 */
export const classWeights = (seed, label, about) => {
  const row = new Float32Array(about.classes);
  for (const index of classesOf(seed, about)) row[index] = 1;
  const named = [label ?? []].flat().filter((index) => Number.isInteger(index) && 0 <= index && index < about.classes);
  let start = 0;
  for (const [size] of about.groups.length ? about.groups : [[about.classes]]) {
    const own = named.filter((index) => start <= index && index < start + size);
    if (own.length) row.fill(0, start, start + size);
    for (const index of own) row[index] = 1;
    start += size;
  }
  return row;
};

/** The tensor `name` of a pack. @type {(pack: Pack, name: string) => Float32Array} */
const tensor = ({ tensors }, name) => tensors.get(name) ?? new Float32Array(0);

/**
 * Add steps along the rows of a table to z, each step times `factor`. A move from a place, z by default, ends `reach`
 * deviations along its row.
 * @type {(z: Float32Array, steps: number[], rows: Float32Array, factor?: number, reach?: number, from?: Float32Array) => void}
 */
const addSteps = (z, steps, rows, factor = 1, reach = Infinity, from = z) => {
  const size = z.length;
  const taken = steps.slice(0, rows.length / size).map((step, i) => {
    const row = rows.subarray(i * size, (i + 1) * size);
    const length = Math.hypot(...row) || 1;
    const at = row.reduce((sum, value, j) => sum + value * from[j], 0) / length;
    const end = Math.max(Math.min(at + Math.fround(step) * length, Math.max(at, reach)), Math.min(at, -reach));
    return (factor * (end - at)) / length;
  });
  for (let j = 0; j < size; j++) z[j] += taken.reduce((sum, step, i) => sum + step * rows[i * size + j], 0);
};

/** Add steps along the named directions, of which a class may have its own, as `Named.moved` does. */
/** @type {(z: Float32Array, steps: number[], y: Float32Array, pack: Pack) => void} */
const addNamed = (z, steps, y, pack) => {
  const { named, own, reach } = pack.config;
  const size = named * z.length;
  const from = z.slice();
  /** @type {(rows: Float32Array, share: number) => void} */
  const add = (rows, share) => addSteps(z, steps, rows, share, reach, from);
  const shared = own.reduce((left, index) => left - y[index], 1);
  add(tensor(pack, "named"), shared);
  own.forEach((index, i) => add(tensor(pack, "named_own").subarray(i * size, (i + 1) * size), y[index]));
};

/** Whether each named direction does anything in a picture; null where all do. As `Named.acting`. */
/** @type {(pack: Pack, y: Float32Array) => boolean[] | null} */
export const acting = (pack, y) => {
  const { named, own, z_dim } = pack.config;
  if (!own.length) return null;
  return Array.from({ length: named }, (_, m) => {
    const z = new Float32Array(z_dim);
    addNamed(z, [...new Array(m).fill(0), 1], y, pack);
    return z.some(Boolean);
  });
};

/** @type {(pack: Pack, picture: EnginePicture) => { z: Float32Array, y: Float32Array }} */
const inputsOfSeed = (pack, { seed, label = null, truncation = 1, sliders = [], named = [], raw = [] }) => {
  const { config } = pack;
  const y = classWeights(seed, label, config);
  const z = latentOf(seed, config.z_dim).map((value) => value * Math.fround(truncation));
  addSteps(z, sliders, tensor(pack, "directions"));
  raw.slice(0, z.length).forEach((offset, j) => (z[j] += offset));
  addNamed(z, named, y, pack);
  return { z, y };
};

/** @type {(pack: Pack, picture: EnginePicture) => EngineInputs} */
export const inputsOf = (pack, picture) => {
  const { partner = 0, border = 1, offsets } = picture;
  const own = inputsOfSeed(pack, picture);
  if (offsets) return { ...own, offsets };
  return border === 1 ? own : { ...own, cross: { ...inputsOfSeed(pack, { ...picture, seed: partner }), border } };
};

/** @type {(a: Float32Array, b: Float32Array, t: number) => Float32Array} */
export const lerp = (a, b, t) => a.map((value, i) => value + (b[i] - value) * t);

/**
 * On a great circle, while lengths change linearly; where that is not defined, on a straight line.
 * @type {(a: Float32Array, b: Float32Array, t: number) => Float32Array}
 */
export const slerp = (a, b, t) => {
  const [lengthA, lengthB] = [a, b].map((one) => Math.sqrt(one.reduce((sum, value) => sum + value * value, 0)));
  const product = a.reduce((sum, value, i) => sum + value * b[i], 0);
  const cosine = product / (Math.max(lengthA, 1e-12) * Math.max(lengthB, 1e-12));
  if (Math.abs(cosine) > 1 - 1e-6) return lerp(a, b, t);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const length = (lengthA + (lengthB - lengthA) * t) / Math.sin(angle);
  const from = (Math.sin((1 - t) * angle) * length) / Math.max(lengthA, 1e-12);
  const to = (Math.sin(t * angle) * length) / Math.max(lengthB, 1e-12);
  return a.map((value, i) => from * value + to * b[i]);
};

/** The place of a frame on a path: the keyframes before and after it, and how far it is between them. */
/** @type {(frame: number, frames: number, keys: number, loop: boolean) => { from: number, to: number, t: number }} */
export const placeOf = (frame, frames, keys, loop) => {
  const position = loop ? frame * (keys / frames) : frames > 1 ? (frame * (keys - 1)) / (frames - 1) : 0;
  const from = Math.min(Math.floor(position), keys - 1);
  return { from, to: loop ? (from + 1) % keys : Math.min(from + 1, keys - 1), t: position - from };
};

/**
 * What the generator reads for one frame of a walk through seeds, or, where a keyframe has edits, through those. Class weights always go in a straight line.
 * @type {(pack: Pack, walk: EngineWalk, frame: number) => EngineInputs}
 */
export const inputsOfFrame = (pack, { seeds, frames, mode, loop, label, truncation, edits = [] }, frame) => {
  const { from, to, t } = placeOf(frame, frames, seeds.length, loop);
  const [a, b] = [from, to].map((key) =>
    inputsOf(pack, { ...(edits[key] ?? { label, truncation }), seed: seeds[key] }),
  );
  const between = mode === "slerp" ? slerp : lerp;
  const inputs = { z: between(a.z, b.z, t), y: lerp(a.y, b.y, t) };
  if (!a.cross && !b.cross) return inputs;
  const [c, d] = [a, b].map((key) => key.cross ?? { ...key, border: 1 }); // what is not crossed is its own partner
  const border = c.border + (d.border - c.border) * t;
  return { ...inputs, cross: { z: between(c.z, d.z, t), y: lerp(c.y, d.y, t), border } };
};
