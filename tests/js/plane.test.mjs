// Planes of the latent space: which picture is where.
import assert from "node:assert/strict";
import test from "node:test";
import { inputsOf, latentOf } from "../../gan/ui/static/engine/latent.mjs";
import { load } from "./page.mjs";

const lab = load("shared/numbers.js", "shared/picture-state.js", "explore/plane.js");
lab.seeds = { latentOf };
const SIZE = 24;
const ABOUT = { z_dim: SIZE };
const PACK = {
  config: { z_dim: SIZE, classes: 3, groups: [], named: 2, own: [] },
  tensors: new Map(
    ["named", "directions"].map((name, k) => [
      name,
      Float32Array.from({ length: 2 * SIZE }, (_, i) => Math.sin(i + 5 * k)),
    ]),
  ),
};
const state = (seed, part = {}) => ({
  ...{ model: "m", seed, label: null, truncation: 1, brightness: 0, named: [0, 0], sliders: [0, 0] },
  ...{ raw: new Array(SIZE).fill(0), ...part },
});
const THREE = [
  state(1),
  state(2, { truncation: 0.5, label: 2, named: [1.5, 0] }),
  state(3, { sliders: [0, -1], raw: Array.from({ length: SIZE }, (_, i) => (i === 4 ? 0.75 : 0)) }),
];
const latent = (of) => inputsOf(PACK, of).z;
const norm = (z) => Math.hypot(...z);

test("the corners are the three pictures themselves", () => {
  const plane = lab.planeOfThree(THREE, ABOUT);
  plane.corners.forEach(([x, y], k) => {
    const at = plane.at(x, y);
    assert.deepEqual({ ...at, raw: [] }, { ...THREE[k], raw: [] });
    at.raw.forEach((value, i) => assert.ok(Math.abs(value - THREE[k].raw[i]) < 1e-9));
    assert.equal(plane.nearest(x, y), k);
    assert.equal(plane.words(x, y).split(", ")[k], `100 % of ${"ABC"[k]}`);
  });
});

test("between and beyond them pictures are as typical as they, edits go along, and nothing jumps but the class", () => {
  const plane = lab.planeOfThree([THREE[0], state(2, { named: [1.5, 0] }), state(3)], ABOUT);
  const lengths = [1, 2, 3].map((seed) => norm(latentOf(seed, SIZE)));
  const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
  for (const [x, y] of [
    [0, 0],
    [0.3, -0.2],
    [-0.9, 0.8],
    [0, -1],
  ]) {
    const own = norm(latent({ ...plane.at(x, y), named: [0, 0] }));
    assert.ok(shortest - 0.3 < own && own < longest + 0.3, `${own} at ${x}, ${y}`); // links round to a 20th
  }
  assert.deepEqual(plane.at(0, 0).named, [0.5, 0]);
  const edge = [-1e-9, 1e-9].map((x) => plane.at(x, plane.corners[0][1]));
  assert.deepEqual(
    edge.map(({ seed }) => seed),
    [1, 2],
  );
  const [left, right] = edge.map(latent);
  assert.ok(norm(left.map((value, i) => value - right[i])) < 0.3);
});

test("what is at a place is what a link to it gives back", () => {
  const at = lab.planeOfThree(THREE, ABOUT).at(0.4, 0.3);
  const back = lab.parseState(lab.formatState(at, lab.controls), lab.controls);
  assert.deepEqual(
    lab.fitState(
      back,
      { ...ABOUT, named: ["a", "b"], variance: [1, 1], classes: ["", "", ""], groups: [] },
      lab.controls,
    ),
    at,
  );
});

test("two sliders span a plane that ends where they do", () => {
  const axes = [
    { control: "named", index: 1, words: "weight" },
    { control: "sliders", index: 0, words: "mine" },
  ];
  const plane = lab.planeOfSliders(state(7, { named: [0.5, 0] }), axes);
  assert.deepEqual(plane.at(1.02, -2.5), state(7, { named: [0.5, 1], sliders: [-2.5, 0] }));
  assert.equal(plane.words(1.02, -2.5), "weight +1.00, mine −2.50");
  assert.equal(plane.at(3.2, 0), null);
  assert.notEqual(plane.at(0, 3.2), null, "principal directions go to 4");
  assert.equal(plane.span, 6);
});
