// Which frame of a film is which moment of a walk.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("interpolate/timing.js");

test("keyframes are spread evenly, the last at the end unless the film goes round", () => {
  const positions = (keys, frames, loop) =>
    Array.from({ length: keys }, (_, k) => lab.keyframePosition(k, keys, frames, loop));
  assert.deepEqual(positions(4, 72, true), [0, 18, 36, 54]);
  assert.deepEqual(positions(4, 73, false), [0, 24, 48, 72]);
  assert.deepEqual(positions(2, 2, false), [0, 1]);
  assert.deepEqual(positions(3, 10, true), [0, 10 / 3, 20 / 3]);
});

test("a keyframe is near within half a frame", () => {
  assert.deepEqual(
    [0, 17, 18, 36, 71].map((frame) => lab.keyframeNear(frame, 4, 72, true)),
    [0, -1, 1, 2, -1],
  );
  assert.equal(lab.keyframeNear(3, 3, 10, true), 1); // reached at 3.33
  assert.equal(lab.keyframeNear(9, 2, 10, false), 1);
});

test("playback advances at the rate and goes round", () => {
  assert.equal(lab.frameAfter(0, 0, 24, 72), 0);
  assert.equal(lab.frameAfter(0, 999, 24, 72), 23);
  assert.equal(lab.frameAfter(0, 1000, 24, 72), 24);
  assert.equal(lab.frameAfter(70, 1000, 24, 72), 22);
  assert.equal(lab.frameAfter(5, 60_000, 60, 7), (5 + 3600) % 7);
});

test("a frame before the first is the last, and fractions go to the nearest", () => {
  assert.deepEqual(
    [-1, 0, 71, 72, 35.5, -0.4].map((frame) => lab.wrapFrame(frame, 72)),
    [71, 0, 71, 0, 36, 0],
  );
});

test("another film of the walk continues from the same place", () => {
  assert.equal(lab.rescaleFrame(36, 73, 19), 9);
  assert.equal(lab.rescaleFrame(71, 72, 10), 9);
  assert.equal(lab.rescaleFrame(0, 1, 10), 0);
});
