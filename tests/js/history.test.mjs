// Undo and redo.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("shared/history.js");

test("steps are undone and redone in order", () => {
  const history = new lab.History();
  for (const seed of [1, 2, 3]) assert.ok(history.settle({ seed }));
  assert.deepEqual([history.undo(), history.undo(), history.undo()], [{ seed: 2 }, { seed: 1 }, null]);
  assert.deepEqual([history.redo(), history.redo(), history.redo()], [{ seed: 2 }, { seed: 3 }, null]);
});

test("the same state twice is one step", () => {
  const history = new lab.History();
  history.settle({ seed: 1 });
  assert.equal(history.settle({ seed: 1 }), false);
  assert.equal(history.undo(), null);
});

test("a new step ends what could be redone", () => {
  const history = new lab.History();
  for (const seed of [1, 2]) history.settle({ seed });
  history.undo();
  history.settle({ seed: 3 });
  assert.equal(history.redo(), null);
  assert.deepEqual(history.undo(), { seed: 1 });
});

test("a step shown again by undo is not one more", () => {
  const history = new lab.History();
  for (const seed of [1, 2]) history.settle({ seed });
  assert.equal(history.settle(history.undo()), false);
  assert.deepEqual(history.redo(), { seed: 2 });
});

test("states are copies, and only so many are held", () => {
  const history = new lab.History();
  const state = { sliders: [1] };
  history.settle(state);
  state.sliders[0] = 2;
  history.settle(state);
  assert.deepEqual(history.undo(), { sliders: [1] });
  for (let seed = 0; seed < 500; seed++) history.settle({ seed });
  assert.equal(history.past.length, 200);
});
