// The worker that draws: messages with a task in, messages with its result out, under the same number, one at a time.
import { acting, inputsOf, inputsOfFrame } from "./latent.mjs";
import { makeGenerator } from "./network.mjs";
import { readPack } from "./pack.mjs";

const KEPT = 4; // models, of some 10 MB each; the one not used for longest makes room

/** @type {Promise<WebAssembly.Module> | undefined} */
let compiled;
/** @type {Map<string, { pack: Pack, generator: EngineGenerator }>} */
const models = new Map();

/** @type {(model: string) => { pack: Pack, generator: EngineGenerator }} */
const known = (model) => {
  const found = models.get(model);
  if (!found) throw new Error("this model is no longer in the browser's memory");
  models.delete(model);
  models.set(model, found); // the newest is the last
  return found;
};

/**
 * Draw pictures one after the other.
 * @type {(one: ReturnType<typeof known>, inputs: EngineInputs[]) => Promise<EnginePixels>}
 */
const draw = async ({ pack, generator }, inputs) => {
  const { size } = pack.config;
  const pixels = new Uint8ClampedArray(inputs.length * 4 * size * size);
  const begun = performance.now();
  for (const [i, { z, y, cross }] of inputs.entries()) {
    pixels.set(await generator.draw(z, y, cross), i * 4 * size * size);
  }
  return { size, count: inputs.length, pixels, ms: performance.now() - begun };
};

/** @type {Record<string, (request: any) => Promise<EnginePixels | {}>>} */
const tasks = {
  /** Find out whether this browser can draw. */
  start: async () => {
    compiled ??= WebAssembly.compile(Uint8Array.from(atob(WASM), (letter) => letter.charCodeAt(0)));
    await compiled;
    return {};
  },
  load: async ({ model, pack: file }) => {
    await tasks.start({});
    const pack = readPack(file);
    const generator = await makeGenerator(await /** @type {Promise<WebAssembly.Module>} */ (compiled), pack);
    await generator.draw(...first(pack)); // the first one takes longer
    models.set(model, { pack, generator });
    const forgotten = [...models.keys()].slice(0, -KEPT);
    for (const oldest of forgotten) models.delete(oldest);
    return { forgotten };
  },
  draw: async ({ model, pictures }) => {
    const one = known(model);
    const inputs = pictures.map((/** @type {EnginePicture} */ picture) => inputsOf(one.pack, picture));
    return { ...(await draw(one, inputs)), acting: acting(one.pack, inputs[0].y) };
  },
  walk: async ({ model, walk, from, to }) => {
    const one = known(model);
    const frames = Array.from({ length: to - from }, (_, i) => inputsOfFrame(one.pack, walk, from + i));
    return draw(one, frames);
  },
};

/** @type {(pack: Pack) => [Float32Array, Float32Array]} */
const first = (pack) => {
  const { z, y } = inputsOf(pack, { seed: 0 });
  return [z, y];
};

addEventListener("message", async ({ data: { id, task, ...request } }) => {
  try {
    const result = await tasks[task](request);
    postMessage({ id, ...result }, { transfer: "pixels" in result ? [result.pixels.buffer] : [] });
  } catch (error) {
    postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
