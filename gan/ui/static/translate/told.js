// What a translator is told besides the picture: colours, where three of its numbers are red, green and blue of one
// thing, and sliders for what remains.
(() => {
  const lab = window.latentLab;
  const PARTS = ["red", "green", "blue"];

  /** @type {(told: number[], at: number) => string} */
  const hex = (told, at) =>
    `#${PARTS.map((_, i) =>
      Math.round(255 * told[at + i])
        .toString(16)
        .padStart(2, "0"),
    ).join("")}`;
  /** @type {(colour: string) => number[]} */
  const numbers = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  /** @type {(colour: string) => number} */
  const light = (colour) => numbers(colour).reduce((sum, value, i) => sum + value * [0.3, 0.59, 0.11][i], 0);

  /** Where in a list of names a colour begins, and its name. @type {(names: string[]) => [number, string][]} */
  const colours = (names) =>
    names.flatMap((name, at) => {
      const thing = name.replace(/ red$/, "");
      const whole = PARTS.every((part, i) => names[at + i] === `${thing} ${part}`);
      return /** @type {[number, string][]} */ (whole ? [[at, thing]] : []);
    });

  lab.formatTold = (told) =>
    told === null
      ? ""
      : told
          .map((one) =>
            Math.round(255 * one)
              .toString(16)
              .padStart(2, "0"),
          )
          .join("");

  lab.parseTold = (text, count) => {
    if (!count || !/^([0-9a-f]{2})+$/.test(text) || text.length !== 2 * count) return null;
    return Array.from({ length: count }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16) / 255);
  };

  lab.toldChoice = (box, { moved, settled }) => {
    const rows = lab.finder(box)(".ll-told-rows");
    /** @type {number[]} */
    let told = [];
    /** @type {(() => void)[]} */
    let renders = [];

    /** @type {(at: number, values: number[], done?: boolean) => void} */
    const set = (at, values, done = true) => {
      told = told.with(at, values[0]);
      values.slice(1).forEach((value, i) => (told = told.with(at + 1 + i, value)));
      renders.forEach((render) => render());
      moved(told);
      if (done) settled();
    };

    /** @type {(at: number, thing: string, offered: string[]) => HTMLElement} */
    const colourRow = (at, thing, offered) => {
      const own = lab.createElement("input", { type: "color", "aria-label": `Another colour of the ${thing}` });
      own.addEventListener("input", () => set(at, numbers(own.value), false));
      own.addEventListener("change", settled);
      const swatches = offered.map((colour) => {
        const name = `${thing} ${colour}`;
        const swatch = lab.createElement("button", { type: "button", class: "ll-swatch", "aria-label": name });
        swatch.style.setProperty("--swatch", colour);
        swatch.addEventListener("click", () => set(at, numbers(colour)));
        return swatch;
      });
      renders.push(() => {
        own.value = hex(told, at);
        swatches.forEach((swatch, i) => swatch.setAttribute("aria-pressed", String(offered[i] === own.value)));
      });
      return lab.createElement("div", { class: "ll-told-row" }, lab.createElement("span", {}, thing), ...swatches, own);
    };

    /** @type {(at: number, name: string) => HTMLElement} */
    const sliderRow = (at, name) => {
      const control = { ...lab.controls[0], name, label: name, low: 0, high: 1, step: 0.01, default: 0.5 };
      const row = lab.slider({ control, name, label: name, moved: (value) => set(at, [value], false), settled });
      renders.push(() => row.set(told[at]));
      return row.element;
    };

    return {
      build: (names, offered) => {
        renders = [];
        told = names.map(() => 0.5);
        const found = colours(names);
        const taken = new Set(found.flatMap(([at]) => [at, at + 1, at + 2]));
        const plain = names.map((_, at) => at).filter((at) => !taken.has(at));
        rows.replaceChildren(
          ...found.map(([at, thing]) => {
            const all = [...new Set(offered.map((row) => hex(row, at)))];
            return colourRow(
              at,
              thing,
              all.sort((a, b) => light(b) - light(a)),
            );
          }),
          ...plain.map((at) => sliderRow(at, names[at])),
        );
        box.hidden = !names.length;
      },
      show: (wanted) => {
        told = wanted;
        renders.forEach((render) => render());
      },
    };
  };
})();
