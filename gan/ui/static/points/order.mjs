// Random numbers of a run, functions of its seed and of how far it is, as gan/training/rng.py has them.
import { randomOrder, randomWords } from "../engine/random.mjs";

const { imul } = Math;
const [STEP, EPOCH] = [0, 1];

/**
 * As `numpy.random.SeedSequence(entropy).generate_state(1)[0]`, for at most four whole numbers below 2**32.
 * @type {(entropy: number[]) => number}
 */
export const mixSeeds = (entropy) => {
  /** @type {(start: number, factor: number) => (value: number) => number} */
  const hash = (start, factor) => (value) => {
    const mixed = value ^ start;
    start = imul(start, factor);
    const hashed = imul(mixed, start);
    return hashed ^ (hashed >>> 16);
  };
  const enter = hash(0x43b0d7e5, 0x931e8875);
  const pool = Array.from({ length: 4 }, (_, i) => enter(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = imul(0xca01f9dd, pool[to]) - imul(0x4973f715, enter(pool[from]));
      pool[to] = mixed ^ (mixed >>> 16);
    }
  }
  return hash(0x8b51f9dd, 0x58f38ded)(pool[0]) >>> 0;
};

/** The words of one step. @type {(seed: number, step: number) => () => number} */
export const stepWords = (seed, step) => randomWords(mixSeeds([seed, step, STEP]));

/** Uniform in [0, 1), as `torch.rand`. @type {(words: () => number) => number} */
export const uniform = (words) => (words() & 0xffffff) / 2 ** 24;

/**
 * Which of n points come next: all of them, shuffled anew every n.
 * @type {(seed: number, n: number) => (shown: number, count: number) => number[]}
 */
export const makeOrder = (seed, n) => {
  let known = -1;
  /** @type {number[]} */
  let order = [];
  return (shown, count) => {
    const chosen = [];
    for (let at = shown; at < shown + count; at++) {
      const epoch = Math.floor(at / n);
      if (epoch !== known) order = randomOrder(randomWords(mixSeeds([seed, epoch, EPOCH])), n);
      known = epoch;
      chosen.push(order[at % n]);
    }
    return chosen;
  };
};
