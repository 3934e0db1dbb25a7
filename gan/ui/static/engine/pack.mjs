// A pack, the one file that the browser needs of a model: safetensors with its weights, of a generator the directions
// too, and what must be known to use them. Anyone may have written it: nothing in it is used before it is checked.
import { isWhole, need } from "./checks.mjs";
import { checkTranslator, shapesOfTranslator } from "./translatorpack.mjs";

const MOST_HEADER = 2 ** 17; // bytes
const MOST_NUMBERS = 2 ** 24; // in all: 64 MB as float32
const MOST_VALUES = 2 ** 22; // of one feature map: 16 MB
/** @type {Record<string, number>} */
const BYTES = { F16: 2, F32: 4 }; // of a number

/** What a pack says of its model, checked. @type {(about: any) => EngineConfig} */
export const checkConfig = (about) => {
  const { z_dim, channels, classes, groups, maps, modulated, directions, named, own, reach = Infinity } = about;
  need(isWhole(z_dim, 1, 4096), "the latent has no length");
  need(channels === 1 || channels === 3, "pictures must have one channel or three");
  need(isWhole(classes, 0, 1000) && Array.isArray(groups) && groups.length <= classes, "the classes make no sense");
  const sizes = groups.map((/** @type {any} */ group) => {
    need(
      Array.isArray(group) && isWhole(group[0], 1, classes) && isWhole(group[1], 1, group[0]),
      "nor do their groups",
    );
    return group[0];
  });
  const grouped = sizes.reduce((/** @type {number} */ sum, /** @type {number} */ size) => sum + size, 0);
  need(!groups.length || grouped === classes, "not every class is in one group");
  need(Array.isArray(maps) && isWhole(maps.length, 1, 8), "there are no feature maps");
  maps.forEach((/** @type {any} */ map, /** @type {number} */ i) => {
    need(Array.isArray(map) && isWhole(map[0], 4, 512) && isWhole(map[1], 8, 4096), "a feature map has no size");
    need(map[1] % 8 === 0, "the channels of a feature map must be a multiple of 8");
    need(map[0] ** 2 * map[1] <= MOST_VALUES, "a feature map is too large for a browser");
    need(i === 0 || map[0] === 2 * maps[i - 1][0], "each feature map must be twice as large as the one before");
  });
  need(modulated === undefined || typeof modulated === "boolean", "they do not say whether maps are modulated");
  need(!modulated || maps.at(-1)[1] % 16 === 0, "the channels of the map of full size must be a multiple of 8");
  need(isWhole(directions, 0, 64) && isWhole(named, 0, 1024) && reach > 0, "the directions make no sense");
  need(Array.isArray(own) && own.every((/** @type {any} */ one) => isWhole(one, 0, classes - 1)), "no such classes");
  need(new Set(own).size === own.length, "a class has two sets of directions");
  return {
    z_dim,
    channels,
    classes,
    groups: groups.map((/** @type {any} */ [size, most]) => [size, most]),
    maps: maps.map((/** @type {any} */ [side, wide]) => [side, wide]),
    size: 2 * maps.at(-1)[0],
    modulated: modulated === true,
    directions,
    named,
    own: [...own],
    reach,
  };
};

/** Name and shape of every tensor that belongs to a config. @type {(config: EngineConfig) => Map<string, number[]>} */
export const shapesOf = ({ z_dim, channels, classes, maps, modulated, directions, named, own }) => {
  const [[side, wide]] = maps;
  /** @type {Map<string, number[]>} */
  const shapes = new Map();
  /** @type {(name: string, out: number, into: number) => void} */
  const convolution = (name, out, into) => {
    shapes.set(`${name}.weight`, [out, into, 3, 3]);
    shapes.set(`${name}.bias`, [out]);
  };
  /** @type {(name: string, at: number) => void} */
  const block = (name, at) => ["conv1", "conv2"].forEach((each) => convolution(`${name}.${each}`, at, at));
  /** @type {(name: string, out: number, into: number) => void} */
  const projection = (name, out, into) => {
    if (out !== into) shapes.set(`${name}.project.weight`, [out, into, 1, 1]);
  };
  shapes.set("dense.weight", [wide * side * side, z_dim + classes]);
  shapes.set("dense.bias", [wide * side * side]);
  block("stages.0.0", wide);
  block("stages.0.1", wide);
  maps.slice(1).forEach(([, out], i) => {
    projection(`stages.${i + 1}.0`, out, maps[i][1]);
    block(`stages.${i + 1}.1`, out);
  });
  const last = maps[maps.length - 1][1];
  projection("enlarge", last / 2, last);
  convolution("to_picture", channels, last / 2);
  if (modulated) {
    [...maps.slice(1).map(([, at]) => at), last / 2].forEach((at, i) => {
      shapes.set(`modulate.${i}.weight`, [2 * at, z_dim + classes]);
      shapes.set(`modulate.${i}.bias`, [2 * at]);
    });
    block("full_size", last / 2);
  }
  shapes.set("directions", [directions, z_dim]);
  shapes.set("named", [named, z_dim]);
  shapes.set("named_own", [own.length, named, z_dim]);
  return shapes;
};

/** @type {(shape: number[]) => number} */
const count = (shape) => shape.reduce((product, side) => product * side, 1);

/** Read a pack; throws Error with a sentence unless all of it is as it should be. @type {(pack: ArrayBuffer) => Pack} */
export const readPack = (pack) => {
  need(pack.byteLength >= 8, "they are cut off");
  const length = Number(new DataView(pack).getBigUint64(0, true));
  need(length <= MOST_HEADER && 8 + length <= pack.byteLength, "they are cut off, or no safetensors");
  const header = parse(new Uint8Array(pack, 8, length));
  const { __metadata__: about, ...entries } = header;
  const { config, shapes } = readAbout(parse(about?.["latent-lab"]));
  const total = [...shapes.values()].reduce((sum, shape) => sum + count(shape), 0);
  need(total <= MOST_NUMBERS, `${total} numbers are too many for a browser`);
  const others = Object.keys(entries).filter((name) => !shapes.has(name));
  need(!others.length, `there is no place for ${others[0]?.slice(0, 80)}`);
  for (const [name, shape] of shapes) checkEntry(name, entries[name], shape, pack.byteLength - 8 - length);
  const tensors = new Map();
  for (const name of shapes.keys()) tensors.set(name, readTensor(name, entries[name], pack, 8 + length));
  return { config, tensors };
};

/** What a pack says of its model, and name and shape of every tensor that it must have. @type {(about: any) => { config: any, shapes: Map<string, number[]> }} */
const readAbout = (about) => {
  need(typeof about === "object" && about !== null, "they do not say what network they are of");
  need(about.format === 1, "they are in a format that this page does not know");
  if (about.task === "translate") {
    const config = checkTranslator(about);
    return { config, shapes: shapesOfTranslator(config) };
  }
  const config = checkConfig(about);
  return { config, shapes: shapesOf(config) };
};

/** @type {(text: unknown) => any} */
const parse = (text) => {
  try {
    return JSON.parse(text instanceof Uint8Array ? new TextDecoder().decode(text) : String(text));
  } catch {
    return need(false, "their header is damaged");
  }
};

/** Compare a tensor's entry with what is expected. @type {(name: string, entry: any, shape: number[], room: number) => void} */
const checkEntry = (name, entry, shape, room) => {
  need(typeof entry === "object" && entry !== null, `${name} is missing`);
  const { dtype, shape: given, data_offsets: offsets } = entry;
  need(Object.hasOwn(BYTES, dtype), `${name} is neither F16 nor F32`);
  need(Array.isArray(given) && given.join() === shape.join(), `${name} is of another shape than its network says`);
  need(Array.isArray(offsets) && isWhole(offsets[0], 0, room) && isWhole(offsets[1], 0, room), `${name} is cut off`);
  const bytes = count(shape) * BYTES[dtype];
  need(offsets[1] - offsets[0] === bytes, `${name} has another length than its shape`);
};

/** @type {(name: string, entry: any, pack: ArrayBuffer, start: number) => Float32Array} */
const readTensor = (name, { dtype, data_offsets: [from, to] }, pack, start) => {
  const part = pack.slice(start + from, start + to);
  const numbers = dtype === "F32" ? new Float32Array(part) : widen(new Uint16Array(part));
  need(numbers.every(Number.isFinite), `${name} holds values that are not finite`);
  return numbers;
};

/** Float16, as its bits, to float32. @type {(halves: Uint16Array) => Float32Array} */
export const widen = (halves) => {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < halves.length; i++) {
    const sign = (halves[i] & 0x8000) << 16;
    const exponent = (halves[i] >> 10) & 31;
    const mantissa = halves[i] & 1023;
    if (exponent === 31) bits[i] = sign | 0x7f800000 | (mantissa << 13);
    else if (exponent) bits[i] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    else out[i] = (sign ? -mantissa : mantissa) / 2 ** 24;
  }
  return out;
};
