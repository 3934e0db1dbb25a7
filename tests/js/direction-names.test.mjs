// Names of directions in an address, and the order in which sliders are offered.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("explore/direction-names.js", "shared/words.js");

test("names go into an address and come back", () => {
  const names = [];
  names[2] = "smile";
  assert.equal(lab.formatNames(names), ",,smile");
  assert.deepEqual(lab.parseNames(",,smile"), ["", "", "smile"]);
  assert.equal(lab.formatNames([]), "");
  assert.equal(lab.formatNames(["wide, or not", "", ""]), "wide or not");
});

test("an address that anyone may have written gives short plain names", () => {
  const [first, ...others] = lab.parseNames(`${"x".repeat(99)}\u0000,a\u202eb,${",".repeat(5000)}`);
  assert.equal(first.length, 24);
  assert.equal(others[0], "a b");
  assert.ok(others.length < 64);
  assert.deepEqual(lab.parseNames(undefined), [""]);
});

test("sliders that say most come first, unknown ones in their own order", () => {
  lab.words = { skin: "skin", shift_x: "left, right" };
  assert.deepEqual(lab.inOrder(["b", "shift_x", "a", "skin"]), [3, 1, 0, 2]);
  assert.deepEqual(["shift_x", "rear_hair", "constructor"].map(lab.sliderWords), [
    "left, right",
    "rear hair",
    "constructor",
  ]);
});
