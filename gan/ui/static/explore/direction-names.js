// Names that the visitor gives to principal directions. They go with the link.
(() => {
  const lab = window.latentLab;
  const LONGEST = 24; // letters
  const MOST = 64; // directions

  /** @type {(text: string | undefined) => string} */
  const cleaned = (text) =>
    (text ?? "")
      .replace(/[\p{C},\s]+/gu, " ")
      .trim()
      .slice(0, LONGEST);

  lab.parseNames = (text) => (text ?? "").slice(0, 2048).split(",").slice(0, MOST).map(cleaned);

  lab.formatNames = (names) => Array.from(names, cleaned).join(",").replace(/,+$/, "");

  lab.nameField = ({ name, hint, label, changed }) => {
    const field = lab.createElement("input", {
      ...{ type: "text", class: "ll-name-field", maxlength: LONGEST, value: name, placeholder: hint },
      ...{ "aria-label": `Name of ${label}`, autocomplete: "off", spellcheck: "false" },
    });
    field.addEventListener("change", () => {
      field.value = cleaned(field.value);
      changed(field.value);
    });
    return field;
  };
})();
