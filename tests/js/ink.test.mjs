// Drawings as data.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("train/ink.js");
const blank = () => new Uint8Array(lab.INK_SIDE ** 2);
const count = (cells) => cells.reduce((sum, cell) => sum + cell, 0);

test("a name is the drawing's bits, top left first, in URL-safe base64", () => {
  const cells = blank();
  assert.equal(lab.encodeInk(cells), `ink:${"A".repeat(683)}`);
  cells[0] = cells[10] = 1;
  assert.ok(lab.encodeInk(cells).startsWith("ink:gCAA"));
  assert.match(lab.encodeInk(cells.fill(1)), /^ink:_{682}8$/);
});

test("a drawing is found again by its name", () => {
  const cells = blank().map((_, i) => ((i * i) % 7 < 3 ? 1 : 0));
  assert.deepEqual(lab.decodeInk(lab.encodeInk(cells)), cells);
});

test("a name that is no drawing gives none", () => {
  for (const name of ["", "ink:", "ring", "ink:AAAA", "ink:<script>", `ink:${"A".repeat(10_000)}`]) {
    assert.equal(lab.decodeInk(name), null, name);
  }
});

test("a line is three cells wide and stays inside", () => {
  const cells = blank();
  lab.inkLine(cells, [10, 20], [30, 20]);
  assert.equal(count(cells), 3 * (30 - 10 + 1 + 2));
  const edge = blank();
  lab.inkLine(edge, [-5, -5], [-3, 70]);
  assert.equal(count(edge), 0);
  lab.inkLine(edge, [0, 0], [0, 0]);
  assert.equal(count(edge), 4);
});

test("a picture becomes dots as dense as it is dark", () => {
  for (const dark of [0, 0.25, 0.5, 0.8, 1]) {
    const share = count(lab.ditherInk(Float32Array.from(blank(), () => dark))) / lab.INK_SIDE ** 2;
    assert.ok(Math.abs(share - dark) < 0.02, `${dark} became ${share}`);
  }
});
