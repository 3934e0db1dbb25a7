// Translations on a page without a server: what a server would be asked for, by this browser's engine and the examples
// that lie beside the page. Critics are not there.
(() => {
  const lab = window.latentLab;
  const OFFERED = 8; // examples whose conditions are offered

  /** Pixels of some pictures, RGB, as a reply. @type {(rgb: Uint8Array, size: number) => PackedImages} */
  const reply = (rgb, size) => {
    const count = rgb.length / 3 / size ** 2;
    const pixels = new Uint8ClampedArray(4 * count * size ** 2).fill(255);
    for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) pixels.set(rgb.subarray(from, from + 3), to);
    return { n: count, h: size, w: size, c: 4, p: "", pixels };
  };

  /** @type {(image: ImageData) => Uint8Array<ArrayBuffer>} */
  const rgbOf = ({ data }) =>
    Uint8Array.from({ length: (data.length / 4) * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]);

  /** @type {(text: string) => Uint8Array<ArrayBuffer>} */
  const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  lab.blendFrames = (keys, frames, loop) => {
    const stops = loop ? [...keys, keys[0]] : keys;
    return Array.from({ length: frames }, (_, i) => {
      const at = (i * (stops.length - 1)) / Math.max(1, loop ? frames : frames - 1);
      const before = Math.min(Math.floor(at), stops.length - 2);
      const [a, b] = [stops[before], stops[before + 1]];
      return Uint8Array.from(a, (value, k) => Math.round(value + (b[k] - value) * (at - before)));
    });
  };

  lab.siteTranslations = (translators, drawn) => {
    const refuse = async () => ({ error: "this page cannot translate that picture" });
    const painter = lab.paintTranslations({ translate: refuse });
    const translate = drawn(painter.translate);
    /** Examples by model: RGB of one side after the other. @type {Map<string, Promise<Record<string, Uint8Array>>>} */
    const fetched = new Map();

    /** @type {(model: string) => Promise<Record<string, Uint8Array>>} */
    const fetchExamples = async (model) => {
      const { size, examples, at } = translators[model];
      if (!at) return {};
      const bytes = new Uint8Array(await lab.inflatePack(await lab.bringPack(at.address, at.bytes, () => {})));
      let from = 0;
      return Object.fromEntries(
        Object.entries(examples).map(([side, count]) => [side, bytes.subarray(from, (from += 3 * count * size ** 2))]),
      );
    };
    /** @type {(model: string) => Promise<Record<string, Uint8Array>>} */
    const examplesOf = (model) => {
      const known = fetched.get(model) ?? fetchExamples(model);
      fetched.set(model, known);
      known.catch(() => fetched.delete(model)); // asked for again, they are fetched again
      return known;
    };
    /** One example, and its row. @type {(model: string, side: string, row: number) => Promise<[Uint8Array, number]>} */
    const exampleAt = async (model, side, row) => {
      const { size, examples } = translators[model];
      const [bytes, at] = [3 * size ** 2, row % examples[side]];
      return [(await examplesOf(model))[side].subarray(at * bytes, (at + 1) * bytes), at];
    };
    /** @type {(model: string, to: string, row: number) => number[] | null} */
    const toldAt = (model, to, row) => (to === "b" ? (translators[model].told[row] ?? null) : null);

    /** Translations of pictures, as pictures. @type {(model: string, to: string, given: [Uint8Array, number[] | null][]) => Promise<ImageData[]>} */
    const translateAll = async (model, to, given) => {
      const made = [];
      for (const [pixels, conditions] of given) {
        const one = await translate({ model, to, pixels, conditions });
        if (one.error !== undefined) throw new Error(one.error);
        made.push(...lab.decodeImages(/** @type {PackedImages} */ (one)));
      }
      return made;
    };

    /** A reply, or the sentence that says why there is none. @type {<T>(work: () => Promise<T>) => Promise<Reply<T>>} */
    const answered = async (work) => {
      try {
        return /** @type {any} */ (await work());
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    };

    return {
      describe: async ({ model }) => {
        const { names, examples, told } = translators[model];
        return { names, examples, told: told.slice(0, OFFERED) };
      },
      example: ({ model, to, row }) =>
        answered(async () => {
          const { size, paired } = translators[model];
          const ways = to === "b" ? ["a", "b"] : ["b", "a"];
          const [given, at] = await exampleAt(model, ways[0], row);
          const shown = paired ? [...given, ...(await exampleAt(model, ways[1], at))[0]] : given;
          return { ...reply(Uint8Array.from(shown), size), told: translators[model].told[at] ?? null };
        }),
      translate: async ({ model, to, picture, conditions }) =>
        translate({ model, to, pixels: decode(picture), conditions }),
      judge: ({ model, to, picture, conditions }) =>
        answered(async () => {
          const { size, sides } = translators[model];
          const back = to === "b" ? "a" : "b";
          const none = { score: null, above: null };
          if (!sides.includes(back)) return { ...reply(new Uint8Array(0), size), ...none };
          const [made] = await translateAll(model, to, [[decode(picture), conditions]]);
          const [returned] = await translateAll(model, back, [[rgbOf(made), null]]);
          return { ...reply(rgbOf(returned), size), ...none };
        }),
      grid: ({ model, rows, to }) =>
        answered(async () => {
          const side = to === "b" ? "a" : "b";
          const given = await Promise.all(rows.map((row) => exampleAt(model, side, row)));
          const made = await translateAll(
            model,
            to,
            given.map(([pixels, row]) => [pixels, toldAt(model, to, row)]),
          );
          const all = [...given.map(([pixels]) => pixels), ...made.map(rgbOf)];
          return reply(Uint8Array.from(all.flatMap((one) => [...one])), translators[model].size);
        }),
      film: ({ model, to, conditions, pictures, frames, loop, fps, kind }) =>
        answered(async () => {
          const { size } = translators[model];
          const given = lab.blendFrames(pictures.map(decode), frames, loop);
          const made = await translateAll(
            model,
            to,
            given.map((pixels) => [pixels, conditions]),
          );
          const both = given.map((pixels, i) => {
            const frame = new ImageData(2 * size, size);
            [lab.imageOf(pixels, size), made[i]].forEach((image, side) => {
              for (let y = 0; y < size; y++) {
                const line = image.data.subarray(4 * y * size, 4 * (y + 1) * size);
                frame.data.set(line, 4 * (2 * y + side) * size);
              }
            });
            return frame;
          });
          return { name: `${lab.fileName(model)}.${kind}`, ...(await lab.encodeFilm(kind, both, fps, false)) };
        }),
    };
  };
})();
