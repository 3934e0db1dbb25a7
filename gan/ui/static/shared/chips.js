// A group of radio buttons that look like chips.
(() => {
  const lab = window.latentLab;

  lab.radioChips = (box, name, entries, chosen, choose) => {
    const chips = entries.map(([value, text]) => {
      const radio = lab.createElement("input", { type: "radio", name, value });
      radio.checked = value === chosen;
      radio.addEventListener("change", () => choose(value));
      return lab.createElement("label", { class: "ll-chip" }, radio, lab.createElement("span", {}, text));
    });
    box.replaceChildren(...chips);
  };
})();
