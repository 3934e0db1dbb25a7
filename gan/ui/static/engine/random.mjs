// torch's CPU generator in JavaScript: the words of a seed (mt19937), and what torch draws from them.
const { fround, imul } = Math;
const WORDS = 624;
const TURN = fround(2 * Math.PI);

/**
 * The 32-bit words of `torch.Generator().manual_seed(seed)`, one a call. seed: in [0, 2**32).
 * @type {(seed: number) => () => number}
 */
export const randomWords = (seed) => {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) state[i] = imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = WORDS;
  return () => {
    if (at === WORDS) {
      for (let i = 0; i < WORDS; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % WORDS] & 0x7fffffff);
        state[i] = state[(i + 397) % WORDS] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
};

/** As `torch.randint(below, ())`. @type {(words: () => number, below: number) => number} */
export const randomIndex = (words, below) => words() % below;

/** As `torch.randperm(size)`. @type {(words: () => number, size: number) => number[]} */
export const randomOrder = (words, size) => {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < size - 1; i++) {
    const j = i + (words() % (size - i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
};

/**
 * As `torch.randn(size)`, to 5e-7: torch itself differs by more from one processor to another.
 * @type {(words: () => number, size: number) => Float32Array}
 */
export const randomNormal = (words, size) => (size < 16 ? singly(words, size) : inBlocks(words, size));

/** Below 16 numbers: pairs by Box and Muller, in double precision. @type {typeof randomNormal} */
const singly = (words, size) => {
  const out = new Float32Array(size);
  const uniform = () => {
    const high = words() & 0x1fffff; // 53 bits of 64
    return (high * 2 ** 32 + words()) / 2 ** 53;
  };
  for (let i = 0; i < size; i += 2) {
    const angle = 2 * Math.PI * uniform();
    const radius = Math.sqrt(-2 * Math.log1p(-uniform()));
    out[i] = radius * Math.cos(angle);
    if (i + 1 < size) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
};

/** From 16 on: blocks of 16, the last of which is drawn anew where it overlaps. @type {typeof randomNormal} */
const inBlocks = (words, size) => {
  const out = new Float32Array(size);
  /** @type {(part: Float32Array) => void} */
  const draw = (part) => part.forEach((_, i) => (part[i] = (words() & 0xffffff) / 2 ** 24));
  draw(out);
  for (let i = 0; i + 16 <= size; i += 16) transform(out.subarray(i, i + 16));
  if (size % 16) {
    const last = out.subarray(size - 16);
    draw(last);
    transform(last);
  }
  return out;
};

/**
 * Box and Muller's transform of 16 uniform numbers in place, rounded where torch rounds: eight radii, then eight angles,
 * become eight cosines, then eight sines.
 * @type {(block: Float32Array) => void}
 */
const transform = (block) => {
  for (let i = 0; i < 8; i++) {
    const radius = fround(Math.sqrt(fround(-2 * fround(Math.log(1 - block[i])))));
    const angle = fround(TURN * block[i + 8]);
    block[i] = radius * fround(Math.cos(angle));
    block[i + 8] = radius * fround(Math.sin(angle));
  }
};
