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
  lab.callsUnderWay = (now) => now;
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

test("who is told to wait longer waits longer, and comes back with one call alone", async () => {
  const live = requests();
  for (const payload of ["a", "b", "c"]) live.request(payload);
  assert.equal(calls.length, 3);
  calls[2].reply({ busy: true, after: 3 });
  await settle();
  assert.ok(timers.delays[0] >= 2250 && timers.delays[0] <= 3750, `${timers.delays[0]}`);
  assert.equal(said.at(-1), lab.notices.busy);
  for (const i of [0, 1]) calls[i].reply({ busy: true, after: 0 }); // overtaken by the third
  await settle();
  timers.run();
  live.request("d");
  assert.deepEqual(
    calls.map(({ payload }) => payload),
    ["a", "b", "c", "c"],
  );
  calls[3].reply({ value: "" });
  await settle();
  assert.equal(calls.at(-1).payload, "d");
});

test("calls under way follow the way there and back, but not the wait for a turn", () => {
  /** The number in which replies of one age end, from any start. */
  const settled = (age, waited, most = 5) => {
    const ends = [1, 2, 5].map((start) => {
      let now = Math.min(start, most);
      for (let i = 0; i < 9; i++) now = lab.callsUnderWay(now, age, waited, most);
      return now;
    });
    assert.equal(new Set(ends).size, 1, `${ends}`);
    return ends[0];
  };
  assert.equal(settled(12, 0), 2, "a server next door: one is drawn while another is on its way");
  assert.equal(settled(72, 1), 5, "60 ms further away: 60 pictures a second need five");
  assert.equal(settled(300, 1), 5, "never more than the most");
  assert.equal(settled(300, 280), 2, "a crowd: what else would be sent only waits");
  assert.equal(settled(360, 280), 2, "a crowd far away");
  assert.equal(settled(60, 20), 3, "somebody else is there");
  assert.equal(settled(72, 1, 1), 1);
  assert.equal(lab.callsUnderWay(5, 300, 280, 5), 4, "one less a reply");
  assert.equal(lab.callsUnderWay(1, 72, 0, 5), 2, "one more a reply");
});

test("in a crowd calls become fewer, and more again when it has gone", async (t) => {
  let clock = 0;
  t.mock.method(performance, "now", () => clock);
  const live = requests();
  /** Change 20 times while every reply takes so many ms, of which it waited some; return how many are under way then. */
  const underWay = async (ms, waited) => {
    for (let i = 0; i < 20; i++) {
      live.request(i);
      clock += ms;
      calls.shift().reply({ value: "", waited });
      await settle();
    }
    for (let i = 0; i < 9; i++) live.request(i);
    return calls.length;
  };
  assert.equal(await underWay(300, 290), 2);
  assert.equal(await underWay(70, 0), 5);
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

test("what came before a picture could be drawn, such as weights, does not count", async () => {
  const begun = [];
  lab.paintTimer = () => (since) => begun.push(since);
  const live = requests({ counted: true });
  performance.now = () => 5;
  live.request("a");
  calls[0].reply({ since: 900 });
  await settle();
  live.request("b");
  calls[1].reply({});
  await settle();
  assert.deepEqual(begun, [900, 5]);
});
