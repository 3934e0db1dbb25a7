// Who draws a picture: the browser for models whose weights are there, else the server.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { holdTimers, load, settle } from "./page.mjs";

let lab, timers, engine, offers, drawn, asked, now;

/** Parts of a download as the browser hands them out: bytes, a fault, or nothing more for ever. */
const body = (...parts) => ({
  getReader: () => ({
    read: () => {
      const part = parts.shift();
      if (part instanceof Error) return Promise.reject(part);
      if (part === "stall") return new Promise((_, fail) => (body.stop = fail));
      return Promise.resolve(part ? { done: false, value: new Uint8Array(part) } : { done: true });
    },
  }),
});
const answer = (...parts) => {
  globalThis.fetch = async (address, { signal }) => {
    asked.push(String(address));
    signal.addEventListener("abort", () => body.stop(new DOMException("aborted", "AbortError")));
    return { ok: true, body: body(...parts) };
  };
};
const server = {
  pack: async ({ model }) => offers[model],
  picture: async () => "server",
  grid: async () => "server",
  walk: async () => "server",
};
const state = (model, part = {}) => ({ model, seed: 1, label: null, truncation: 1, brightness: 0, ...part });
const pixels = (count, size = 2) => ({ size, count, pixels: new Uint8ClampedArray(4 * size * size * count), ms: 1 });

beforeEach(() => {
  [drawn, asked, offers, now] = [[], [], { a: { address: "engine/pack/a", bytes: 6 } }, 0];
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true, writable: true });
  globalThis.document = { baseURI: "https://host/path/?tab=explore" };
  globalThis.location = new URL("https://host/path/?tab=explore");
  lab = load("shared/picture-state.js", "shared/images.js", "engine/bring-pack.js", "engine/painters.js");
  timers = holdTimers();
  globalThis.clearTimeout = () => {};
  performance.now = () => now;
  engine = {
    start: async () => {},
    load: async (model, pack) => (drawn.push([model, pack.byteLength]), { forgotten: [] }),
    draw: async (model, pictures) => (drawn.push([model, pictures.length]), pixels(pictures.length)),
    walk: async (model, walk, from, to) => (drawn.push([from, to]), pixels(to - from)),
  };
  lab.worker = "engine/worker/1";
  lab.engine = (address) => (asked.push(address), engine);
});

test("once the weights are there, pictures are drawn here and the server is asked for nothing", async () => {
  answer([1, 2, 3, 4], [5, 6]);
  const painter = lab.paintPictures(server);
  assert.equal(await painter.picture(state("a")), "server");
  assert.equal(await lab.loadPainter("a", server), "");
  assert.deepEqual(asked, ["https://host/path/engine/worker/1", "https://host/path/engine/pack/a"]);
  assert.equal(lab.painterState("a"), "ready");
  const reply = await painter.picture(state("a"));
  assert.deepEqual([reply.n, reply.h, reply.w, reply.here], [1, 2, 2, 1]);
  assert.equal(lab.decodeImages(reply).length, 1);
  assert.equal((await painter.grid({ model: "a", seeds: [1, 2, 3], label: null, truncation: 1 })).n, 3);
  assert.equal(await painter.picture(state("b")), "server");
  await lab.loadPainter("a", server); // nothing more is fetched
  assert.equal(asked.length, 2);
});

test("a walk is drawn in parts, and then its keyframes", async () => {
  answer([1, 2, 3, 4, 5, 6]);
  await lab.loadPainter("a", server);
  drawn = [];
  const sheet = await lab.paintWalks(server).walk({ model: "a", seeds: [1, 2], frames: 40 });
  assert.deepEqual(drawn, [
    [0, 16],
    [16, 32],
    [32, 40],
    ["a", 2],
  ]);
  assert.deepEqual([sheet.cells.length, sheet.frames, sheet.keys, sheet.columns, sheet.size], [42, 40, 2, 7, 2]);
});

test("a control that the engine does not know, once it is moved, is the server's", async () => {
  answer([1, 2, 3, 4, 5, 6]);
  await lab.loadPainter("a", server);
  const { picture } = lab.paintPictures(server);
  assert.notEqual(await picture(state("a")), "server");
  assert.equal(await picture(state("a", { brightness: 0.5 })), "server");
});

test("whatever is wrong with a download, there is a sentence, and another try only after a minute", async () => {
  for (const [parts, sentence] of [
    [[[1, 2, 3]], /cut off/],
    [[[1, 2, 3, 4, 5, 6, 7]], /damaged/],
    [[new TypeError("network error")], /did not arrive/],
  ]) {
    answer(...parts);
    now += 61_000;
    assert.match(await lab.loadPainter("a", server), sentence);
    assert.equal(lab.painterState("a"), "failed");
    assert.equal(await lab.paintPictures(server).picture(state("a")), "server");
  }
  answer([1, 2, 3, 4, 5, 6]);
  now += 59_000;
  await lab.loadPainter("a", server);
  assert.equal(lab.painterState("a"), "failed");
  now += 2_000;
  await lab.loadPainter("a", server);
  assert.equal(lab.painterState("a"), "ready");
});

test("a download that stalls ends", async () => {
  answer([1, 2, 3], "stall");
  const loading = lab.loadPainter("a", server);
  await settle();
  assert.equal(lab.painterState("a"), "loading");
  timers.run();
  assert.match(await loading, /stopped coming/);
  assert.equal(timers.delays.at(-1), 10_000);
});

test("models that the worker has forgotten are fetched again", async () => {
  answer([1, 2, 3, 4, 5, 6]);
  await lab.loadPainter("a", server);
  offers.b = { address: "engine/pack/b", bytes: 6 };
  engine.load = async () => ({ forgotten: ["a"] });
  answer([1, 2, 3, 4, 5, 6]);
  await lab.loadPainter("b", server);
  assert.deepEqual(["a", "b"].map(lab.painterState), ["server", "ready"]);
});

test("where the engine fails in the middle, the server draws that very picture", async () => {
  answer([1, 2, 3, 4, 5, 6]);
  await lab.loadPainter("a", server);
  engine.draw = () => Promise.reject(new Error("out of memory"));
  assert.equal(await lab.paintPictures(server).picture(state("a")), "server");
  assert.equal(lab.painterState("a"), "failed");
});

test("nothing is fetched for a model that is the server's, nor where data is to be saved", async () => {
  offers.a.address = null;
  assert.equal(await lab.loadPainter("a", server), "");
  navigator.connection = { saveData: true };
  offers.b = { address: "engine/pack/b", bytes: 6 };
  assert.equal(await lab.loadPainter("b", server), "");
  assert.deepEqual(["a", "b"].map(lab.painterState), ["server", "server"]);
  assert.deepEqual(asked, []);
});
