// A run of one or two sides: steps, what is asked of it between them, and the moments that are seen of it. What
// gan/live/worker.py and gan/training/loop.py do; whoever calls `advance` has the time.
import { curesOf, diversity, makeMonitor } from "./alarms.mjs";
import { makeHistory } from "./history.mjs";
import { withSettings } from "./settings.mjs";
import { makeTrainer } from "./trainer.mjs";
import { makeViewer } from "./views.mjs";
import { trainingSet, worldOf } from "./worlds.mjs";

const DRAW_EVERY = 30; // ms between two moments, at least
const DRAW_SHARE = 2; // and at least so many times what the last one took
const MEASURE_EVERY = 500; // ms between two measurements
const COMPARED = 300; // points whose diversity is watched
const [ROLLBACKS, HEALTHY] = [3, 500_000]; // as in gan/training/rollback.py
const ALARMS = 20; // told
const MOVES = ["both", "critic", "generator"];

/** @type {(numbers: Measurements) => Measurements} */
const finite = (numbers) =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, v]) => [name, typeof v === "number" && !Number.isFinite(v) ? null : v]),
  );
/** @type {(result: PlaneNumbers) => boolean} */
const isFinite = (result) => Object.values(result).every(Number.isFinite);

/**
 * Set up a run. begin: the states to go on from, one a side. now: milliseconds.
 * @type {(module: WebAssembly.Module, configs: PlaneConfig[], about: PlaneAbout, begin?: PlaneState[], now?: () => number) => Promise<PlaneRun>}
 */
export const makeRun = async (module, configs, { rules }, begin, now = () => performance.now()) => {
  const world = worldOf(configs[0].dataset);
  const data = trainingSet(world);
  const viewer = makeViewer(world, configs[0].z_dim);
  const backdrop = viewer.backdrop();
  const history = makeHistory();
  /** @type {(Alarm & { kind: string })[]} */
  const alarms = [];
  let [paused, stopped, done, delay] = [false, false, false, 0];
  /** @type {string | null} */
  let error = null;
  /** @type {string[]} */
  const moves = [];
  /** @type {(() => void)[]} */
  let waiting = []; // for a newer moment
  let [nextDraw, nextMeasure, nextStep] = [0, 0, 0];

  /** @type {PlaneSide[]} */
  const sides = [];
  for (const [i, config] of configs.entries()) {
    const trainer = await makeTrainer(module, config, data);
    if (begin) trainer.restore(begin[i]);
    const { shown, seconds } = trainer.state;
    const good = trainer.save();
    sides.push({
      trainer,
      monitor: makeMonitor(),
      good,
      numbers: {},
      measured: {},
      since: { shown, seconds },
      steps: 0,
    });
  }

  /** @type {(side: number, kind: string, message: string) => void} */
  const alarm = (side, kind, message) =>
    void alarms.push({ side, shown: sides[side].trainer.state.shown, kind, message, answered: false, cures: [] });

  /** Go back to the last good state at half the learning rate; or give up. @type {(index: number, what: string) => void} */
  const rollBack = (index, what) => {
    const side = sides[index];
    const { state } = side.trainer;
    const failed = state.shown;
    const healthy = failed - state.lastRollback >= HEALTHY;
    const where = `${what} not finite after ${failed.toLocaleString("en")} points`;
    const good = side.good.counters.shown.toLocaleString("en");
    if (state.rollbacks >= ROLLBACKS && !healthy) {
      error = `${where} (gave up after ${ROLLBACKS} rollbacks; the last good state is of point ${good})`;
      alarm(index, "gave-up", error);
      finish();
      return;
    }
    const [rateScale, rollbacks] = [state.rateScale / 2, healthy ? 1 : state.rollbacks + 1];
    side.trainer.restore(side.good);
    Object.assign(state, { rateScale, rollbacks, lastRollback: failed });
    side.since = { shown: state.shown, seconds: state.seconds };
    const rate = `${rateScale} times the learning rate from here on (rollback ${rollbacks} of ${ROLLBACKS})`;
    alarm(index, "non-finite", `${where}: back to point ${good}, with ${rate}`);
  };

  /** Watch for troubles now and then, and keep a state to go back to. @type {(index: number, before: number) => void} */
  const watch = (index, before) => {
    const { trainer, monitor } = sides[index];
    const { shown } = trainer.state;
    const { sample_images: sample, checkpoint_images: checkpoint } = trainer.config();
    /** @type {(period: number) => boolean} */
    const crossed = (period) => Math.floor(before / period) !== Math.floor(shown / period);
    if (crossed(sample)) {
      const value = diversity(viewer.sample(trainer, COMPARED), data.subarray(0, 2 * COMPARED));
      const found = monitor.diversity(value, shown);
      if (found) alarm(index, ...found);
    }
    if (crossed(checkpoint)) sides[index].good = trainer.save();
  };

  /** @type {(index: number, move: string) => void} */
  const step = (index, move) => {
    const side = sides[index];
    const { state } = side.trainer;
    const [before, begun] = [state.shown, now()];
    const result = side.trainer.advance(move);
    state.seconds += (now() - begun) / 1000;
    side.steps++;
    if (!isFinite(result)) return rollBack(index, "losses or gradients");
    const { accuracy, ...numbers } = result;
    const rate = (state.shown - side.since.shown) / Math.max(state.seconds - side.since.seconds, 1e-9);
    side.numbers = { ...numbers, images_per_second: rate };
    if (accuracy !== undefined) {
      const found = side.monitor.accuracy(accuracy, state.shown - before);
      if (found) alarm(index, ...found);
    }
    watch(index, before);
  };

  /** Draw this moment and add it to the history. @type {(keep?: boolean) => void} */
  const draw = (keep = paused) => {
    const begun = now();
    if (begun >= nextMeasure || keep) {
      for (const side of sides) side.measured = viewer.measure(side.trainer);
      nextMeasure = now() + MEASURE_EVERY;
    }
    const views = sides.map(({ trainer, numbers, measured }) => {
      const view = viewer.look(trainer);
      return { arrays: view.arrays, numbers: finite({ ...numbers, ...measured, ...view.numbers }) };
    });
    const [{ trainer, steps }] = sides;
    const number = history.count();
    const { shown, seconds } = trainer.state;
    const states =
      keep || history.keepsState(number)
        ? sides.map((side) => ({ config: side.trainer.config(), state: side.trainer.save() }))
        : null;
    history.add({ moment: { number, shown, steps, seconds, sides: views }, states }, keep);
    nextDraw = begun + Math.max(DRAW_EVERY, DRAW_SHARE * (now() - begun));
    waiting.splice(0).forEach((wake) => wake());
  };

  const finish = () => {
    if (done) return;
    done = true;
    draw(true);
  };

  /** Make a step if one is to be made; how many ms there is nothing to do, Infinity until something is asked. */
  const goOn = () => {
    if (done) return Infinity;
    if (stopped || sides.every(({ trainer }) => trainer.state.shown >= trainer.config().images)) {
      finish();
      return Infinity;
    }
    if (paused && !moves.length) return Infinity;
    const early = nextStep - now();
    if (!moves.length && early > 0) return early;
    const move = moves.shift() ?? "both";
    sides.forEach((_, i) => done || step(i, move));
    if (!done && (paused || now() >= nextDraw)) draw();
    nextStep = now() + delay;
    return 0;
  };

  draw(true);
  return {
    advance: () => {
      try {
        return goOn();
      } catch (fault) {
        error = `this browser cannot go on with it (${fault instanceof Error ? fault.message : fault})`;
        done = true;
        waiting.splice(0).forEach((wake) => wake());
        return Infinity;
      }
    },
    play: () => void (paused = false),
    pause: () => {
      paused = true;
      if (!done && history.latest()?.moment.steps !== sides[0].steps) draw();
    },
    step: (move) => {
      if (!MOVES.includes(move)) throw new Error(`move must be one of ${MOVES.join(", ")}, got ${move}`);
      paused = true;
      moves.push(move);
    },
    slow: (seconds) => {
      if (!(0 <= seconds && seconds <= 2)) throw new Error(`seconds must be in [0, 2], got ${seconds}`);
      [delay, nextStep] = [1000 * seconds, Math.min(nextStep, now() + 1000 * seconds)];
    },
    change: (index, settings) => {
      const side = sides[index];
      if (!side) throw new Error(`side must be in [0, ${sides.length - 1}], got ${index}`);
      withSettings(side.trainer.config(), settings, rules, true);
      side.trainer.change(settings);
      for (const one of alarms) one.answered ||= one.side === index;
    },
    stop: () => void (stopped = true),
    moment: (number) => history.before(number),
    fork: (number) => history.stateBefore(number),
    /** Resolves once there is a moment newer than `after`, or `ms` have passed. */
    newer: (after, ms) =>
      new Promise((resolve) => {
        if (done || history.count() - 1 > after) return resolve();
        const late = setTimeout(resolve, ms);
        waiting.push(() => (clearTimeout(late), resolve()));
      }),
    /** What is new since moment `after`, as the server tells it. */
    news: (after) => {
      const told = new Set(); // of each kind and side only the newest has cures
      const listed = alarms
        .slice(-ALARMS)
        .reverse()
        .map(({ kind, ...one }) => {
          const which = `${one.side} ${kind}`;
          const cures = told.has(which) ? [] : curesOf(kind, sides[one.side].trainer.config());
          told.add(which);
          return { ...one, cures };
        });
      const latest = history.latest();
      return {
        ...{ place: 0, paused, notice: null, done, error, why: null },
        alarms: listed.reverse(),
        sides: sides.map(({ trainer }) => trainer.config()),
        kept: history.kept(),
        ...(latest && latest.moment.number > after ? { moment: latest.moment } : {}),
        ...(after < 0 ? { backdrop, curve: history.curve() } : {}),
      };
    },
    done: () => done,
  };
};
