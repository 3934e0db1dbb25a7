// A drift of sliders: where it goes, how fast, and where it never goes.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("explore/drift.js");
const HOW = { speed: 1, distance: 2, tempo: 60 };

/** A drift of one slider from a value, whose random numbers are given in turn. */
const drift = (value, ...randoms) => {
  const made = lab.createDrift(() => randoms.shift() ?? 0.5);
  made.begin([{ value, low: -3, high: 3 }]);
  return made;
};

test("it sets off at once, arrives softly, and is as far as it may be where chance says so", () => {
  const wandering = drift(0.5, 1);
  const [first] = wandering.step(0.01, HOW);
  assert.ok(first > 0.5 && first < 0.51, "no jump");
  let at = first;
  for (let i = 0; i < 98; i++) [at] = wandering.step(0.01, HOW);
  assert.ok(
    Math.abs(at - (2.5 - 2 * (1 + 3 * 0.99) * Math.exp(-3 * 0.99))) < 0.01,
    `a critically damped spring, ${at}`,
  );
});

test("the rate of frames changes nothing, a higher speed arrives sooner, and bounds hold", () => {
  const after = (seconds, frames, how) => {
    const made = drift(0, 1);
    let at;
    for (let i = 0; i < frames; i++) [at] = made.step(seconds / frames, how);
    return at;
  };
  assert.ok(Math.abs(after(0.9, 9, HOW) - after(0.9, 90, HOW)) < 1e-9);
  assert.ok(after(0.9, 9, { ...HOW, speed: 2 }) > after(0.9, 9, HOW));
  const far = after(0.9, 9, { ...HOW, distance: 9, speed: 9 });
  assert.ok(2.999 < far && far <= 3, `${far}`);
});

test("it turns at each beat and does not catch up on those it slept through", () => {
  const asked = [];
  const made = lab.createDrift(() => (asked.push(1), 0.5));
  made.begin([{ value: 0, low: -1, high: 1 }]);
  for (let i = 0; i < 40; i++) made.step(0.1, { ...HOW, tempo: 120 });
  assert.ok(Math.abs(asked.length - 8) <= 1, `two a second, ${asked.length}`);
  made.step(3600, HOW);
  const turns = asked.length;
  made.step(0.9, HOW);
  assert.equal(asked.length, turns);
});

test("a knob reaches both ends, the middle, and only places that the slider has", () => {
  const { knobValue } = load("shared/picture-state.js", "explore/midi-knobs.js");
  const named = { low: -3, high: 3, step: 0.05 };
  assert.deepEqual(
    [0, 64, 127].map((turned) => knobValue(turned, named)),
    [-3, 0, 3],
  );
  assert.deepEqual(
    [0, 127].map((turned) => knobValue(turned, { low: 10, high: 200, step: 1 })),
    [10, 200],
  );
  for (let turned = 0; turned < 128; turned++) {
    const places = knobValue(turned, named) / 0.05;
    assert.ok(Math.abs(places - Math.round(places)) < 1e-9);
  }
});
