// Drawings and colours in an address, which anyone may have written.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("board/strokes.js", "translate/told.js");
const stroke = (colour, width, mirror, points) => ({ colour, width, mirror, points });

test("strokes come back as they were drawn", () => {
  const drawing = [
    stroke("#000000", 3, true, [
      [0, 0, 0],
      [4095, 4095, 255],
      [1234, 3456, 128],
    ]),
    stroke("#ff8001", 48, false, [[17, 4000, 1]]),
  ];
  const text = lab.encodeStrokes(drawing);
  assert.match(text, /^[\w-]+$/);
  assert.deepEqual(lab.decodeStrokes(text), drawing);
  assert.equal(lab.encodeStrokes([]), "");
  assert.deepEqual(lab.decodeStrokes(""), []);
});

test("a drawing that is too long for an address has no text", () => {
  const long = stroke("#000000", 3, false, Array(2000).fill([1, 2, 3]));
  assert.equal(lab.encodeStrokes([long]), null);
});

test("what is no drawing is an empty one, and what is cut off holds what came before", () => {
  const one = stroke("#010203", 1, false, [[5, 6, 7]]);
  const whole = lab.encodeStrokes([one, one]);
  for (const text of ["?", "%%%", "AAAAAAAA", "A", "A".repeat(100_000), "/////wAA"]) {
    assert.deepEqual(lab.decodeStrokes(text), [], text.slice(0, 20));
  }
  assert.deepEqual(lab.decodeStrokes(whole.slice(0, -3)), [one]);
});

test("conditions are two digits each, and nothing else is taken for some", () => {
  const told = [0, 1, 128 / 255];
  assert.equal(lab.formatTold(told), "00ff80");
  assert.deepEqual(lab.parseTold("00ff80", 3), told);
  assert.equal(lab.formatTold(null), "");
  for (const text of ["", "00ff", "00ff8", "00fg80", "00FF80", "00ff80 "]) assert.equal(lab.parseTold(text, 3), null);
  assert.equal(lab.parseTold("", 0), null);
});
