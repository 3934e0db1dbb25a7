// Calls to the server that fail in every way: each ends, and says how.
import assert from "node:assert/strict";
import test from "node:test";
import { holdTimers, load, settle } from "./page.mjs";

const lab = load("shared/calls.js");

/** Gradio's client: it fetches, and swallows what goes wrong. */
const client = async (payload) => {
  try {
    const response = await window.fetch("/component_server/", { method: "POST", body: JSON.stringify(payload) });
    if (!response.ok) throw new Error(response.statusText);
    return await response.json();
  } catch {
    return undefined;
  }
};

/** Call with a network that answers as `network` does. */
const ask = (network, name = "ask") => {
  window.fetch = network;
  return lab.calls({ [name]: client })[name]({ a: 1 });
};
const answer =
  (body, status = 200) =>
  async () =>
    new Response(JSON.stringify(body), { status });

test("a reply comes through, and the payload arrives", async () => {
  let sent;
  const network = async (address, options) => {
    sent = [address, options.method, options.body];
    return answer({ run: "x" })();
  };
  assert.deepEqual(await ask(network), { run: "x" });
  assert.deepEqual(sent, ["/component_server/", "POST", '{"a":1}']);
  assert.equal(window.fetch, network, "the page's own fetch is back");
});

test("a call without a reply throws: no network, no JSON, a server that is being restarted", async () => {
  const offline = () => Promise.reject(new TypeError("Failed to fetch"));
  const html = async () => new Response("<html>", { status: 200 });
  for (const network of [offline, html, answer(null), answer({ detail: "oops" }, 500), answer({}, 502)]) {
    await assert.rejects(ask(network));
  }
  await assert.rejects(lab.calls({ ask: async () => undefined }).ask({}), "nor one that never fetched");
});

test("a refusal gives its sentence, and too many at once is busy", async () => {
  assert.deepEqual(await ask(answer({ detail: "at most 64 MB" }, 413)), { error: "at most 64 MB" });
  assert.deepEqual(await ask(answer({ detail: [{ loc: 1 }] }, 422)), {
    error: "the server refused this (status 422)",
  });
  assert.deepEqual(await ask(answer({ detail: "later" }, 503)), { busy: true });
});

test("a reply that never comes is given up and its request aborted, sooner where nothing is made", async () => {
  const timers = holdTimers();
  for (const [name, seconds] of [
    ["news", 20],
    ["film", 180],
  ]) {
    let signal;
    const call = ask((_, options) => new Promise(() => ({ signal } = options)), name);
    assert.equal(timers.delays.at(-1), seconds * 1000);
    timers.run();
    await assert.rejects(call, { message: `no reply within ${seconds} seconds` });
    assert.ok(signal.aborted);
    await settle();
  }
});
