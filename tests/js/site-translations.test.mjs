// Translations on a page without a server: what lies between two pictures of a walk.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("site/site-translations.js");

test("a walk goes evenly from each picture to the next, as the server's", () => {
  const [dark, light] = [Uint8Array.of(0, 200), Uint8Array.of(100, 0)];
  const pixels = (...given) => lab.blendFrames(...given).map((frame) => [...frame]);
  assert.deepEqual(pixels([dark, light], 3, false), [
    [0, 200],
    [50, 100],
    [100, 0],
  ]);
  assert.deepEqual(
    pixels([dark, light], 4, true).map(([first]) => first),
    [0, 50, 100, 50],
  );
});
