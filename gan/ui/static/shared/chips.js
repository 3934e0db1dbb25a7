// Groups of radio buttons, and of checkboxes, that look like chips.
(() => {
  const lab = window.latentLab;

  /** @type {(input: HTMLInputElement, text: string) => HTMLElement} */
  const chip = (input, text) =>
    lab.createElement("label", { class: "ll-chip" }, input, lab.createElement("span", {}, text));

  lab.radioChips = (box, name, entries, chosen, choose) => {
    const chips = entries.map(([value, text]) => {
      const radio = lab.createElement("input", { type: "radio", name, value });
      radio.checked = value === chosen;
      radio.addEventListener("change", () => choose(value));
      return chip(radio, text);
    });
    box.replaceChildren(...chips);
  };

  lab.checkChips = (box, name, entries, choose) => {
    const chips = entries.map(([value, text]) => {
      const check = lab.createElement("input", { type: "checkbox", name, value });
      check.addEventListener("change", () => choose(value, check.checked));
      return chip(check, text);
    });
    box.replaceChildren(...chips);
  };
})();
