// Which film is wanted: a walk's settings, and its part of the address. Anyone may have written an address.
(() => {
  const lab = window.latentLab;
  const MODES = ["slerp", "lerp"];

  lab.parseWalk = (part, { seeds, most, seed, label, dials }) => {
    const { seed: ofSeed, class: ofClass, slider } = lab.codecs;
    const given = (part.seeds ?? "").slice(0, 512).split(",").slice(0, most);
    const asked = given.length < 2 ? seeds : given.map((text) => ofSeed.parse(text, seed));
    const [frames, fps] = [dials.frames, dials.fps].map((dial) => Math.round(slider.parse(part[dial.name], dial)));
    return {
      model: part.model ?? "",
      seeds: asked,
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
