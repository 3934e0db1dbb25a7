// Calling a busy or unreachable server again.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { holdTimers, load, settle } from "./page.mjs";

let lab, timers, said;
const announce = (text) => said.push(text);

/** Await a promise while every timer runs at once. */
async function finish(promise) {
  let done = false;
  promise.finally(() => (done = true));
  while (!done) {
    await settle();
    timers.run();
  }
  return promise;
}

beforeEach(() => {
  lab = load("shared/notices.js", "shared/retry.js");
  timers = holdTimers();
  said = [];
});

test("a busy server is asked until it answers", async () => {
  const replies = [{ busy: true }, { busy: true }, { value: 7 }];
  assert.deepEqual(await finish(lab.callWithRetry(async () => replies.shift(), announce)), { value: 7 });
  assert.deepEqual(said, [lab.notices.busy, lab.notices.busy]);
  assert.deepEqual(timers.delays, [150, 300]);
});

test("a busy server says when to come back", async () => {
  const replies = [{ busy: true, after: 2 }, { busy: true, after: 0 }, { value: 7 }];
  assert.deepEqual(await finish(lab.callWithRetry(async () => replies.shift(), announce)), { value: 7 });
  assert.deepEqual(timers.delays, [2000, 3000]);
});

test("an error is an answer", async () => {
  assert.deepEqual(await finish(lab.callWithRetry(async () => ({ error: "no" }), announce)), { error: "no" });
  assert.deepEqual(said, []);
});

test("it gives up after ten tries, the last pauses three seconds", async () => {
  let tries = 0;
  const reply = await finish(lab.callWithRetry(async () => (tries++, { busy: true }), announce));
  assert.equal(tries, 10);
  assert.match(reply.error, /reload the page/);
  assert.equal(timers.delays.at(-1), 3000);
});

test("a lost connection ends a call that must not be made twice, and no other", async () => {
  let tries = 0;
  const call = async () => {
    if (++tries === 1) throw new Error("gone");
    return { value: tries };
  };
  assert.deepEqual(await finish(lab.callWithRetry(call, announce)), { value: 2 });
  assert.deepEqual(said, [lab.notices.lost]);
  tries = 0;
  const reply = await finish(lab.callWithRetry(call, announce, { repeatable: false }));
  assert.match(reply.error, /try again/);
  assert.equal(tries, 1);
});
