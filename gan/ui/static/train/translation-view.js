// A translator as it learns: pictures of one set, what they become, and what becomes of that on the way back.
(() => {
  const lab = window.latentLab;

  /** The rows to be seen, each with its name. @type {(view: Parameters<typeof lab.drawTranslations>[1]) => [string, NumberArray][]} */
  const rowsOf = ({ backdrop, arrays, hidden }) => {
    /** @type {[string, NumberArray | undefined, string?][]} */
    const all = [
      ["Given", backdrop.a],
      ["Translated", arrays.to_b],
      ["And back", arrays.back_a, "back"],
      ["The truth", backdrop.truth, "truth"],
    ];
    if (arrays.to_a && !hidden.has("other")) {
      all.push(["Given", backdrop.b], ["Translated", arrays.to_a], ["And back", arrays.back_b, "back"]);
    }
    return all.flatMap(([name, pictures, layer]) => (pictures && !hidden.has(layer ?? "") ? [[name, pictures]] : []));
  };

  lab.translationRows = (view) => {
    const rows = rowsOf(view);
    return rows.length / rows[0][1].shape[0]; // pictures are square
  };

  lab.drawTranslations = (box, view) => {
    const rows = rowsOf(view);
    if (box.children.length !== 2 * rows.length) {
      box.replaceChildren(
        ...rows.flatMap(() => [lab.createElement("span"), lab.createElement("canvas", { role: "img" })]),
      );
    }
    rows.forEach(([name, pictures], i) => {
      const [words, canvas] = [box.children[2 * i], box.children[2 * i + 1]];
      if (words.textContent !== name) words.textContent = name;
      if (!(canvas instanceof HTMLCanvasElement)) return;
      canvas.setAttribute("aria-label", `${name}, ${lab.count(pictures.shape[0], "picture")}`);
      lab.drawTiles(canvas, pictures, { count: pictures.shape[0], columns: pictures.shape[0] });
    });
  };
})();
