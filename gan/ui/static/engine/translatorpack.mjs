// What a translator's pack says of it (gan/networks/unet.py, palette.py, borrowed.py, informed.py), checked, and the tensors that it must have.
import { isWhole, need } from "./checks.mjs";

const MOST_VALUES = 2 ** 22; // of one feature map: 16 MB

/** @type {(about: any) => TranslatorConfig} */
export const checkTranslator = (about) => {
  const { size, channels, conditions, colours = [], found = 0, own: constant = 0, insight = [], widths, sides } = about;
  need(isWhole(size, 8, 512), "pictures have no size");
  need(channels === 1 || channels === 3, "pictures must have one channel or three");
  need(isWhole(conditions, 0, 1000), "the conditions make no sense");
  need(
    Array.isArray(colours) &&
      colours.length <= conditions / 3 &&
      colours.every((/** @type {any} */ at) => channels === 3 && isWhole(at, 0, conditions - 3)),
    "the colours make no sense",
  );
  need(isWhole(found, 0, 64) && isWhole(constant, 0, 64), "the colours that it finds or has make no sense");
  need(found % 8 === 0, "the colours found in a picture must be a multiple of 8");
  need(
    Array.isArray(insight) &&
      [0, 3].includes(insight.length) &&
      insight.every((/** @type {any} */ count) => isWhole(count, 1, 4096)) &&
      !((insight[0] ?? 0) % 16),
    "the insight makes no sense",
  );
  need(Array.isArray(widths) && isWhole(widths.length, 2, 8), "there are no feature maps");
  need(
    widths.every((/** @type {any} */ wide) => isWhole(wide, 8, 4096)),
    "a feature map has no size",
  );
  need(
    widths.every((/** @type {number} */ wide) => wide % 8 === 0),
    "the channels of a feature map must be a multiple of 8",
  );
  const smallest = size / 2 ** (widths.length - 1);
  need(isWhole(smallest, 4, 512), "the smallest feature map must have at least 4 pixels a side");
  need(
    size ** 2 * Math.max(widths[0], channels + conditions) <= MOST_VALUES,
    "a feature map is too large for a browser",
  );
  need(widths[widths.length - 1] * smallest ** 2 <= MOST_VALUES, "a feature map is too large for a browser");
  need(Array.isArray(sides) && ["b", "b,a"].includes(sides.join()), "the sides must be b, or b and a");
  return {
    task: "translate",
    size,
    channels,
    conditions,
    colours: [...colours],
    found,
    own: constant,
    insight: [...insight],
    widths: [...widths],
    sides: [...sides],
  };
};

/** Name and shape of every tensor that belongs to a config. @type {(config: TranslatorConfig) => Map<string, number[]>} */
export const shapesOfTranslator = ({
  size,
  channels,
  conditions,
  colours,
  found,
  own: constant,
  insight,
  widths,
  sides,
}) => {
  /** @type {Map<string, number[]>} */
  const shapes = new Map();
  /** @type {(name: string, out: number, into: number, kernel?: number) => void} */
  const convolution = (name, out, into, kernel = 3) => {
    shapes.set(`${name}.weight`, [out, into, kernel, kernel]);
    shapes.set(`${name}.bias`, [out]);
  };
  /** @type {(name: string, out: number, into: number) => void} */
  const dense = (name, out, into) => {
    shapes.set(`${name}.weight`, [out, into]);
    shapes.set(`${name}.bias`, [out]);
  };
  /** @type {(name: string, at: number) => void} */
  const block = (name, at) => ["conv1", "conv2"].forEach((each) => convolution(`${name}.${each}`, at, at));
  for (const side of sides) {
    const own = `towards.${side}`;
    /** @type {(name: string) => void} */
    const wayDown = (name) => {
      convolution(`${name}.from_picture`, widths[0], channels + (side === "b" ? conditions : 0));
      widths.slice(1).forEach((wide, i) => convolution(`${name}.down.${i}`, wide, widths[i], 4));
    };
    wayDown(own);
    const [hidden, answers] = insight;
    if (hidden && side === "b") {
      const deepest = widths[widths.length - 1];
      wayDown(`${own}.insight`);
      widths.slice(1).forEach((wide, i) => block(`${own}.insight.blocks.${i}`, wide));
      dense(`${own}.insight.dense`, hidden, deepest * (size / 2 ** (widths.length - 1)) ** 2);
      dense(`${own}.insight.answer`, answers, hidden);
      shapes.set(`${own}.from_insight.weight`, [deepest, answers]);
    }
    block(`${own}.middle.0`, widths[widths.length - 1]);
    block(`${own}.middle.1`, widths[widths.length - 1]);
    const told = side === "b" ? colours.length : 0;
    const up = widths.slice(0, -1).reverse();
    up.forEach((wide, i) => {
      const from = widths[widths.length - 1 - i];
      if (from !== wide) shapes.set(`${own}.up.${i}.project.weight`, [wide, from, 1, 1]);
      if (told || i < up.length - 1) block(`${own}.blocks.${i}`, wide);
    });
    if (found) convolution(`${own}.to_places`, found, widths[0]);
    else convolution(`${own}.to_change`, channels, widths[0]);
    if (!told && !found) continue;
    convolution(`${own}.to_mix`, told + found + constant, widths[0]);
    if (constant) shapes.set(`${own}.colours`, [constant, channels]);
  }
  return shapes;
};
