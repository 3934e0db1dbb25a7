// What the tests ask of the engine in Node: jobs on standard input as JSON, pixels and numbers in files.
import { readFileSync, writeFileSync } from "node:fs";

const engine = new URL("../../gan/ui/static/engine/", import.meta.url);
const load = (name) => import(new URL(name, engine));
const { readPack } = await load("pack.mjs");
const { makeGenerator } = await load("network.mjs");
const { makeTranslator } = await load("translator.mjs");
const latent = await load("latent.mjs");

const buffer = (file) => new Uint8Array(readFileSync(file)).buffer;
const compiled = await WebAssembly.compile(readFileSync(new URL("net.wasm", engine)));

/** Draw what a job asks for, one picture after the other, into a file; returns the milliseconds of processor a picture. */
const draw = async ({ pack: file, pictures = [], walk, out }) => {
  const pack = readPack(buffer(file));
  const generator = await makeGenerator(compiled, pack);
  const inputs = walk
    ? Array.from({ length: walk.frames }, (_, i) => latent.inputsOfFrame(pack, walk, i))
    : pictures.map(({ offsets, ...picture }) =>
        latent.inputsOf(pack, offsets ? { ...picture, offsets: Float32Array.from(offsets) } : picture),
      );
  const before = process.cpuUsage();
  const drawn = inputs.map(({ z, y, cross, offsets }) => Buffer.from(generator.draw(z, y, cross, offsets)));
  const used = process.cpuUsage(before);
  writeFileSync(out, Buffer.concat(drawn));
  return { ms: (used.user + used.system) / 1000 / inputs.length };
};

/** Translate the pictures of a file, RGB one after the other, into another; the same reply. */
const translate = async ({ pack: file, pictures, to, told, out }) => {
  const pack = readPack(buffer(file));
  const translator = await makeTranslator(compiled, pack);
  const all = new Uint8Array(buffer(pictures));
  const bytes = 3 * pack.config.size ** 2;
  const count = all.length / bytes;
  const before = process.cpuUsage();
  const made = Array.from({ length: count }, (_, i) =>
    Buffer.from(translator.translate(all.subarray(i * bytes, (i + 1) * bytes), to, told?.[i] ?? null)),
  );
  const used = process.cpuUsage(before);
  writeFileSync(out, Buffer.concat(made));
  return { ms: (used.user + used.system) / 1000 / count };
};

const jobs = {
  draw,
  translate,
  /** Latents of seeds, as float32 into a file. */
  latents: ({ seeds, size, out }) => {
    const rows = seeds.map((seed) => Buffer.from(latent.latentOf(seed, size).buffer));
    writeFileSync(out, Buffer.concat(rows));
    return {};
  },
  acting: ({ pack: file, pictures }) => {
    const pack = readPack(buffer(file));
    return { acting: pictures.map((picture) => latent.acting(pack, latent.inputsOf(pack, picture).y)) };
  },
  classes: ({ seeds, about }) => ({ drawn: seeds.map((seed) => latent.classesOf(seed, about)) }),
  /** The sentence with which a pack is refused, or none. */
  read: ({ pack }) => {
    try {
      readPack(buffer(pack));
      return { error: null };
    } catch (error) {
      return { error: error.message, kind: error.constructor.name };
    }
  },
};

const replies = [];
for (const { job, ...request } of JSON.parse(readFileSync(0, "utf8"))) replies.push(await jobs[job](request));
process.stdout.write(JSON.stringify(replies));
