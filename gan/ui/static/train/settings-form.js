// One field for each setting of a run.
(() => {
  const lab = window.latentLab;

  /** @type {(setting: TrainSetting, value: any) => HTMLInputElement | HTMLSelectElement} */
  const createInput = ({ kind, choices }, value) => {
    if (choices) {
      const options = choices.map((choice) => lab.createElement("option", { value: choice }, choice));
      const select = lab.createElement("select", {}, ...options);
      select.value = value;
      return select;
    }
    if (kind === "bool") {
      const box = lab.createElement("input", { type: "checkbox" });
      box.checked = value;
      return box;
    }
    return lab.createElement("input", { type: "number", step: kind === "float" ? "any" : "1", value });
  };

  /** Undefined while a number is not one. @type {(input: HTMLInputElement | HTMLSelectElement) => any} */
  const read = (input) => {
    if (input instanceof HTMLSelectElement) return input.value;
    if (input.type === "checkbox") return input.checked;
    return input.value !== "" && Number.isFinite(Number(input.value)) ? Number(input.value) : undefined;
  };

  lab.settingField = (setting, value, changed) => {
    const title = setting.name.replaceAll("_", " ").replace("lr", "learning rate");
    const input = createInput(setting, value);
    input.setAttribute("aria-label", title);
    const help = lab.createElement("small", { class: "ll-help", id: `ll-help-${setting.name}` }, setting.help);
    input.setAttribute("aria-describedby", help.id);
    const label = lab.createElement("label", {}, title, input, help);
    input.addEventListener("change", () => {
      const next = read(input);
      if (next === undefined) return;
      label.classList.add("ll-changed");
      changed({ [setting.name]: next });
    });
    return label;
  };
})();
