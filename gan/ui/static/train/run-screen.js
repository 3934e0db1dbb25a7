// What is seen of a run: a stage for each side, the layers drawn on them, and the numbers.
(() => {
  const lab = window.latentLab;

  lab.SIDES = [
    ["0", "First"],
    ["1", "Second"],
  ];

  lab.runScreen = (element, { moment: current, planned, heldOut }) => {
    const find = lab.finder(element);
    const screens = find(".ll-screens");
    const hidden = new Set(["arrows", "warp", "other"]); // layers that are not drawn
    const readouts = lab.readouts(find(".ll-readouts"));
    /** What a view shows. @type {(view: View) => DataKind} */
    const kindOf = ({ arrays }) => ("points" in arrays ? "points" : "to_b" in arrays ? "translations" : "pictures");
    /** @type {Stage[]} */
    let stages = [];
    let side = 0; // of a duel's two, the one that exports are made of

    const draw = () => stages.forEach((stage) => stage.draw());

    const renderLayers = () => {
      const shown = current();
      const layers = shown ? kindOf(shown.sides[0]) : planned();
      const chips = Object.entries(lab.LAYERS[layers]).map(([name, text]) => {
        const box = lab.createElement("input", { type: "checkbox" });
        box.checked = !hidden.has(name);
        box.addEventListener("change", () => {
          if (box.checked) hidden.delete(name);
          else hidden.add(name);
          draw();
        });
        const swatch = lab.createElement("i", { class: `ll-swatch ll-swatch-${name}`, "aria-hidden": "true" });
        return lab.createElement("label", { class: "ll-chip" }, box, lab.createElement("span", {}, swatch, text));
      });
      find(".ll-layers").replaceChildren(...chips);
      find(".ll-legend").dataset.of = layers;
      find("[data-at=heldOut]").hidden = !heldOut();
      find("[data-train=open]").textContent = `Open in ${layers === "translations" ? "Translate" : "Explore"}`;
    };

    /** @type {(titles: string[]) => void} */
    const build = (titles) => {
      screens.replaceChildren();
      stages = titles.map((title) => lab.stage(screens, title, hidden));
      renderLayers();
      const choice = find("[data-list=side]");
      choice.hidden = titles.length < 2;
      const sides = lab.SIDES.slice(0, titles.length);
      lab.radioChips(choice, "ll-train-export-side", sides, String(side), (value) => (side = Number(value)));
    };

    return {
      note: (text) => void (screens.dataset.note = text),
      draw,
      renderLayers,
      side: () => side,
      clear: () => {
        stages = [];
        side = 0;
        screens.replaceChildren();
        readouts.clear();
        find("[data-at=clock]", HTMLOutputElement).value = "";
      },
      show: ({ sides, shown, steps, seconds }, backdrop, titles, large) => {
        if (stages.length !== sides.length) build(titles);
        sides.forEach((view, i) => stages[i].show(backdrop, view));
        stages.forEach((stage, i) => stage.setTitle(titles[i]));
        readouts.show(sides, backdrop, large);
        const clock = find("[data-at=clock]", HTMLOutputElement);
        clock.value = `${lab.whole(shown)} shown\n${lab.count(steps, "step")}, ${lab.whole(seconds)} s`;
      },
    };
  };
})();
