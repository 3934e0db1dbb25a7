// The worker that trains: messages with a task in, messages with its result out, under the same number. Between two
// steps it reads messages; so one that comes while a run trains waits for some milliseconds.
import { makeRun } from "./run.mjs";
import { configOf } from "./settings.mjs";

const KEPT = 4; // runs, of which one trains; the oldest makes room
const NEWS = 250; // ms that a call waits for news
const UNSEEN = 20_000; // ms without a call after which a run rests until there is one

/** @type {Promise<WebAssembly.Module> | undefined} */
let compiled;
/** @type {Map<string, PlaneRun>} */
const runs = new Map();
/** @type {PlaneRun | undefined} */
let training;
/** @type {PlaneAbout} */
let about = { presets: {}, rules: {} };
let [count, seen, timer] = [0, 0, 0];

/** Lets the next step begin after the messages that have come meanwhile. */
const bell = new MessageChannel();
let rung = false;

const wake = () => {
  clearTimeout(timer);
  if (rung) return;
  rung = true;
  bell.port2.postMessage(0);
};
bell.port1.onmessage = () => {
  rung = false;
  if (!training || performance.now() - seen > UNSEEN) return;
  const pause = training.advance();
  if (pause === 0) wake();
  else if (pause < Infinity) timer = setTimeout(wake, pause);
};

/** @type {(name: string) => PlaneRun} */
const known = (name) => {
  const run = runs.get(name);
  if (!run) throw new Error("this run is no longer available: start a new one");
  return run;
};

/** @type {(configs: PlaneConfig[], begin?: PlaneState[]) => Promise<string>} */
const start = async (configs, begin) => {
  compiled ??= WebAssembly.compile(Uint8Array.from(WASM.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
  const run = await makeRun(await compiled, configs, about, begin);
  training?.stop();
  training?.advance(); // which ends it
  training = run;
  const name = `here-${++count}`;
  runs.set(name, run);
  for (const oldest of [...runs.keys()].slice(0, -KEPT)) runs.delete(oldest);
  return name;
};

/** @type {(about: PlaneAbout, plan: any) => PlaneConfig[]} */
const configsOf = (told, plan) =>
  plan.sides.map((/** @type {any} */ _, /** @type {number} */ i) => configOf(told, plan, i));

/** @type {Record<string, (run: PlaneRun, request: any) => void>} */
const commands = {
  play: (run) => run.play(),
  pause: (run) => run.pause(),
  step: (run, { move }) => run.step(move),
  slow: (run, { seconds }) => run.slow(seconds),
  change: (run, { side, settings }) => run.change(side, settings),
  stop: (run) => run.stop(),
  forget: (run) => {
    run.stop();
    for (const [name, other] of runs) if (other === run) runs.delete(name);
  },
};

/** @type {Record<string, (request: any) => any>} */
const tasks = {
  check: ({ about: told, ...plan }) => (configsOf(told, plan), {}),
  begin: async ({ about: told, ...plan }) => {
    about = told;
    return { run: await start(configsOf(told, plan)) };
  },
  fork: async ({ run, number }) => {
    const stored = known(run).fork(number);
    if (!stored?.states) throw new Error(`no state was kept at moment ${number} or before: choose a later one`);
    const [configs, states] = [stored.states.map(({ config }) => config), stored.states.map(({ state }) => state)];
    return { run: await start(configs, states), shown: stored.moment.shown };
  },
  news: async ({ run: name, after }) => {
    const run = known(name);
    await run.newer(after, NEWS);
    return run.news(after);
  },
  moment: ({ run, number }) => {
    const found = known(run).moment(number);
    if (!found) throw new Error("this run has not shown anything yet: wait for its first picture");
    return found;
  },
  ask: ({ run, what, ...request }) => {
    if (!Object.hasOwn(commands, what)) throw new Error(`what must be one of ${Object.keys(commands).join(", ")}`);
    commands[what](known(run), request);
    return {};
  },
};

addEventListener("message", async ({ data: { id, task, ...request } }) => {
  seen = performance.now();
  wake();
  try {
    postMessage({ id, result: await tasks[task](request) });
  } catch (error) {
    postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
  wake(); // a command may have given the run something to do
});
