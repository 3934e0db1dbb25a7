// One labelled slider that starts at its default: a row of name, note, native range input and value.
(() => {
  const lab = window.latentLab;
  let serial = 0;

  lab.slider = ({ control, name, note = "", label, help = label, moved, settled }) => {
    const { low, high, step } = control;
    const rest = control.default ?? low;
    const digits = lab.decimals(step);
    const id = `ll-slider-${++serial}`;
    const input = lab.createElement("input", { type: "range", id, min: low, max: high, step, "aria-label": label });
    const output = lab.createElement("output", { for: id });
    const caption = lab.createElement("label", { for: id, class: "ll-slider-name" }, name);
    const remark = lab.createElement("span", { class: "ll-slider-note" }, note);
    const element = lab.createElement("div", { class: "ll-slider", title: `${help}. Double-click to reset.` });
    element.append(caption, remark, input, output);

    const render = () => {
      const value = Number(input.value);
      const text = value.toFixed(digits);
      /** @type {(x: number) => string} */
      const share = (x) => `${((x - low) / (high - low)) * 100}%`;
      input.style.setProperty("--from", share(Math.min(value, rest)));
      input.style.setProperty("--to", share(Math.max(value, rest)));
      output.value = low < 0 && value > 0 ? `+${text}` : text.replace("-", "−");
      element.classList.toggle("ll-moved", value !== rest);
    };
    /** @type {(value: number) => void} */
    const set = (value) => {
      input.value = String(value);
      render();
    };
    const reset = () => {
      set(rest);
      moved(rest);
      settled();
    };
    input.addEventListener("input", () => {
      render();
      moved(Number(input.value));
    });
    input.addEventListener("change", () => settled());
    element.addEventListener("dblclick", reset);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      reset();
    });
    set(rest);
    return { element, input, set };
  };
})();
