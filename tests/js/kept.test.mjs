// Kept pictures: what is stored, and what a file that anyone may have written becomes.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const stored = new Map();
globalThis.localStorage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, text) => stored.set(key, text) };
const scripts = ["shared/address.js", "shared/kept.js"];
const picture = "data:image/png;base64,iVBORw0KGgo=";
const one = { part: { model: "m", seed: "3", n: "1.5" }, picture };
const other = { part: { model: "m", seed: "4" }, picture };

test("pictures are kept once, in order, and are there after a reload", () => {
  const lab = load(...scripts);
  assert.equal(lab.kept.add([one, other, one]), 2);
  assert.equal(lab.kept.add([{ ...one, part: { n: "1.5", seed: "3", model: "m" } }]), 0);
  assert.deepEqual(load(...scripts).kept.all(), [one, other]);
  lab.kept.remove(0);
  assert.deepEqual(load(...scripts).kept.all(), [other]);
});

test("there is an end to them", () => {
  const lab = load(...scripts);
  const many = Array.from({ length: 99 }, (_, i) => ({ part: { model: "m", seed: String(i + 9) }, picture }));
  assert.equal(lab.kept.add(many), 47);
  assert.equal(lab.kept.all().length, 48);
});

test("a file gives pictures or nothing", () => {
  const lab = load(...scripts);
  assert.deepEqual(lab.parseKept(JSON.stringify({ kept: [one, other] })), [one, other]);
  for (const text of [null, "", "{", "7", "{}", '{"kept":7}', '[null,3,"x",{}]'])
    assert.deepEqual(lab.parseKept(text), []);
  const bad = [
    { part: { model: "m" }, picture: "javascript:alert(1)" },
    { part: { model: "m" }, picture: "data:image/svg+xml;base64,AAAA" },
    { part: { seed: "1" }, picture },
    { part: { model: 7, tab: "x", seed: {}, n: "x".repeat(9999) }, picture },
  ];
  assert.deepEqual(lab.parseKept(JSON.stringify([...bad, one])), [one]);
});
