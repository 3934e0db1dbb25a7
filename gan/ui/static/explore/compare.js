// Two pictures beside each other, and in words what differs.
(() => {
  const lab = window.latentLab;

  /** Every value of a state by a name for it. @type {(state: PictureState, about: ModelDescription | null) => Map<string, string>} */
  const values = (state, about) => {
    /** @type {(control: Control) => [string, unknown][]} */
    const told = ({ name, kind, label }) => {
      const value = state[name];
      if (kind === "class") {
        const chosen = [value ?? []].flat().map((index) => about?.classes[Number(index)] ?? index);
        return [[label, chosen.join(", ") || "from the seed"]];
      }
      if (!Array.isArray(value)) return [[label, value]];
      const named = kind === "named" ? about?.named : undefined;
      const before = kind === "directions" ? "direction" : "coordinate";
      return value.map((one, i) => [named ? lab.sliderWords(named[i] ?? "") : `${before} ${i + 1}`, one]);
    };
    return new Map(
      [["Model", state.model], ...lab.controls.flatMap(told)].map(([name, value]) => [
        String(name),
        String(value ?? 0),
      ]),
    );
  };

  lab.compare = (dialog, { shown, other, about, smooth }) => {
    const find = lab.finder(dialog);
    dialog.classList.toggle("ll-smooth", smooth);
    [shown, other].forEach(({ picture }, i) => {
      const image = dialog.querySelectorAll("img")[i];
      image.onload = () => (image.style.width = `${lab.STAGE_MOST * image.naturalWidth}px`);
      image.src = picture;
    });
    const [left, right] = [shown, other].map(({ state }) => values(state, about));
    const names = [...new Set([...left.keys(), ...right.keys()])];
    const rows = names
      .map((name) => [name, left.get(name) ?? "0", right.get(name) ?? "0"])
      .filter(([, a, b]) => a !== b)
      .map((cells) =>
        lab.createElement(
          "tr",
          {},
          ...cells.map((text, i) => lab.createElement(i ? "td" : "th", i ? {} : { scope: "row" }, text)),
        ),
      );
    find("tbody").replaceChildren(...rows);
    find("table").hidden = !rows.length;
    find(".ll-compare-same").hidden = rows.length > 0;
    dialog.showModal();
  };
})();
