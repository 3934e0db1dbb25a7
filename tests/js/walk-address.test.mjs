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
  edits: [null, null, null, null],
  frames: 72,
  fps: 24,
  truncation: 1,
  mode: "slerp",
  loop: true,
  label: null,
};
const EDIT = { label: 3, truncation: 0.5, brightness: 0, named: [0, 1.5], sliders: [-1], raw: [0, 0, 2] };
const parse = (query) => lab.parseWalk(Object.fromEntries(new URLSearchParams(query)), RULES);

test("what an address leaves out is as at first", () => {
  assert.deepEqual(parse("?model=m"), FIRST);
  assert.deepEqual(lab.formatWalk(FIRST, RULES), { model: "m", seeds: "204,93,33,110" });
});

test("an address gives back the walk it was made of", () => {
  const walks = [
    {
      ...FIRST,
      seeds: [0, 4294967295],
      edits: [null, EDIT],
      frames: 2,
      fps: 60,
      truncation: 0,
      mode: "lerp",
      loop: false,
      label: 0,
    },
    {
      ...FIRST,
      seeds: [1, 2, 3, 4, 5, 6, 7, 8],
      edits: Array(8).fill(null),
      frames: 240,
      fps: 1,
      truncation: 0.35,
      label: 999,
    },
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

test("a picture with its edits becomes one more keyframe, of the walk of its model", () => {
  const picture = { model: "m", seed: "7", n: ",1.5", label: "3", names: "smile" };
  const first = lab.withKeyframe({}, picture);
  assert.deepEqual(first, { model: "m", seeds: "7,7", edits: "~n!,1.5;label!3" });
  const walk = lab.parseWalk(first, RULES);
  assert.deepEqual([walk.edits[0], walk.edits[1].named, walk.edits[1].label], [null, [0, 1.5], 3]);
  const second = lab.withKeyframe({ ...first, fps: "9" }, { model: "m", seed: "8" });
  assert.deepEqual(second, { model: "m", seeds: "7,7,8", edits: "~n!,1.5;label!3", fps: "9" });
  assert.equal(
    lab.withKeyframe(first, { model: "other", seed: "1" }).seeds,
    "1,2",
    "to another, or nothing would move",
  );
  const untouched = { model: "m", seeds: lab.firstWalk.join() };
  assert.equal(lab.withKeyframe(untouched, picture).seeds, "7,7", "strangers that nobody chose make room");
  assert.equal(lab.withKeyframe({ ...untouched, edits: "n!1" }, picture).seeds, "79,107,153,144,7");
  const full = lab.withKeyframe({ model: "m", seeds: "1,2,3,4,5,6,7,8", edits: "d!1" }, picture);
  assert.deepEqual([full.seeds, full.edits], ["1,2,3,4,5,6,7,7", "d!1~~~~~~~n!,1.5;label!3"]);
});

test("edits that anyone may have written are values in range or nothing", () => {
  const { edits } = parse("model=m&seeds=1,2,3&edits=" + encodeURIComponent("n!9,x;__proto__!1;!!;~;;~seed!4;model!x"));
  assert.deepEqual(edits[0].named, [3, 0]);
  assert.ok(edits.every((edit) => edit === null || (!("seed" in edit) && !("model" in edit))));
  assert.equal(parse("model=m&seeds=1,2&edits=" + "~".repeat(9000)).edits.length, 2);
});

test("a keyframe needs a frame", () => {
  assert.equal(parse("?model=m&seeds=1,2,3,4,5&frames=2").frames, 5);
});
