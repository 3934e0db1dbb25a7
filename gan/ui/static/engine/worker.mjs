// The worker that draws: messages with a task in, messages with its result out, under the same number, one at a time.
import { acting, inputsOf, inputsOfFrame } from "./latent.mjs";
import { makeGenerator } from "./network.mjs";
import { readPack } from "./pack.mjs";
import { makeTranslator } from "./translator.mjs";

const KEPT = 4; // models, of some 10 MB each; the one not used for longest makes room

/** @type {Promise<WebAssembly.Module> | undefined} */
let compiled;
/** @type {Map<string, { pack: any, generator?: EngineGenerator, translator?: EngineTranslator }>} */
const models = new Map();

/** @type {(model: string) => { pack: any, generator: EngineGenerator, translator: EngineTranslator }} */
const known = (model) => {
  const found = models.get(model);
  if (!found) throw new Error("this model is no longer in the browser's memory");
  models.delete(model);
  models.set(model, found); // the newest is the last
  return /** @type {any} */ (found);
};

/**
 * Draw pictures one after the other.
 * @type {(one: ReturnType<typeof known>, inputs: EngineInputs[]) => Promise<EnginePixels>}
 */
const draw = async ({ pack, generator }, inputs) => {
  const { size } = pack.config;
  const pixels = new Uint8ClampedArray(inputs.length * 4 * size * size);
  const begun = performance.now();
  for (const [i, { z, y, cross, offsets }] of inputs.entries()) {
    pixels.set(await generator.draw(z, y, cross, offsets), i * 4 * size * size);
  }
  return { size, count: inputs.length, pixels, ms: performance.now() - begun };
};

/** @type {Record<string, (request: any) => Promise<EnginePixels | {}>>} */
const tasks = {
  /** Find out whether this browser can draw. */
  start: async () => {
    compiled ??= WebAssembly.compile(Uint8Array.from(WASM.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
    await compiled;
    return {};
  },
  load: async ({ model, pack: file }) => {
    await tasks.start({});
    const pack = /** @type {any} */ (readPack(file));
    const module = await /** @type {Promise<WebAssembly.Module>} */ (compiled);
    if (pack.config.task === "translate") {
      const translator = await makeTranslator(module, pack);
      translator.translate(new Uint8Array(3 * pack.config.size ** 2), "b", null); // the first one takes longer
      models.set(model, { pack, translator });
    } else {
      const generator = await makeGenerator(module, pack);
      await generator.draw(...first(pack));
      models.set(model, { pack, generator });
    }
    const forgotten = [...models.keys()].slice(0, -KEPT);
    for (const oldest of forgotten) models.delete(oldest);
    return { forgotten };
  },
  draw: async ({ model, pictures }) => {
    const one = known(model);
    const inputs = pictures.map((/** @type {EnginePicture} */ picture) => inputsOf(one.pack, picture));
    return { ...(await draw(one, inputs)), acting: acting(one.pack, inputs[0].y) };
  },
  translate: async ({ model, pixels, to, conditions }) => {
    const { pack, translator } = known(model);
    const begun = performance.now();
    const made = translator.translate(pixels, to, conditions).slice();
    return { size: pack.config.size, count: 1, pixels: made, ms: performance.now() - begun };
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
