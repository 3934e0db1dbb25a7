// What is seen of a run: points outside the picture, and which number is watched.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("train/point-view.js", "train/curve.js");

test("points beyond each edge are counted once", () => {
  const data = Int16Array.of(-32767, 5, 32767, 32767, 0, -32767, 7, 32767, 3, 32767, 32766, -32766);
  assert.deepEqual(lab.outside({ shape: [6, 2], data }), [1, 1, 1, 2]);
});

test("the number of the lesson is watched, or the main one where the run has it not", () => {
  const curve = [{ sides: [{}] }, { sides: [{ recall: 0.5, generator_gradient: 2 }] }];
  const lesson = (...watch) => ({ story: { watch } });
  assert.equal(lab.watched({ curve: [], lesson: lesson("generator_gradient") }), "generator_gradient");
  assert.equal(lab.watched({ curve, lesson: lesson("modes") }), "recall");
  assert.equal(lab.watched({ curve, lesson: null }), "recall");
  assert.equal(lab.watched({ curve: [], lesson: lesson("modes") }), undefined);
});
