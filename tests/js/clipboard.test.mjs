// Copying a link to a drawing, and what is said of it.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("shared/clipboard.js");

/** What is said once the link to a page is copied; undefined for the usual sentence. */
function said(page, isDrawn) {
  const sayings = [];
  lab.copyLink = (link, announce, button, copied) => sayings.push(copied);
  lab.copyDrawingLink("http://x/", page, isDrawn, () => {}, {});
  return sayings[0];
}

test("a link to a drawing says what it cannot hold", () => {
  const strokes = [{}];
  assert.equal(said({ base: null, strokes: [] }, false), undefined);
  assert.equal(said({ base: { row: 0 }, strokes }, true), undefined);
  assert.equal(
    said({ base: { row: 3 }, strokes }, false),
    "Link copied, but a link cannot hold a drawing as long as this.",
  );
  assert.equal(said({ base: {}, strokes }, true), "Link copied, but a link cannot hold your own picture.");
});
