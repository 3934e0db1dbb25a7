// Bytes from the server as pixels and arrays.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const lab = load("shared/images.js", "train/arrays.js");
const base64 = (...bytes) => Buffer.from(bytes).toString("base64");

test("colour pictures keep their channels, and are opaque", () => {
  const [first, second] = lab.decodeImages({
    n: 2,
    h: 1,
    w: 2,
    c: 3,
    p: base64(1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 255),
  });
  assert.deepEqual([...first.data], [1, 2, 3, 255, 4, 5, 6, 255]);
  assert.deepEqual([...second.data], [7, 8, 9, 255, 250, 251, 255, 255]);
  assert.deepEqual([first.width, first.height], [2, 1]);
});

test("grey pictures are the same in all channels", () => {
  const [image] = lab.decodeImages({ n: 1, h: 2, w: 1, c: 1, p: base64(0, 200) });
  assert.deepEqual([...image.data], [0, 0, 0, 255, 200, 200, 200, 255]);
});

test("arrays keep shape and signs", () => {
  const bytes = Buffer.from(Int16Array.of(-32000, -1, 0, 32000).buffer);
  const packed = { shape: [2, 2], type: "int16", data: bytes.toString("base64") };
  const { shape, data } = lab.unpackArray(packed);
  assert.deepEqual(
    [shape, [...data]],
    [
      [2, 2],
      [-32000, -1, 0, 32000],
    ],
  );
  const arrays = lab.unpackArrays({
    arrays: { heat: { shape: [3], type: "uint8", data: base64(0, 128, 255) } },
    numbers: {},
  });
  assert.deepEqual([...arrays.heat.data], [0, 128, 255]);
});
