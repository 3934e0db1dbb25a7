// Losses and penalties of points, as gan/training/losses.py and penalties.py have them: values, and their slopes.

/** @type {(x: number) => number} */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
/** @type {(x: number) => number} */
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** @type {PlaneLoss["critic"]} */
const crossEntropy = (real, fake) => [softplus(-real) + softplus(fake), -sigmoid(-real), sigmoid(fake)];
/** @type {PlaneLoss} */
const wasserstein = {
  critic: (real, fake) => [fake - real, -1, 1],
  generator: (real, fake) => [-fake, -1],
};

/** Of one pair of logits: a critic's value and its slopes on the real and the fake one; a generator's on the fake one. */
/** @type {Record<string, PlaneLoss>} */
export const LOSSES = {
  minimax: { critic: crossEntropy, generator: (real, fake) => [-softplus(fake), -sigmoid(fake)] },
  nonsaturating: { critic: crossEntropy, generator: (real, fake) => [softplus(-fake), -sigmoid(-fake)] },
  lsgan: {
    critic: (real, fake) => [((real - 1) ** 2 + fake ** 2) / 2, real - 1, fake],
    generator: (real, fake) => [(fake - 1) ** 2 / 2, fake - 1],
  },
  wgan: wasserstein,
  "wgan-gp": wasserstein,
  hinge: {
    critic: (real, fake) => [Math.max(0, 1 - real) + Math.max(0, 1 + fake), real < 1 ? -1 : 0, fake > -1 ? 1 : 0],
    generator: (real, fake) => [-fake, -1],
  },
  relativistic: {
    critic: (real, fake) => [softplus(fake - real), -sigmoid(fake - real), sigmoid(fake - real)],
    generator: (real, fake) => [softplus(real - fake), -sigmoid(real - fake)],
    readsReal: true,
  },
};

/** Of one squared length of a gradient: the value, and what multiplies the gradient to make the value's slope on it. */
/** @type {PlanePenalty["of"]} */
const zeroCentred = (squared) => [squared / 2, 1];
/** @type {PlanePenalty["of"]} */
const oneCentred = (squared) => {
  const length = Math.sqrt(squared + 1e-12);
  return [(length - 1) ** 2, (2 * (length - 1)) / length];
};

/** at: where the gradient is taken, as in penalties.py; a value is the sum over those of the means over the batch. */
/** @type {Record<string, PlanePenalty | null>} */
export const PENALTIES = {
  none: null,
  r1: { at: ["real"], of: zeroCentred },
  r2: { at: ["fake"], of: zeroCentred },
  "r1+r2": { at: ["real", "fake"], of: zeroCentred },
  gp: { at: ["mix"], of: oneCentred },
};
