// Groups of radio buttons, and of checkboxes, that look like chips.
(() => {
  const lab = window.latentLab;

  /** @type {(input: HTMLInputElement, text: string) => HTMLElement} */
  const chip = (input, text) =>
    lab.createElement("label", { class: "ll-chip" }, input, lab.createElement("span", {}, text));

  /** Replace chips by others; the one of the same value takes over the focus. @type {(box: HTMLElement, chips: HTMLElement[]) => void} */
  const replace = (box, chips) => {
    const { activeElement } = document;
    const value = activeElement instanceof HTMLInputElement && box.contains(activeElement) ? activeElement.value : null;
    box.replaceChildren(...chips);
    if (value === null) return;
    const inputs = [...box.querySelectorAll("input")];
    (inputs.find((input) => input.value === value) ?? inputs[0])?.focus({ preventScroll: true });
  };

  lab.radioChips = (box, name, entries, chosen, choose) => {
    const chips = entries.map(([value, text]) => {
      const radio = lab.createElement("input", { type: "radio", name, value });
      radio.checked = value === chosen;
      radio.addEventListener("change", () => choose(value));
      return chip(radio, text);
    });
    replace(box, chips);
  };

  lab.checkChips = (box, name, entries, choose) => {
    const chips = entries.map(([value, text]) => {
      const check = lab.createElement("input", { type: "checkbox", name, value });
      check.addEventListener("change", () => choose(value, check.checked));
      return chip(check, text);
    });
    replace(box, chips);
  };
})();
