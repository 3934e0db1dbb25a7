// Models made in this browser tab, and what the Publish tab offers of them.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { load } from "./page.mjs";

let lab;
beforeEach(() => {
  lab = load("shared/session-models.js", "publish/publish.js");
  lab.showTab = () => {};
  window.scrollTo = () => {};
});
const model = (name) => ({ model: name, size: 64, classes: [] });

test("each tab hears once of every model, made before or after it was opened", () => {
  const heard = [];
  lab.addSessionModel(model("a"));
  lab.forEachSessionModel(({ model: name }) => heard.push(name));
  lab.addSessionModel(model("b"));
  lab.addSessionModel(model("c"));
  assert.deepEqual(heard, ["a", "b", "c"]);
});

test("Publish offers the newest first, then the server's runs", () => {
  lab.addSessionModel(model("a"));
  lab.addSessionModel(model("b"));
  const [list, message] = lab.offerToPublish(["run"], "ready");
  assert.deepEqual(list, {
    __type__: "update",
    choices: [
      ["b, opened", "b"],
      ["a, opened", "a"],
      ["run", "run"],
    ],
  });
  assert.deepEqual(message, { __type__: "update" });
});

test("a name is told without the part that nobody can guess, and two alike are numbered", () => {
  const others = [];
  for (const name of ["faces-AbCdEf_-0123", "faces-0123456789ab", "ring-1200-0123456789ab", "faces"]) {
    others.push(lab.openedName(name, others));
  }
  assert.deepEqual(others, ["faces, opened", "faces, opened 2", "ring-1200, opened", "faces, opened 3"]);
});

test("a model that was asked for is chosen, once", () => {
  lab.addSessionModel(model("a"));
  lab.openPublish("a");
  const [list, message] = lab.offerToPublish([], "ready");
  assert.deepEqual([list.value, message], ["a", "ready"]);
  assert.equal("value" in lab.offerToPublish([], "ready")[0], false);
});
