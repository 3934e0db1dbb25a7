// Which picture is wanted: the state { model, and a value for each control }, and its part of the address.
(() => {
  const lab = window.latentLab;
  const LONGEST = 512; // sliders of one kind that an address may name

  lab.randomSeed = () => crypto.getRandomValues(new Uint32Array(1))[0];

  lab.decimals = (step) => Math.max(2, (String(step).split(".")[1] ?? "").length);

  /** @type {(value: number, control: Dial) => number} */
  const rounded = (value, { step }) => Number(value.toFixed(lab.decimals(step)));

  /** @type {(text: string | undefined | null) => number | null} */
  const wholeNumber = (text) => (/^\d{1,10}$/.test(text ?? "") ? Number(text) : null);

  /** @type {(text: string | undefined | null, control: Dial) => number} */
  const number = (text, control) => {
    if (!/^-?\d{1,10}(\.\d{1,6})?$/.test(text ?? "")) return control.default ?? control.low;
    return Math.min(control.high, Math.max(control.low, Number(text)));
  };

  lab.fitLabel = (label, { classes, groups }) => {
    if (!groups.length) return typeof label === "number" && label < classes.length ? label : null;
    const wished = [...new Set([label ?? []].flat())];
    let start = 0;
    const kept = groups.flatMap(({ size, most }) => {
      const own = wished.filter((index) => start <= index && index < start + size);
      start += size;
      return own.slice(0, most);
    });
    return kept.length ? kept.sort((a, b) => a - b) : null;
  };

  /** @type {(values: number[], length: number) => number[]} */
  const padded = (values, length) => Array.from({ length }, (_, i) => values[i] ?? 0);

  /**
   * A list of numbers, in an address as "0.5,,-1": missing entries are 0. count: how many of them a model has.
   * @type {(count: (about: ModelDescription) => number) => ControlCodec}
   */
  const listed = (count) => ({
    start: () => [],
    parse: (text, control) =>
      text
        ? text
            .slice(0, 4096)
            .split(",")
            .slice(0, LONGEST)
            .map((item) => number(item, control))
        : [],
    format: (values, control) => {
      const numbers = values.map((/** @type {number} */ value) => rounded(value, control));
      while (numbers.length && !numbers.at(-1)) numbers.pop();
      return numbers.map((/** @type {number} */ value) => value || "").join(",");
    },
    fit: (values, about) => padded(values, count(about)),
  });

  /**
   * What differs between the kinds of control. start: the value shown first. parse: the value in an address, which
   * anyone may have written; null where the address does not name it. format: its text there, "" for the default.
   * fit: the value cut to what a model has.
   * @type {Record<ControlKind, ControlCodec>}
   */
  const KINDS = {
    seed: {
      start: (control) => control.default,
      parse: (text, { low, high }) => Math.min(high, wholeNumber(text) ?? low),
      format: (value) => String(value),
      fit: (value) => value,
    },
    partner: {
      start: (control) => control.default,
      parse: (text, control) => {
        const number = wholeNumber(text);
        return number === null || number > control.high ? control.default : number;
      },
      format: (value, control) => (value === control.default ? "" : String(value)),
      fit: (value) => value,
    },
    /** As "3", or, of classes in groups, "3,17". */
    class: {
      start: () => null,
      parse: (text, { high }) => {
        const indices = (text ?? "").slice(0, 4096).split(",").map(wholeNumber);
        const known = indices.filter((index) => index !== null && index <= high);
        return known.length > 1 ? known : (known[0] ?? null);
      },
      format: (value) => (value === null ? "" : String(value)),
      fit: (value, about) => lab.fitLabel(value, about),
    },
    slider: {
      start: (control) => control.default,
      parse: (text, control) => number(text, control),
      format: (value, control) => (value === control.default ? "" : String(rounded(value, control))),
      fit: (value) => value,
    },
    border: {
      start: (control) => control.default,
      parse: (text, control) => number(text, control),
      format: (value, control) => (value === control.default ? "" : String(rounded(value, control))),
      fit: (value, about) => (about.crosses ? value : 1),
    },
    named: listed(({ named }) => named.length),
    directions: listed(({ variance }) => variance.length),
    /** As "3:0.5,17:-1": index and value. */
    coordinates: {
      start: () => [],
      parse: (text, control) => {
        /** @type {number[]} */
        const values = [];
        for (const item of (text ?? "").slice(0, 8192).split(",").slice(0, LONGEST)) {
          const [index, value] = item.split(":");
          if (/^\d{1,3}$/.test(index) && Number(index) < LONGEST) values[Number(index)] = number(value, control);
        }
        return Array.from(values, (value) => value ?? 0);
      },
      format: (values, control) =>
        values
          .map((/** @type {number} */ value, /** @type {number} */ i) =>
            value ? `${i}:${rounded(value, control)}` : "",
          )
          .filter(Boolean)
          .join(","),
      fit: (values, about) => padded(values, about.z_dim),
    },
  };

  lab.codecs = KINDS;

  lab.completeState = (partial, controls) => {
    const values = controls.map((control) => [
      control.name,
      partial[control.name] ?? KINDS[control.kind].start(control),
    ]);
    return { model: partial.model, ...Object.fromEntries(values) };
  };

  lab.parseState = (part, controls) => {
    const values = controls.map((control) => [
      control.name,
      part[control.query] === undefined
        ? KINDS[control.kind].start(control)
        : KINDS[control.kind].parse(part[control.query], control),
    ]);
    return { model: part.model ?? "", ...Object.fromEntries(values) };
  };

  lab.formatState = (state, controls) => {
    const texts = controls.map((control) => [control.query, KINDS[control.kind].format(state[control.name], control)]);
    return { model: state.model, ...Object.fromEntries(texts.filter(([, text]) => text !== "")) };
  };

  lab.fitState = (state, about, controls) => {
    const values = controls.map((control) => [control.name, KINDS[control.kind].fit(state[control.name], about)]);
    return { model: state.model, ...Object.fromEntries(values) };
  };
})();
