// A plan from a shared link. Anyone may have written it.
(() => {
  const lab = window.latentLab;

  lab.parsePlan = (text, about, { low, high }) => {
    try {
      const { dataset, seed, sides } = JSON.parse(text ?? "");
      if (typeof dataset !== "string") return null;
      const ink = lab.isInk(dataset) ? dataset : null;
      if (!ink && !Object.values(about.data).some((kind) => Object.hasOwn(kind, dataset))) return null;
      if (!Array.isArray(sides) || !sides.length || sides.length > 2) return null;
      if (!sides.every(({ preset }) => Object.hasOwn(about.presets, preset))) return null;
      const known = new Set(
        Object.values(about.settings)
          .flat()
          .map(({ name }) => name),
      );
      const [changes, others] = sides.map((side) =>
        Object.fromEntries(Object.entries(side.changes ?? {}).filter(([name]) => known.has(name))),
      );
      const [preset, rival] = sides.map((side) => side.preset);
      return {
        data: ink ? "draw" : dataset,
        presets: [preset, rival ?? Object.keys(about.presets)[1]],
        changes: [changes, others ?? {}],
        duel: sides.length === 2,
        seed: Number.isInteger(seed) && low <= seed && seed <= high ? seed : low,
        ink,
      };
    } catch {
      return null;
    }
  };
})();
