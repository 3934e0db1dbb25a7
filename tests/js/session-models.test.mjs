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
      ["b", "b"],
      ["a", "a"],
      ["run", "run"],
    ],
  });
  assert.deepEqual(message, { __type__: "update" });
});

test("a model that was asked for is chosen, once", () => {
  lab.addSessionModel(model("a"));
  lab.openPublish("a");
  const [list, message] = lab.offerToPublish([], "ready");
  assert.deepEqual([list.value, message], ["a", "ready"]);
  assert.equal("value" in lab.offerToPublish([], "ready")[0], false);
});
