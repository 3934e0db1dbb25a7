// One labelled slider that starts at its default: a row of name, note, native range input and value, and where it has
// any, small pictures of both ends.
(() => {
  const lab = window.latentLab;
  let serial = 0;

  lab.slider = ({ control, name, note = "", label, help = label, field, reach, key, text, moved, settled }) => {
    const { low, high, step } = control;
    const rest = control.default ?? low;
    const digits = lab.decimals(step);
    const id = `ll-slider-${++serial}`;
    const input = lab.createElement("input", { type: "range", id, min: low, max: high, step, "aria-label": label });
    if (key) input.dataset.slider = key;
    const output = lab.createElement("output", { for: id });
    const caption = lab.createElement("label", { for: id, class: "ll-slider-name" }, name);
    const remark = lab.createElement("span", { class: "ll-slider-note" }, note);
    const element = lab.createElement("div", { class: "ll-slider", title: `${help}. Double-click to reset.` });
    const ends = (reach === undefined ? [] : [-reach, reach]).map((value) => {
      const end = lab.createElement("canvas", { class: "ll-end", width: 1, height: 1, "aria-hidden": "true" });
      end.addEventListener("click", () => go(value));
      return end;
    });
    element.append(field ?? caption, remark, ...ends.slice(0, 1), input, ...ends.slice(1), output);

    const render = () => {
      const value = Number(input.value);
      const plain = value.toFixed(digits);
      /** @type {(x: number) => string} */
      const share = (x) => `${((x - low) / (high - low)) * 100}%`;
      input.style.setProperty("--from", share(Math.min(value, rest)));
      input.style.setProperty("--to", share(Math.max(value, rest)));
      output.value = text?.(value) ?? (low < 0 && value > 0 ? `+${plain}` : plain.replace("-", "−"));
      element.classList.toggle("ll-moved", value !== rest);
    };
    /** @type {(value: number) => void} */
    const set = (value) => {
      input.value = String(value);
      render();
    };
    const go = (/** @type {number} */ value) => {
      set(value);
      moved(value);
      settled();
    };
    const reset = () => go(rest);
    input.addEventListener("input", () => {
      render();
      moved(Number(input.value));
    });
    input.addEventListener("change", () => settled());
    element.addEventListener("dblclick", ({ target }) => {
      if (target !== field && !(target instanceof HTMLCanvasElement)) reset();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      reset();
    });
    set(rest);
    return { element, input, ends, set };
  };
})();
