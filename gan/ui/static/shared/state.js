// What picture is wanted: { model, seed, label, truncation, sliders, raw }, its address in the URL, and its history.
(() => {
  const lab = (window.latentLab ??= {});
  const SEEDS = 2 ** 32;
  const round = (value) => Math.round(value * 100) / 100;

  /** The query's keys that say which picture. */
  lab.PICTURE = ["model", "seed", "label", "truncation", "d", "z"];

  lab.randomSeed = () => crypto.getRandomValues(new Uint32Array(1))[0];

  /** A model as first shown: 204 is a good likeness in each of the shipped ones. */
  lab.fresh = (model, seed = 204) => ({ model, seed, label: null, truncation: 1, sliders: [], raw: [] });

  /** A number in [low, high] from hostile text, or `otherwise`. */
  const number = (text, low, high, otherwise) => {
    if (!/^-?\d{1,10}(\.\d{1,6})?$/.test(text ?? "")) return otherwise;
    return Math.min(high, Math.max(low, Number(text)));
  };

  /** "0.5,,-1" -> [0.5, 0, -1]; at most 512 entries, nonsense counts as 0. */
  const list = (text, reach) =>
    (text ?? "").slice(0, 4096).split(",").slice(0, 512).map((item) => number(item, -reach, reach, 0));

  /** "3:0.5,17:-1" -> a sparse list's dense form. */
  const pairs = (text, reach) => {
    const out = [];
    for (const item of (text ?? "").slice(0, 8192).split(",").slice(0, 512)) {
      const [index, value] = item.split(":");
      if (/^\d{1,3}$/.test(index) && Number(index) < 512) out[Number(index)] = number(value, -reach, reach, 0);
    }
    return Array.from(out, (value) => value ?? 0);
  };

  /** The state a query string asks for, or null when it names no model of `models`. Anyone may have written it. */
  lab.parse = (query, models, reach) => {
    const params = new URLSearchParams(query);
    const model = params.get("model");
    if (!models.includes(model)) return null;
    const label = params.get("label");
    return {
      model,
      seed: /^\d{1,10}$/.test(params.get("seed") ?? "") ? Math.min(Number(params.get("seed")), SEEDS - 1) : 0,
      label: /^\d{1,3}$/.test(label ?? "") ? Number(label) : null,
      truncation: number(params.get("truncation"), 0, 2, 1),
      sliders: params.get("d") ? list(params.get("d"), reach) : [],
      raw: params.get("z") ? pairs(params.get("z"), reach) : [],
    };
  };

  /** The query string of a state; keys that are not ours are kept, defaults are left out. */
  lab.format = (state, query) => {
    const params = new URLSearchParams(query);
    lab.PICTURE.forEach((key) => params.delete(key));
    params.set("model", state.model);
    params.set("seed", state.seed);
    if (state.label !== null) params.set("label", state.label);
    if (state.truncation !== 1) params.set("truncation", round(state.truncation));
    const sliders = state.sliders.map(round);
    while (sliders.length && !sliders.at(-1)) sliders.pop();
    if (sliders.length) params.set("d", sliders.map((value) => value || "").join(","));
    const raw = state.raw.map((value, i) => (value ? `${i}:${round(value)}` : "")).filter(Boolean);
    if (raw.length) params.set("z", raw.join(","));
    return `?${params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
  };

  /** A state cut to what a model has: `about` is the server's description of it. */
  lab.fit = (state, about) => ({
    ...state,
    label: state.label !== null && state.label < about.classes.length ? state.label : null,
    sliders: Array.from({ length: about.variance.length }, (_, i) => state.sliders[i] ?? 0),
    raw: Array.from({ length: about.z_dim }, (_, i) => state.raw[i] ?? 0),
  });

  /** Undo and redo over settled states: a drag is one step, not one for every frame. */
  lab.History = class {
    constructor() {
      this.past = [];
      this.future = [];
      this.now = null; // JSON of the settled state
    }

    /** Make `state` the settled one; true when it differs from the last. */
    settle(state) {
      const text = JSON.stringify(state);
      if (text === this.now) return false;
      if (this.now !== null) this.past.push(this.now);
      if (this.past.length > 200) this.past.shift();
      this.future = [];
      this.now = text;
      return true;
    }

    /** The state one step back (or forward, where `from` and `to` are swapped), or null at the end. */
    step(from, to) {
      if (!from.length) return null;
      to.push(this.now);
      this.now = from.pop();
      return JSON.parse(this.now);
    }

    undo() {
      return this.step(this.past, this.future);
    }

    redo() {
      return this.step(this.future, this.past);
    }
  };
})();
