// One labelled slider that starts in the middle: a row of name, note, native range input and value.
(() => {
  const lab = (window.latentLab ??= {});

  lab.make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  let serial = 0;

  /**
   * A row whose `input` is a native range in [low, high] resting at `rest`.
   * `moved(value)` runs while it is dragged, `settled()` when it is let go; a double-click, Delete or Backspace
   * sends it back to `rest`. `row.set(value)` moves it without telling anyone.
   */
  lab.slider = ({ name, note = "", label, low, high, step = 0.05, rest = 0, moved, settled }) => {
    const id = `ll-slider-${++serial}`;
    const input = lab.make("input", { type: "range", id, min: low, max: high, step, "aria-label": label });
    const output = lab.make("output", { for: id });
    const caption = lab.make("label", { for: id, class: "ll-slider-name" }, name);
    const remark = lab.make("span", { class: "ll-slider-note" }, note);
    const row = lab.make("div", { class: "ll-slider", title: `${label}. Double-click to reset.` });
    row.append(caption, remark, input, output);
    row.input = input;

    const dress = () => {
      const value = Number(input.value);
      const share = (x) => `${((x - low) / (high - low)) * 100}%`;
      input.style.setProperty("--from", share(Math.min(value, rest)));
      input.style.setProperty("--to", share(Math.max(value, rest)));
      output.value = low < 0 && value > 0 ? `+${value.toFixed(2)}` : value.toFixed(2).replace("-", "−");
      row.classList.toggle("ll-moved", value !== rest);
    };
    row.set = (value) => {
      input.value = value;
      dress();
    };
    const home = () => {
      row.set(rest);
      moved(rest);
      settled();
    };
    input.addEventListener("input", () => {
      dress();
      moved(Number(input.value));
    });
    input.addEventListener("change", () => settled());
    row.addEventListener("dblclick", home);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      home();
    });
    row.set(rest);
    return row;
  };
})();
