// What the end of a quiz says, and what goes to a friend.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("quiz/quiz.js");
/** r or m: what it is, what the visitor says, what the judge says. */
const given = (...all) =>
  all.map(([real, mine, judge]) => ({ real: real === "r", mine: mine === "r", judge: judge === "r", seed: null }));

test("points are counted for both", () => {
  assert.deepEqual([...lab.quizPoints(given("rrm", "mmm", "rmm"))], [2, 1]);
  assert.deepEqual([...lab.quizPoints([])], [0, 0]);
});

test("the sentence says who won, where both were wrong, and how the friend did", () => {
  assert.equal(lab.quizSentence(given("rrm", "mmm"), null), "You beat the judge.");
  assert.equal(lab.quizSentence(given("rmr"), null), "The judge has beaten you.");
  const both = "A draw with the judge. Both of you were wrong about";
  assert.equal(lab.quizSentence(given("rmm", "rrr"), null), `${both} one of them.`);
  assert.equal(
    lab.quizSentence(given("rmm", "mrr", "rrr"), 1),
    `${both} 2 of them. You got as many as the 1 that you were sent.`,
  );
  assert.match(lab.quizSentence(given("rrr"), 0), /more than the 0 that/);
  assert.match(lab.quizSentence(given("rrr"), 3), /fewer than the 3 that/);
});

test("a friend gets the score, a square for each answer, and the link", () => {
  const text = lab.quizResult("faces", given("rrm", "mrm"), "http://x/?quiz=1");
  assert.equal(text, "Real or made? faces: I got 1 of 2, the judge 1.\n🟩🟥\nhttp://x/?quiz=1");
});
