// Enlarging pictures smoothly.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("shared/smooth-view.js");
const picture = (size, value) => {
  const image = new ImageData(size, size);
  for (let i = 0; i < size * size; i++) image.data.set([...value(i % size, Math.floor(i / size)), 255], 4 * i);
  return image;
};

test("an even picture stays as it is", () => {
  const large = lab.enlargeSmoothly(
    picture(4, () => [10, 130, 255]),
    20,
    12,
  );
  assert.deepEqual([large.width, large.height], [20, 12]);
  for (let i = 0; i < 240; i++) assert.deepEqual([...large.data.slice(4 * i, 4 * i + 4)], [10, 130, 255, 255]);
});

test("a ramp stays a ramp, without steps and on its own side", () => {
  const large = lab.enlargeSmoothly(
    picture(8, (x, y) => [20 * x, 20 * y, 0]),
    40,
    40,
  );
  const at = (x, y) => [...large.data.slice(4 * (40 * y + x), 4 * (40 * y + x) + 3)];
  for (let x = 8; x < 32; x++) {
    assert.ok(Math.abs(at(x, 20)[0] - 20 * ((x + 0.5) / 5 - 0.5)) <= 1);
    assert.ok(Math.abs(at(20, x)[1] - 20 * ((x + 0.5) / 5 - 0.5)) <= 1);
  }
  assert.ok(at(0, 0)[0] < 5 && at(39, 0)[0] > 135 && at(0, 39)[1] > 135);
});
