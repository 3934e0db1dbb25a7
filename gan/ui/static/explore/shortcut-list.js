// The dialog that lists the keyboard's shortcuts, and turns single letters on and off.
(() => {
  const lab = window.latentLab;

  lab.shortcutList = (dialog, entries) => {
    const find = lab.finder(dialog);
    const rows = entries.flatMap(([keys, does]) => [
      lab.createElement("dt", {}, ...keys.map((key) => lab.createElement("kbd", {}, key))),
      lab.createElement("dd", {}, does),
    ]);
    find("dl").replaceChildren(...rows);
    const letters = find("input", HTMLInputElement);
    letters.addEventListener("change", () => lab.letterKeys(letters.checked));
    return () => {
      letters.checked = lab.letterKeys();
      dialog.showModal();
    };
  };
})();
