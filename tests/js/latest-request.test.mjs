// Requests of which the newest is always shown in the end.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { holdTimers, load, settle } from "./page.mjs";

let lab, timers, calls, shown, said;

/** Requests whose replies this test gives: calls[i].reply(...) or .fail(). */
function requests(options = {}) {
  return new lab.LatestRequest({
    counted: false,
    send: (payload) => new Promise((reply, fail) => calls.push({ payload, reply, fail })),
    show: (reply, payload) => shown.push(`${reply.value}:${payload}`),
    announce: (text) => said.push(text),
    ...options,
  });
}

beforeEach(() => {
  lab = load("shared/stats.js", "shared/notices.js", "shared/latest-request.js");
  timers = holdTimers();
  [calls, shown, said] = [[], [], []];
});

test("late replies are dropped, and the newest is shown whichever comes last", async () => {
  for (const [order, expected] of [
    [
      [3, 0, 4, 5, 1, 2],
      ["3", "4", "8"],
    ],
    [
      [0, 5, 1, 2, 3, 4],
      ["0", "8"],
    ],
  ]) {
    [calls, shown] = [[], []];
    const live = requests();
    for (let i = 0; i < 9; i++) live.request(i);
    assert.deepEqual(
      calls.map(({ payload }) => payload),
      [0, 1, 2, 3, 4],
      "five at once",
    );
    for (const i of order) {
      calls[i].reply({ value: "" }); // 5 to 7 are overtaken by 8, which goes out as the sixth call
      await settle();
    }
    assert.deepEqual(
      shown.map((text) => text.slice(1)),
      expected,
    );
  }
  assert.equal(lab.stats.running, 0);
  assert.equal(lab.stats.asked, 12);
  assert.equal(lab.stats.late, 7);
});

test("a busy server is tried again, with growing pauses, until it answers", async () => {
  const live = requests();
  live.request("a");
  for (let i = 0; i < 6; i++) {
    calls.at(-1).reply({ busy: true });
    await settle();
    timers.run();
  }
  calls.at(-1).reply({ value: "done" });
  await settle();
  assert.deepEqual(shown, ["done:a"]);
  assert.equal(lab.stats.busy, 6);
  timers.delays.forEach((ms, i) => {
    const pause = Math.min(4000, 120 * 2 ** i);
    assert.ok(ms >= 0.75 * pause && ms <= 1.25 * pause, `pause ${i} was ${ms}`);
  });
  assert.equal(said.filter((text) => text === lab.notices.busy).length, 4, "short waits are not worth a word");
  assert.equal(said.at(-1), "");
});

test("a lost connection is tried again, and counted apart", async () => {
  const live = requests();
  live.request("a");
  calls[0].fail(new Error("gone"));
  await settle();
  timers.run();
  calls[1].reply({ value: "back" });
  await settle();
  assert.deepEqual([shown, lab.stats.failed, lab.stats.busy], [["back:a"], 1, 0]);
});

test("what is no longer wanted is not tried again", async () => {
  const live = requests();
  live.request("old");
  calls[0].reply({ busy: true });
  await settle();
  live.request("new");
  timers.run();
  calls[1].reply({ value: "" });
  await settle();
  assert.deepEqual(
    calls.map(({ payload }) => payload),
    ["old", "new"],
  );
  assert.deepEqual(shown, [":new"]);
});

test("what is refused after a newer request has gone out is not tried again", async () => {
  const live = requests();
  live.request("old");
  live.request("new");
  calls[0].reply({ busy: true });
  await settle();
  assert.deepEqual(timers.delays, []);
  calls[1].reply({ value: "" });
  await settle();
  assert.deepEqual(shown, [":new"]);
});

test("an error is announced, and the picture before it stays", async () => {
  const live = requests();
  live.request("a");
  calls[0].reply({ error: "seed must be a whole number" });
  await settle();
  assert.deepEqual([shown, said], [[], ["Sorry: seed must be a whole number."]]);
});

test("no more calls run at once than the limit", async () => {
  const live = requests({ limit: 1 });
  for (const payload of ["a", "b", "c"]) live.request(payload);
  assert.equal(calls.length, 1);
  calls[0].reply({ value: "" });
  await settle();
  assert.deepEqual(
    calls.map(({ payload }) => payload),
    ["a", "c"],
  );
});
