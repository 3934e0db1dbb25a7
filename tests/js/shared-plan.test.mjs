// A plan from a shared link, which anyone may have written.
import assert from "node:assert/strict";
import test from "node:test";
import { CONTROLS, load } from "./page.mjs";

const lab = load("train/ink.js", "train/shared-plan.js");
const ABOUT = {
  presets: { modern: {}, classic: {}, wgan: {} },
  data: { points: { ring: "Ring", grid: "Grid" }, pictures: { mnist: "Digits" } },
  settings: { points: [{ name: "clip" }], pictures: [{ name: "clip" }, { name: "width" }] },
};
const parse = (plan) => lab.parsePlan(typeof plan === "string" ? plan : JSON.stringify(plan), ABOUT, CONTROLS[0]);

test("a plan of two sides is a duel", () => {
  const plan = parse({
    dataset: "grid",
    seed: 7,
    sides: [{ preset: "wgan", changes: { clip: 0.2 } }, { preset: "modern" }],
  });
  assert.deepEqual(plan, {
    data: "grid",
    presets: ["wgan", "modern"],
    changes: [{ clip: 0.2 }, {}],
    duel: true,
    seed: 7,
    ink: null,
  });
});

test("a plan of one side keeps a rival for later", () => {
  const plan = parse({ dataset: "mnist", sides: [{ preset: "wgan" }] });
  assert.deepEqual([plan.presets, plan.duel, plan.seed], [["wgan", "classic"], false, 0]);
});

test("a drawing is told apart from data sets by its name", () => {
  const plan = parse({ dataset: "ink:AAAA", seed: 1, sides: [{ preset: "wgan" }] });
  assert.deepEqual([plan.data, plan.ink], ["draw", "ink:AAAA"]);
});

test("settings that nobody offers are dropped, and seeds out of range are 0", () => {
  const plan = parse({
    dataset: "ring",
    seed: 2 ** 32,
    sides: [{ preset: "wgan", changes: { clip: 1, data_root: "/etc", __proto__: 1 } }],
  });
  assert.deepEqual([plan.changes[0], plan.seed], [{ clip: 1 }, 0]);
});

test("what is no plan is none", () => {
  const side = { preset: "wgan" };
  const wrong = [
    "",
    "null",
    "7",
    "[]",
    "{",
    "{}",
    { dataset: "ring" },
    { dataset: "ring", sides: [] },
    { dataset: "ring", sides: [side, side, side] },
    { dataset: "other", sides: [side] },
    { dataset: "toString", sides: [side] },
    { dataset: 7, sides: [side] },
    { dataset: "ring", sides: [{ preset: "__proto__" }] },
    { dataset: "ring", sides: [null] },
    { dataset: "ring", sides: "ab" },
  ];
  for (const plan of wrong) assert.equal(parse(plan), null, JSON.stringify(plan));
  assert.equal(lab.parsePlan(null, ABOUT, CONTROLS[0]), null);
});
