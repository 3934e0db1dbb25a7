// What a server has found, as the page reads it.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("edit/found.js");

test("half precision is read exactly, whatever its sign and size", () => {
  const bits = [0x0000, 0x3c00, 0xbc00, 0x3555, 0x0001, 0x8400, 0x7bff];
  const bytes = Uint8Array.from(bits.flatMap((one) => [one & 255, one >> 8]));
  const text = btoa(String.fromCharCode(...bytes));
  const read = [...lab.decodeHalves(text)];
  const exact = [0, 1, -1, 0.333251953125, 2 ** -24, -(2 ** -14), 65504];
  assert.deepEqual(read, exact.map(Math.fround));
});

test("nearness is told in words", () => {
  assert.equal(lab.nearness(20, 27.4), "Found: pixels are off by about 10 %; 4.3 % is usual here.");
  assert.equal(lab.nearness(34, null), "Found: pixels are off by about 2.0 %.");
});

test("the server gets offsets as they came, the engine as numbers", () => {
  const found = { latent: [0.5], label: 3, offsets: btoa("\x00\x3c") };
  lab.completeState = (state) => state;
  const state = lab.foundState("m", found, []);
  assert.deepEqual([...state.offsets], [1]);
  assert.deepEqual(lab.sentState(state), {
    model: "m",
    seed: 0,
    truncation: 0,
    label: 3,
    raw: [0.5],
    offsets: found.offsets,
  });
  assert.equal(lab.sentState(lab.foundState("m", { ...found, offsets: null }, [])).offsets, null);
});
