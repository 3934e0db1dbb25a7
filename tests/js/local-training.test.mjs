// Who answers for a run: the worker of this browser for its own, else the server.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { load } from "./page.mjs";

const MENUS = { local: { presets: { modern: { loss: "relativistic" } }, rules: {} } };
let lab, tasks, worker;

beforeEach(() => {
  globalThis.document = { baseURI: "https://host/path/?tab=train" };
  globalThis.Worker = class {
    constructor(address) {
      worker = this;
      this.address = address;
    }
    postMessage({ id, task, ...request }) {
      tasks.push([task, request]);
      queueMicrotask(() => this.answer({ id, task }));
    }
    terminate() {
      this.ended = true;
    }
    answer({ id }) {
      this.onmessage({ data: { id, result: { error: null, run: "here-1" } } });
    }
  };
  tasks = [];
  lab = load("engine/worker-calls.js", "train/arrays.js", "train/local-training.js");
  window.WebAssembly = WebAssembly;
  lab.trainer = "engine/trainer/1";
});

const server = { news: async () => "server", begin: async () => "server", film: async () => "server" };

test("a run of this browser is the worker's, any other the server's", async () => {
  const local = lab.localTraining(MENUS);
  const either = lab.trainingAnywhere(server, local);
  assert.equal(await either.news({ run: "abc", after: -1 }), "server");
  assert.deepEqual(tasks, []);
  assert.equal((await either.news({ run: "here-1", after: 3 })).error, null);
  assert.deepEqual(tasks, [["news", { run: "here-1", after: 3 }]]);
  assert.equal(String(worker.address), "https://host/path/engine/trainer/1");
  assert.equal(await either.begin({}), "server");
  assert.equal(await either.film({ run: "abc" }), "server");
});

test("the worker is told what the server knows of lessons and settings", async () => {
  const local = lab.localTraining(MENUS);
  assert.equal(lab.localTraining(MENUS), local, "one worker for a page");
  await local.begin({ dataset: "ring" });
  assert.deepEqual(tasks, [["begin", { dataset: "ring", about: MENUS.local }]]);
  assert.deepEqual(await local.preset({ preset: "modern", dataset: "grid" }), {
    settings: { loss: "relativistic", dataset: "grid" },
  });
});

test("what the worker cannot do is told in a sentence", async () => {
  const local = lab.localTraining(MENUS);
  const asked = local.begin({});
  worker.answer = () => {};
  await Promise.resolve();
  worker.onerror({ preventDefault: () => {} });
  assert.deepEqual(await asked, { error: "this browser cannot train" });
  const dead = worker;
  assert.ok(dead.ended);
  assert.equal((await local.begin({})).run, "here-1");
  assert.notEqual(worker, dead, "the next task has a worker that can answer");
  assert.match((await local.film({})).error, /server/);
});

test("without WebAssembly there is the server alone", async () => {
  window.WebAssembly = undefined;
  delete window.WebAssembly;
  assert.equal(lab.localTraining(MENUS), undefined);
  assert.equal(lab.trainingAnywhere(server, undefined), server);
});

test("arrays of a local run are taken as they are", () => {
  const data = Int16Array.of(1, 2);
  assert.equal(lab.unpackArray({ shape: [2], type: "int16", data }).data, data);
});
