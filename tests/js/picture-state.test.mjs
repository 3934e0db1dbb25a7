// A picture's state and its address.
import assert from "node:assert/strict";
import test from "node:test";
import { CONTROLS, load } from "./page.mjs";

const lab = load("shared/picture-state.js");
const ABOUT = {
  size: 28,
  classes: ["a", "b", "c"],
  groups: [],
  named: ["slant", "width"],
  variance: [0.5, 0.3, 0.2],
  z_dim: 4,
};
const FRESH = { model: "m", seed: 204, label: null, truncation: 1, brightness: 0, named: [], sliders: [], raw: [] };
const parse = (query) => lab.parseState(Object.fromEntries(new URLSearchParams(query)), CONTROLS);
const format = (state) => `?${new URLSearchParams(lab.formatState(state, CONTROLS))}`;

test("a state without values is the default one", () => {
  assert.deepEqual(lab.completeState({ model: "m" }, CONTROLS), FRESH);
  assert.deepEqual(lab.completeState({ model: "m", seed: 0, sliders: [1] }, CONTROLS), {
    ...FRESH,
    seed: 0,
    sliders: [1],
  });
});

test("defaults are left out of the address, and what an address leaves out is a default", () => {
  assert.deepEqual(lab.formatState(FRESH, CONTROLS), { model: "m", seed: "204" });
  assert.deepEqual(parse("?model=m"), FRESH);
});

test("an address gives back the state it was made of", () => {
  const states = [
    FRESH,
    { ...FRESH, model: "7", seed: 4294967295, label: 0, truncation: 0 },
    { ...FRESH, truncation: 0.05, brightness: -0.125, sliders: [0.5, 0, -4], raw: [0, 0, 1.25, 0, -0.3] },
    { ...FRESH, named: [0, -2.5], sliders: [1] },
    { ...FRESH, label: 999, truncation: 2, brightness: 1, sliders: [0, 0.05], raw: [4] },
  ];
  for (const state of states) assert.deepEqual(parse(format(state)), state);
});

test("lists are short in the address", () => {
  const state = { ...FRESH, sliders: [0.5, 0, -1, 0, 0], raw: [0, 0, 0, 0.1 + 0.2] };
  assert.deepEqual(lab.formatState(state, CONTROLS), { model: "m", seed: "204", d: "0.5,,-1", z: "3:0.3" });
});

test("numbers have the digits of their control's step", () => {
  assert.equal(
    format({ ...FRESH, brightness: 0.12345, truncation: 0.12345 }),
    "?model=m&seed=204&truncation=0.12&b=0.123",
  );
  assert.deepEqual([0.001, 0.05, 1].map(lab.decimals), [3, 2, 2]);
});

test("whatever an address says, values are in range", () => {
  const hostile = [
    "seed=99999999999&label=9999&truncation=1e9&b=&d=NaN,Infinity,<b>&z=999:1,x:y,:",
    "seed=-1&label=-1&truncation=-5&b=7&d=" + "9,".repeat(700),
    "seed=%3Cscript%3E&label[]=1&b=-0.0000001&z=" + "0:1e400,".repeat(99),
    "seed=&truncation=&label=&d=&z=",
    "z=511:9,512:9,1e2:3,-1:4,3:9&label=0x1&seed=1.5",
    "d=" + "1".repeat(9000) + "&z=" + "5:1,".repeat(9000),
  ];
  for (const query of hostile) {
    const state = parse(`?model=m&${query}`);
    assert.ok(Number.isInteger(state.seed) && state.seed >= 0 && state.seed <= 4294967295, query);
    assert.ok(
      [state.label ?? []].flat().every((label) => Number.isInteger(label) && label >= 0 && label <= 999),
      query,
    );
    assert.ok(state.truncation >= 0 && state.truncation <= 2 && Math.abs(state.brightness) <= 1, query);
    for (const values of [state.named, state.sliders, state.raw]) {
      assert.ok(values.length <= 512 && values.every((value) => Math.abs(value) <= 4), query);
    }
  }
});

test("numbers out of range go to the nearest end, and what is no number to the default", () => {
  assert.equal(parse("?model=m&truncation=1000000").truncation, 2);
  assert.equal(parse("?model=m&truncation=-3").truncation, 0);
  assert.equal(parse("?model=m&truncation=x").truncation, 1);
  assert.equal(parse("?model=m&seed=x").seed, 0);
  assert.deepEqual(parse("?model=m&d=x,,9,-9").sliders, [0, 0, 4, -4]);
  assert.deepEqual(parse("?model=m&z=2:9,0:-1").raw, [-1, 0, 4]);
});

test("a state is cut to what a model has", () => {
  const many = { ...FRESH, label: 3, named: [3, 2, 1], sliders: [1, 2, 3, 4], raw: [5] };
  const fitted = lab.fitState(many, ABOUT, CONTROLS);
  assert.deepEqual(fitted, { ...FRESH, label: null, named: [3, 2], sliders: [1, 2, 3], raw: [5, 0, 0, 0] });
  assert.equal(lab.fitState({ ...FRESH, label: 2 }, ABOUT, CONTROLS).label, 2);
  assert.equal(lab.fitState({ ...FRESH, label: 0 }, { ...ABOUT, classes: [] }, CONTROLS).label, null);
});

const SEVERAL = {
  ...ABOUT,
  classes: ["sea", "snow", "cat", "dog", "mouse"],
  groups: [
    { name: "places", size: 2, most: 1 },
    { name: "animals", size: 3, most: 2 },
  ],
};

test("of classes in groups an address names several", () => {
  assert.deepEqual(parse("?model=m&label=0,3").label, [0, 3]);
  assert.deepEqual(parse("?model=m&label=x,3,,-1,9999").label, 3);
  assert.equal(parse("?model=m&label=,x").label, null);
  assert.equal(format({ ...FRESH, label: [0, 3] }), "?model=m&seed=204&label=0%2C3");
  assert.ok(parse(`?model=m&label=${"7,".repeat(9000)}`).label.length <= 4096);
});

test("a wish is cut to what a model's groups allow", () => {
  const fit = (label, about = SEVERAL) => lab.fitState({ ...FRESH, label }, about, CONTROLS).label;
  assert.deepEqual(
    [4, 3, 3, 9, 0, 1, 2].map((label) => fit(label)),
    [[4], [3], [3], null, [0], [1], [2]],
  );
  assert.deepEqual(fit([4, 3, 3, 9, 1, 0, 2]), [1, 3, 4]);
  assert.deepEqual(
    [null, [], [7]].map((label) => fit(label)),
    [null, null, null],
  );
  assert.equal(fit([0, 1], ABOUT), null); // one class a picture
  assert.equal(fit(1, ABOUT), 1);
});

test("random seeds are whole numbers in range", () => {
  const seeds = Array.from({ length: 100 }, lab.randomSeed);
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32));
  assert.ok(new Set(seeds).size > 90);
});
