// Which film is wanted: a walk's settings, and its part of the address. Anyone may have written an address.
(() => {
  const lab = window.latentLab;
  const MODES = ["slerp", "lerp"];
  const MOST = 8; // keyframes
  const BETWEEN = "~"; // the edits of two keyframes; "n!0.5;label!3": within one

  /** @type {(part: AddressPart) => string} */
  const formatEdit = (part) =>
    Object.entries(part)
      .filter(([key]) => !["model", "seed", "names"].includes(key))
      .map(([key, text]) => `${key}!${text}`)
      .join(";");

  /** @type {(text: string) => AddressPart} */
  const editPart = (text) => Object.fromEntries(text.split(";").map((entry) => entry.split("!", 2)));

  /** The edits of a keyframe, null where it has none. @type {(text: string | undefined) => KeyframeEdit | null} */
  const parseEdit = (text) => {
    if (!text) return null;
    const { model: _, seed: __, ...edit } = lab.parseState(editPart(text), lab.controls);
    return edit;
  };

  lab.firstWalk = [79, 107, 153, 144]; // seeds that are shown before anybody has chosen any

  lab.withKeyframe = (part, { model, seed = "0", ...rest }) => {
    const chosen = part.seeds && (part.edits || part.seeds !== lab.firstWalk.join());
    const same = part.model === model && chosen; // a walk of the visitor's, which goes on
    const seeds = (same ? part.seeds : "").split(",").filter(Boolean);
    const edits = (same ? (part.edits ?? "") : "").split(BETWEEN);
    const kept = Math.min(seeds.length, MOST - 1);
    const next = [...seeds.slice(0, kept), seed];
    const texts = [...Array.from({ length: kept }, (_, i) => edits[i] ?? ""), formatEdit(rest)];
    if (next.length < 2 && texts[0]) {
      next.push(seed); // a walk needs two: from the picture as its seed makes it to what it has become
      texts.unshift("");
    } else if (next.length < 2) next.push(String((Number(seed) + 1) % 2 ** 32)); // or from one that is as it was to another
    return { ...(same ? part : { model }), seeds: next.join(","), edits: texts.join(BETWEEN).replace(/~+$/, "") };
  };

  lab.parseWalk = (part, { seeds, most, seed, label, dials }) => {
    const { seed: ofSeed, class: ofClass, slider } = lab.codecs;
    const given = (part.seeds ?? "").slice(0, 512).split(",").slice(0, most);
    const asked = given.length < 2 ? seeds : given.map((text) => ofSeed.parse(text, seed));
    const [frames, fps] = [dials.frames, dials.fps].map((dial) => Math.round(slider.parse(part[dial.name], dial)));
    const edits = (part.edits ?? "").slice(0, 16_000).split(BETWEEN);
    return {
      model: part.model ?? "",
      seeds: asked,
      edits: asked.map((_, i) => parseEdit(edits[i])),
      frames: Math.max(asked.length, frames), // a keyframe needs a frame
      fps,
      truncation: slider.parse(part.truncation, dials.truncation),
      mode: MODES.includes(part.mode) ? part.mode : MODES[0],
      loop: part.loop !== "no",
      label: ofClass.parse(part.label, label),
    };
  };

  lab.formatWalk = (walk, { label, dials }) => {
    const { class: ofClass, slider } = lab.codecs;
    const texts = {
      model: walk.model,
      seeds: walk.seeds.join(","),
      edits: walk.edits
        .map((edit) => (edit ? formatEdit(lab.formatState({ ...edit, model: "", seed: 0 }, lab.controls)) : ""))
        .join(BETWEEN)
        .replace(/~+$/, ""),
      label: ofClass.format(walk.label, label),
      ...Object.fromEntries(
        [dials.truncation, dials.frames, dials.fps].map((dial) => [dial.name, slider.format(walk[dial.name], dial)]),
      ),
      mode: walk.mode === MODES[0] ? "" : walk.mode,
      loop: walk.loop ? "" : "no",
    };
    return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
  };
})();
