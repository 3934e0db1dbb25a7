// A walk's address, which anyone may have written.
import assert from "node:assert/strict";
import test from "node:test";
import { CONTROLS, load } from "./page.mjs";

const lab = load("shared/picture-state.js", "interpolate/walk-address.js");
const dial = (name, low, high, step, value) => ({ name, low, high, step, default: value });
const RULES = {
  seeds: [204, 93, 33, 110],
  most: 8,
  seed: CONTROLS[0],
  label: CONTROLS[1],
  dials: {
    frames: dial("frames", 2, 240, 1, 72),
    fps: dial("fps", 1, 60, 1, 24),
    truncation: dial("truncation", 0, 2, 0.05, 1),
  },
};
const FIRST = {
  model: "m",
  seeds: RULES.seeds,
  frames: 72,
  fps: 24,
  truncation: 1,
  mode: "slerp",
  loop: true,
  label: null,
};
const parse = (query) => lab.parseWalk(Object.fromEntries(new URLSearchParams(query)), RULES);

test("what an address leaves out is as at first", () => {
  assert.deepEqual(parse("?model=m"), FIRST);
  assert.deepEqual(lab.formatWalk(FIRST, RULES), { model: "m", seeds: "204,93,33,110" });
});

test("an address gives back the walk it was made of", () => {
  const walks = [
    { ...FIRST, seeds: [0, 4294967295], frames: 2, fps: 60, truncation: 0, mode: "lerp", loop: false, label: 0 },
    { ...FIRST, seeds: [1, 2, 3, 4, 5, 6, 7, 8], frames: 240, fps: 1, truncation: 0.35, label: 999 },
  ];
  for (const walk of walks) assert.deepEqual(lab.parseWalk(lab.formatWalk(walk, RULES), RULES), walk);
});

test("whatever an address says, a walk can be asked for", () => {
  const hostile = [
    "seeds=" + "9,".repeat(9000),
    "seeds=<b>,-1&frames=1e9&fps=-3&truncation=NaN&mode=__proto__&loop=&label=-1",
    "seeds=1.5,99999999999999999999&frames=0&fps=0&mode[]=lerp&label=0x1",
    "seeds=,&frames=2.6&fps=59.99&truncation=-0&loop=maybe",
    "seeds=7&frames=&fps=&truncation=&mode=&label=",
  ];
  for (const query of hostile) {
    const { seeds, frames, fps, truncation, mode, loop, label } = parse(`?model=m&${query}`);
    assert.ok(seeds.length >= 2 && seeds.length <= 8, query);
    assert.ok(
      seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32),
      query,
    );
    assert.ok(Number.isInteger(frames) && frames >= seeds.length && frames <= 240, query);
    assert.ok(Number.isInteger(fps) && fps >= 1 && fps <= 60, query);
    assert.ok(truncation >= 0 && truncation <= 2 && ["slerp", "lerp"].includes(mode), query);
    assert.ok(typeof loop === "boolean" && (label === null || label >= 0), query);
  }
});

test("a keyframe needs a frame", () => {
  assert.equal(parse("?model=m&seeds=1,2,3,4,5&frames=2").frames, 5);
});
