// A run at one moment: arrays ready to be drawn, and the numbers beside them, as gan/live/views.py makes them of points.
import { randomNormal, randomWords } from "../engine/random.mjs";

const [POINTS, ARROWS, JUDGED] = [600, 140, 200]; // generated points drawn; with an arrow; judged, and as many real ones
const [HEAT, MARGIN] = [32, 1.1]; // cells a side of the critic's map; its half width in extents of the distribution
const [WARP, RANGE] = [17, 2]; // lines each way of the grid of latents, which covers [-RANGE, RANGE] squared
const MEASURED = 1000; // points whose coverage is measured
const [FIRST, REAL] = [10_000, 1]; // the seeds: the first of those points', and of the real points drawn
const NEAREST = 5; // whose distance is a ball's radius, of precision and recall
const SCALE = 32_000; // int16 of a coordinate at the edge

/** @type {(first: number, count: number, size: number) => Float32Array} */
const latents = (first, count, size) => {
  const out = new Float32Array(count * size);
  for (let i = 0; i < count; i++) out.set(randomNormal(randomWords(first + i), size), i * size);
  return out;
};

/** @type {(count: number, reach: number) => number[]} */
const line = (count, reach) => Array.from({ length: count }, (_, i) => reach * ((2 * i) / (count - 1) - 1));

/** @type {(values: Float32Array) => number} */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of each point (n, 2) the distance to its nth nearest other one. @type {(points: Float32Array) => Float64Array} */
const radii = (points) => {
  const count = points.length / 2;
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const nearest = new Float64Array(NEAREST).fill(Infinity); // ascending
    for (let j = 0; j < count; j++) {
      const squared = (points[2 * i] - points[2 * j]) ** 2 + (points[2 * i + 1] - points[2 * j + 1]) ** 2;
      if (j === i || squared >= nearest[NEAREST - 1]) continue;
      let at = NEAREST - 1;
      for (; at > 0 && nearest[at - 1] > squared; at--) nearest[at] = nearest[at - 1];
      nearest[at] = squared;
    }
    out[i] = Math.sqrt(nearest[NEAREST - 1]);
  }
  return out;
};

/** The share of points that lie within a ball around one of the others. @type {(points: Float32Array, others: Float32Array) => number} */
const within = (points, others) => {
  const around = radii(others);
  let inside = 0;
  for (let i = 0; i < points.length; i += 2) {
    inside += Number(
      around.some((radius, j) => Math.hypot(points[i] - others[2 * j], points[i + 1] - others[2 * j + 1]) < radius),
    );
  }
  return inside / (points.length / 2);
};

/** @type {(points: Float32Array, centres: Float32Array, sd: number) => Measurements} */
const coverage = (points, centres, sd) => {
  const of = centres.length / 2;
  const hits = new Float64Array(of);
  for (let i = 0; i < points.length; i += 2) {
    let [nearest, least] = [0, Infinity];
    for (let c = 0; c < of; c++) {
      const distance = Math.hypot(points[i] - centres[2 * c], points[i + 1] - centres[2 * c + 1]);
      if (distance < least) [nearest, least] = [c, distance];
    }
    if (least <= 3 * sd) hits[nearest]++;
  }
  const all = hits.reduce((sum, count) => sum + count, 0);
  const kl = hits.reduce((sum, count) => sum + (count ? (count / all) * Math.log((count / all) * of) : 0), 0);
  const quality = all / (points.length / 2);
  return { modes: hits.filter(Boolean).length, modes_of: of, quality, kl: all ? Math.max(kl, 0) : null };
};

/** @type {(world: World, latent: number) => PlaneViewer} */
export const makeViewer = (world, latent) => {
  const reach = MARGIN * world.extent;
  const real = world.draw(POINTS, randomWords(REAL));
  const own = latents(0, POINTS, latent);
  const across = line(HEAT, reach);
  const cells = Float32Array.from(across.toReversed().flatMap((y) => across.flatMap((x) => [x, y])));
  const grid = Float32Array.from(line(WARP, RANGE).flatMap((a) => line(WARP, RANGE).flatMap((b) => [a, b])));
  /** @type {Float32Array | undefined} */
  let measured;

  /** @type {(points: Float32Array, shape: number[]) => PackedArray} */
  const quantised = (points, shape) => ({
    shape,
    type: "int16",
    data: Int16Array.from(points, (value) =>
      Math.max(-32_767, Math.min(32_767, Math.round((value * SCALE) / reach) || 0)),
    ),
  });

  /** The map in bytes, 128 half-way between the logits of real and fake points. */
  /** @type {(map: Float32Array, onReal: Float32Array, onFake: Float32Array, loss: string) => PackedArray} */
  const shades = (map, onReal, onFake, loss) => {
    const middle = (mean(onReal) + mean(onFake)) / 2;
    const both = Float32Array.of(...onReal, ...onFake);
    const centre = mean(both);
    const deviation = Math.sqrt(both.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (both.length - 1));
    const width = (loss.startsWith("wgan") && 2 * Math.max(deviation, 1e-6)) || 1;
    const data = Uint8Array.from(map, (value) => Math.round(Math.tanh((value - middle) / width) * 127 + 128) || 128);
    return { shape: [HEAT, HEAT], type: "uint8", data };
  };

  return {
    backdrop: () => {
      const arrays = { real: quantised(real, [POINTS, 2]) };
      const { centres, sd = 0, extent } = world;
      if (!centres) return { arrays, numbers: { extent } };
      const of = centres.length / 2;
      return {
        arrays: { ...arrays, centres: quantised(centres, [of, 2]) },
        numbers: { extent, modes_of: of, radius: (3 * sd) / reach },
      };
    },

    look: (trainer) => {
      const points = trainer.sample(own);
      const map = trainer.judge(cells);
      const [onReal, onFake] = [real, points].map((set) => trainer.judge(set.subarray(0, 2 * JUDGED)));
      const at = points.slice(0, 2 * ARROWS);
      const slopes = trainer.slopes(at);
      const lengths = Float64Array.from({ length: ARROWS }, (_, i) =>
        Math.hypot(slopes[2 * i], slopes[2 * i + 1]),
      ).sort();
      const longest = Math.max(lengths[Math.floor(0.9 * (ARROWS - 1))] || 0, 1e-12);
      const [middleReal, middleFake] = [mean(onReal), mean(onFake)];
      return {
        arrays: {
          points: quantised(points, [POINTS, 2]),
          heat: shades(map, onReal, onFake, trainer.config().loss),
          ...(latent === 2 ? { warp: quantised(trainer.sample(grid), [WARP, WARP, 2]) } : {}),
          at: quantised(at, [ARROWS, 2]),
          arrows: quantised(
            slopes.map((value) => (value / longest) * 0.12 * reach),
            [ARROWS, 2],
          ),
        },
        numbers: {
          accuracy_real: onReal.filter((logit) => logit > middleFake).length / JUDGED,
          accuracy_fake: onFake.filter((logit) => logit < middleReal).length / JUDGED,
        },
      };
    },

    /** The first points that are drawn. */
    sample: (trainer, count) => trainer.sample(own.subarray(0, count * latent)),

    measure: (trainer) => {
      measured ??= latents(FIRST, MEASURED, latent);
      const points = trainer.sample(measured);
      if (!points.every(Number.isFinite)) return {};
      if (world.centres) return coverage(points, world.centres, world.sd ?? 0);
      const some = points.subarray(0, 2 * POINTS);
      return { precision: within(some, real), recall: within(real, some) };
    },
  };
};
