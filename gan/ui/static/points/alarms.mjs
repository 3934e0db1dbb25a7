// The known troubles of a run and what may help, as gan/training/alarms.py has them.
import { isPenalised } from "./settings.mjs";

const WON = 0.998; // share of pairs that the critic tells apart, above which it has won
const WINDOW = 10_000; // points over which that share is averaged
const [EXPLODED, COLLAPSE, LOW, LOW_FROM] = [4, 0.5, 0.35, 50_000];
const MODES = 6; // a generator with fewer counts as collapsed

/** @type {(share: number, digits: number) => string} */
const percent = (share, digits) => `${(100 * share).toFixed(digits)}%`;

/** Mean distance of a point to the one that is farther than a sixth of all. @type {(points: Float32Array) => number} */
const spread = (points) => {
  const count = points.length / 2;
  const nth = Math.max(Math.floor(count / MODES), 1);
  const row = new Float32Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      row[j] = Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
    }
    sum += row.sort()[nth];
  }
  return sum / count;
};

/** @type {(made: Float32Array, real: Float32Array) => number} */
export const diversity = (made, real) => spread(made) / spread(real);

/** Says [kind, message] when a trouble begins, and nothing while it lasts. @type {() => PlaneMonitor} */
export const makeMonitor = () => {
  let [right, points, best] = [0, 0, 0];
  const active = new Set();
  /** @type {(kind: string, wrong: boolean, message: string) => [string, string] | null} */
  const begin = (kind, wrong, message) => {
    const known = active.has(kind);
    if (wrong) active.add(kind);
    else active.delete(kind);
    return wrong && !known ? [kind, message] : null;
  };
  return {
    accuracy: (share, count) => {
      [right, points] = [right + share * count, points + count];
      if (points < WINDOW) return null;
      const mean = right / points;
      [right, points] = [0, 0];
      const won = `the critic (discriminator) scores the real point higher in ${percent(mean, 1)} of all pairs`;
      return begin("critic-won", mean > WON, `${won}, and the generator may learn little from it`);
    },
    diversity: (value, shown) => {
      if (value > EXPLODED || active.has("exploded")) {
        const times = Math.round(value).toLocaleString("en");
        return begin("exploded", value > EXPLODED, `generated points differ ${times} times as much as real ones`);
      }
      best = Math.max(best, Math.min(value, 1));
      const bad = value < COLLAPSE * best || (shown >= LOW_FROM && value < LOW);
      const words = `generated points differ ${percent(value, 0)} as much as real ones`;
      return begin("diversity", bad, `${words} (best so far ${percent(best, 0)}), a sign of mode collapse`);
    },
  };
};

/** @typedef {(config: PlaneConfig) => Cure | false} FindCure */

/** @type {FindCure} */
const addPenalty = (config) =>
  !isPenalised(config) && {
    words: "add the penalty",
    changes: { penalty: "r1+r2", ...(config.gamma ? {} : { gamma: 1 }) },
  };
/** @type {FindCure} */
const raiseGamma = (config) =>
  isPenalised(config) &&
  config.gamma <= 100 && { words: "double the penalty's weight", changes: { gamma: 2 * config.gamma } };
/** @type {FindCure} */
const saturation = ({ loss }) =>
  loss === "minimax" && { words: "use the non-saturating loss", changes: { loss: "nonsaturating" } };
/** @type {FindCure} */
const relativistic = (config) => {
  if (config.loss === "relativistic") return false;
  const penalty = addPenalty(config);
  const words = `use the relativistic loss${penalty ? " and add the penalty" : ""}`;
  return { words, changes: { loss: "relativistic", ...(penalty && penalty.changes) } };
};
/** @type {FindCure} */
const equalRates = ({ critic_lr_ratio: ratio }) =>
  ratio < 1 && { words: "let the critic learn as fast as the generator", changes: { critic_lr_ratio: 1 } };
/** @type {FindCure} */
const slowerCritic = ({ critic_lr_ratio: ratio }) =>
  ratio >= 0.1 && { words: "halve the critic's learning rate", changes: { critic_lr_ratio: ratio / 2 } };
/** @type {FindCure} */
const slower = ({ learning_rate: rate }) =>
  rate > 2e-6 && { words: "halve the learning rate", changes: { learning_rate: rate / 2 } };

/** @type {Record<string, FindCure[]>} */
const CURES = {
  "critic-won": [saturation, addPenalty, raiseGamma, slowerCritic],
  diversity: [equalRates, relativistic, raiseGamma],
  exploded: [saturation, addPenalty, slower],
  "non-finite": [addPenalty],
  "gave-up": [addPenalty, slower],
};

/** @type {(kind: string, config: PlaneConfig) => Cure[]} */
export const curesOf = (kind, config) =>
  (CURES[kind] ?? []).map((find) => find(config)).filter((cure) => cure !== false);
