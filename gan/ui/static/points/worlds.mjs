// Distributions of points in the plane, as gan/data/points.py has them, number for number.
import { randomIndex, randomNormal, randomWords } from "../engine/random.mjs";
import { uniform } from "./order.mjs";

const POINTS = 100_000; // of a training set
const DRAWN = 20170522; // their seed
const SIDE = 64; // cells a side of a drawing
const LEAST = 8; // drawn cells
const INK = "ink:";
const { PI, cos, fround, sin } = Math;

/** @type {<T>(count: number, draw: () => T) => T[]} */
const times = (count, draw) => Array.from({ length: count }, draw);
/** @type {(count: number, point: (i: number) => [number, number]) => Float32Array} */
const points = (count, point) => {
  const out = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) out.set(point(i), 2 * i);
  return out;
};

/** @type {(centres: [number, number][], sd: number, extent: number) => World} */
const mixture = (centres, sd, extent) => ({
  extent,
  sd,
  centres: Float32Array.from(centres.flat()),
  draw: (count, words) => {
    const which = times(count, () => randomIndex(words, centres.length));
    const noise = randomNormal(words, 2 * count);
    return points(count, (i) => [
      fround(centres[which[i]][0]) + sd * noise[2 * i],
      fround(centres[which[i]][1]) + sd * noise[2 * i + 1],
    ]);
  },
});

const line = [-4, -2, 0, 2, 4];

/** @type {Record<string, World>} */
export const WORLDS = {
  ring: mixture(
    times(8, () => 0).map((_, i) => [cos((i * PI) / 4), sin((i * PI) / 4)]),
    0.01,
    1.5,
  ),
  grid: mixture(
    line.flatMap((x) => line.map((y) => /** @type {[number, number]} */ ([x, y]))),
    0.05,
    5,
  ),
  "swiss-roll": {
    extent: 1.5,
    draw: (count, words) => {
      const angles = times(count, () => 1.5 * PI * (1 + 2 * uniform(words)));
      const noise = randomNormal(words, 2 * count);
      return points(count, (i) => {
        const radius = angles[i] / (4.5 * PI);
        return [cos(angles[i]) * radius + 0.02 * noise[2 * i], sin(angles[i]) * radius + 0.02 * noise[2 * i + 1]];
      });
    },
  },
  "two-moons": {
    extent: 1.5,
    draw: (count, words) => {
      const angles = times(count, () => PI * uniform(words));
      const others = times(count, () => randomIndex(words, 2));
      const noise = randomNormal(words, 2 * count);
      return points(count, (i) => {
        const [turn, other] = [1 - 2 * others[i], others[i]];
        const x = cos(angles[i]) * turn + other - 0.5;
        const y = sin(angles[i]) * turn + 0.5 * other - 0.25;
        return [0.8 * x + 0.03 * noise[2 * i], 0.8 * y + 0.03 * noise[2 * i + 1]];
      });
    },
  },
};

/** The drawn cells, row from the top and column, from the name of a drawing. @type {(name: string) => [number, number][]} */
const cellsOf = (name) => {
  let text = "";
  try {
    text = atob(name.slice(INK.length).replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    // no base64, so no bytes
  }
  if (text.length !== (SIDE * SIDE) / 8) {
    const bits = `a drawing is ${INK} and ${SIDE} x ${SIDE} bits in base64`;
    throw new Error(`${bits}, got ${text.length} bytes: draw it again`);
  }
  /** @type {[number, number][]} */
  const cells = [];
  for (let i = 0; i < SIDE * SIDE; i++) {
    if ((text.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1) cells.push([Math.floor(i / SIDE), i % SIDE]);
  }
  if (cells.length < LEAST) {
    throw new Error(`a drawing needs ${LEAST} drawn cells of its ${SIDE} x ${SIDE}, got ${cells.length}: draw more`);
  }
  return cells;
};

/** @type {(name: string) => World} */
const drawing = (name) => {
  const cells = cellsOf(name);
  return {
    extent: 1.2,
    draw: (count, words) => {
      const chosen = times(count, () => cells[randomIndex(words, cells.length)]);
      const within = times(2 * count, () => uniform(words));
      return points(count, (i) => {
        const [down, right] = [chosen[i][0] + within[2 * i], chosen[i][1] + within[2 * i + 1]];
        return [right / (SIDE / 2) - 1, (SIDE - down) / (SIDE / 2) - 1];
      });
    },
  };
};

/** The distribution of a name; throws Error with a sentence for a bad one. @type {(name: string) => World} */
export const worldOf = (name) => {
  if (name.startsWith(INK)) return drawing(name);
  if (!Object.hasOwn(WORLDS, name))
    throw new Error(`${name.slice(0, 80)} is known to the server alone: choose another`);
  return WORLDS[name];
};

/** The training set. @type {(world: World) => Float32Array} */
export const trainingSet = (world) => world.draw(POINTS, randomWords(DRAWN));
