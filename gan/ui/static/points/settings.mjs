// Settings of a run from anybody's hand, checked as gan/config.py and gan/training/validation.py check them.
import { LOSSES, PENALTIES } from "./objectives.mjs";
import { worldOf } from "./worlds.mjs";

const ALONE = "is known to the server alone: choose another";
/** What can be chosen here. @type {Record<string, string[]>} */
const KNOWN = {
  network: ["points", "points-fourier"],
  loss: Object.keys(LOSSES),
  penalty: Object.keys(PENALTIES),
  optimizer: ["adam", "rmsprop", "sgd"],
  critic_norm: ["none"],
};

/** @type {(config: PlaneConfig) => boolean} */
export const isPenalised = ({ penalty, gamma }) => penalty !== "none" && gamma > 0;

/** @type {(name: string, value: unknown, rule: PlaneRule) => string} */
const faultOf = (name, value, { kind, low, high, most }) => {
  if (kind === "str") return KNOWN[name]?.includes(String(value)) === false ? `${name} ${value} ${ALONE}` : "";
  if (kind === "bool") return typeof value === "boolean" ? "" : `${name} must be bool, got ${value}`;
  const number = typeof value === "number" && Number.isFinite(value);
  if (!number || (kind === "int" && !Number.isInteger(value))) return `${name} must be ${kind}, got ${value}`;
  if (value < low || value > high) return `${name} must be in [${low}, ${high}], got ${value}`;
  if (most !== undefined && value > most) {
    return `${name} must be at most ${most} here, got ${value}: for more, run train.py on a machine of your own`;
  }
  return "";
};

/** @type {((config: PlaneConfig) => string | false)[]} */
const CONTRADICTIONS = [
  ({ width }) => width % 16 !== 0 && `width must be a multiple of 16 (the fast bf16 path needs it), got ${width}`,
  (config) =>
    config.loss.startsWith("wgan") &&
    !config.clip &&
    !isPenalised(config) &&
    `loss ${config.loss} has no bound on the critic to the end of the run: set penalty to gp and gamma above 0, or clip above 0`,
  (config) =>
    config.clip > 0 &&
    config.penalty === "gp" &&
    isPenalised(config) &&
    "clip and penalty gp both bound the critic's slope, at different values: choose one of them",
];

/**
 * A config with other settings; throws Error with a sentence for a setting that is unknown or bad, or does not go with
 * the others. training: of a run that goes on, whose networks stay.
 * @type {(config: PlaneConfig, settings: Record<string, any>, rules: Record<string, PlaneRule>, training?: boolean) => PlaneConfig}
 */
export const withSettings = (config, settings, rules, training = false) => {
  const next = { ...config, ...settings };
  for (const name of Object.keys(settings)) {
    if (!Object.hasOwn(rules, name)) throw new Error(`${name.slice(0, 80)} is not a setting that can be changed here`);
    if (training && !rules[name].live) {
      throw new Error(`${name} cannot change while a run goes on: start a new one`);
    }
  }
  for (const [name, rule] of Object.entries(rules)) {
    const fault = faultOf(name, /** @type {any} */ (next)[name], rule);
    if (fault) throw new Error(fault);
  }
  const wrong = CONTRADICTIONS.map((find) => find(next)).find(Boolean);
  if (wrong) throw new Error(wrong);
  return next;
};

/** The config of one side of a plan. @type {(about: PlaneAbout, plan: TrainRequest, side: number) => PlaneConfig} */
export const configOf = ({ presets, rules }, { dataset, seed, sides }, side) => {
  worldOf(dataset);
  const seeds = { kind: "int", low: 0, high: 2 ** 32 - 1, live: false };
  const fault = faultOf("seed", seed, seeds);
  if (fault) throw new Error(fault);
  const { preset, changes } = sides[side];
  if (!Object.hasOwn(presets, preset)) throw new Error(`there is no lesson ${preset.slice(0, 80)}`);
  return withSettings({ ...presets[preset], dataset, seed }, changes, rules);
};
