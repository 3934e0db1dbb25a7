// Numbers as the page writes them.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("shared/numbers.js");

test("measurements have three digits, and what is too small for that is nothing", () => {
  const texts = {
    0: "0",
    "-2.16e-13": "0",
    0.0004: "0",
    0.0726: "0.073",
    0.9996: "1.00",
    1.386: "1.39",
    "-1.386": "-1.39",
    9.996: "10.0",
    52.04: "52.0",
    99.96: "100",
    1234.5: "1,235",
  };
  for (const [value, text] of Object.entries(texts)) assert.equal(lab.measured(Number(value)), text, value);
});

test("one of a kind has no plural, and a place in line has its ending", () => {
  assert.deepEqual(
    [0, 1, 2, 1234].map((n) => lab.count(n, "step")),
    ["0 steps", "1 step", "2 steps", "1,234 steps"],
  );
  assert.deepEqual(
    [1, 2, 3, 4, 11, 12, 13, 21, 22, 111].map(lab.ordinal).join(),
    "1st,2nd,3rd,4th,11th,12th,13th,21st,22nd,111th",
  );
});

test("shares are whole percents", () => assert.equal(lab.percent(0.076), "8 %"));
