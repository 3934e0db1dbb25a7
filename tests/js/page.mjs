// Loads scripts of the page into Node: a window with nothing in it but what a script with no elements needs.
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import vm from "node:vm";

/** A picture's pixels, as a browser has them. */
class ImageData {
  /** (width, height), or (data, width, height) */
  constructor(...given) {
    const [height, width, data] = given.reverse();
    Object.assign(this, { width, height, data: data ?? new Uint8ClampedArray(4 * width * height) });
  }
}

/** Run scripts below gan/ui/static/ in a fresh window; returns its `latentLab`. */
export function load(...scripts) {
  globalThis.window = Object.assign(new EventTarget(), { latentLab: { controls: CONTROLS, words: {} } });
  globalThis.ImageData = ImageData;
  globalThis.crypto ??= webcrypto;
  for (const script of scripts) {
    const file = new URL(`../../gan/ui/static/${script}`, import.meta.url);
    vm.runInThisContext(readFileSync(file, "utf8"), { filename: script });
  }
  return window.latentLab;
}

/** Timers that run when told to, whatever their delay; `delays` lists how long each was to wait. */
export function holdTimers() {
  const waiting = [];
  const delays = [];
  globalThis.setTimeout = (callback, ms) => delays.push(ms) && waiting.push(callback);
  return { delays, run: () => waiting.splice(0).forEach((callback) => callback()) };
}

/** Let everything that only waits for promises happen. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Controls of every kind, with a slider that the page does not have. */
export const CONTROLS = [
  {
    name: "seed",
    query: "seed",
    kind: "seed",
    label: "Seed",
    help: "",
    low: 0,
    high: 4294967295,
    step: 1,
    default: 204,
  },
  { name: "label", query: "label", kind: "class", label: "Class", help: "", low: 0, high: 999, step: 1, default: null },
  {
    name: "truncation",
    query: "truncation",
    kind: "slider",
    label: "Truncation",
    help: "",
    low: 0,
    high: 2,
    step: 0.05,
    default: 1,
  },
  {
    name: "brightness",
    query: "b",
    kind: "slider",
    label: "Brightness",
    help: "",
    low: -1,
    high: 1,
    step: 0.001,
    default: 0,
  },
  {
    name: "named",
    query: "n",
    kind: "named",
    label: "Attributes",
    help: "",
    low: -3,
    high: 3,
    step: 0.05,
    default: 0,
  },
  {
    name: "sliders",
    query: "d",
    kind: "directions",
    label: "Directions",
    help: "",
    low: -4,
    high: 4,
    step: 0.05,
    default: 0,
  },
  {
    name: "raw",
    query: "z",
    kind: "coordinates",
    label: "Coordinates",
    help: "",
    low: -4,
    high: 4,
    step: 0.05,
    default: 0,
  },
];
