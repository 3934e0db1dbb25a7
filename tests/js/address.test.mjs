// The page's address, which anyone may have written.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("shared/address.js");
const parse = (query) => lab.parseAddress(query);

test("an address gives back the tab and the part it was made of", () => {
  const all = [
    ["gallery", {}],
    ["explore", { model: "m", seed: "7", d: "0.5,,-1", z: "3:0.3" }],
    ["interpolate", { model: "a b&c=d", seeds: "1,2", loop: "0" }],
    ["translate", { model: "m", to: "a", sample: "none", ink: "A-_", told: "ff00" }],
    ["quiz", { model: "m", quiz: "7", beat: "10" }],
    ["train", { run: "r1", train: '{"dataset":"ring"}' }],
    ["publish", {}],
  ];
  for (const [tab, part] of all) assert.deepEqual(parse(lab.formatAddress(tab, part)), { tab, part });
});

test("an address is short and speaks of one tab alone", () => {
  assert.equal(lab.formatAddress("gallery", { model: "m" }), "");
  assert.equal(lab.formatAddress("explore", { model: "m", run: "r", d: "1,2" }), "?tab=explore&model=m&d=1,2");
  assert.equal(lab.formatAddress("train", { run: "", model: "m" }), "?tab=train");
});

test("keys that belong to no tab are kept, those of other tabs are not", () => {
  const before = "?__theme=dark&tab=train&run=r&model=m&seeds=1&view=api";
  assert.equal(lab.formatAddress("publish", {}, before), "?__theme=dark&view=api&tab=publish");
  assert.equal(lab.formatAddress("gallery", {}, "?tab=explore&model=m"), "");
});

test("links that name no tab, as earlier versions made them, are a picture, a run or a plan", () => {
  assert.equal(parse("").tab, "gallery");
  assert.equal(parse("?seed=3").tab, "gallery");
  assert.deepEqual(parse("?model=m&seed=3"), { tab: "explore", part: { model: "m", seed: "3" } });
  assert.deepEqual(parse("?run=r&train=p"), { tab: "train", part: { run: "r", train: "p" } });
  assert.deepEqual(parse("?train=p"), { tab: "train", part: { train: "p" } });
  // The link of a picture held the sender's run, too.
  assert.deepEqual(parse("?run=r&train=p&model=m"), { tab: "explore", part: { model: "m" } });
});

test("tabs that do not exist, empty keys and keys given twice do no harm", () => {
  for (const name of ["", "Explore", "__proto__", "constructor", "toString", "../train"]) {
    assert.equal(parse(`?tab=${name}`).tab, "gallery");
    assert.equal(lab.isTab(name), false);
  }
  assert.equal(parse("?tab=nothing&run=r").tab, "train");
  assert.deepEqual(parse("?tab=explore&model=&seed=1&seed=2&__proto__=x").part, { seed: "1" });
  assert.deepEqual(parse("?tab=explore&%E0%A4%A&=&&model=%00").part, { model: "\0" });
});

test("another model keeps what does not depend on one", () => {
  const picture = { model: "a", seed: "7", label: "3", truncation: "0.5", d: "1" };
  assert.deepEqual(lab.withModel("explore", picture, "b"), { model: "b", seed: "7" });
  assert.equal(lab.withModel("explore", picture, "a"), picture);
  const walk = { model: "a", seeds: "1,2", label: "3", fps: "12" };
  assert.deepEqual(lab.withModel("interpolate", walk, "b"), { model: "b", seeds: "1,2", fps: "12" });
  assert.deepEqual(lab.withModel("train", { run: "r" }, "b"), { run: "r" });
});
