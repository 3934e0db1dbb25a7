// Crossing: the upper part of this picture with the lower part of another seed's, at a border that moves.
(() => {
  const lab = window.latentLab;
  const ASKED = 0.5; // the border when another picture is first asked for

  lab.mixPanel = (root, controls, { moved, settled, state }) => {
    const find = lab.finder(root);
    /** @type {(kind: ControlKind) => Control} */
    const ofKind = (kind) => /** @type {Control} */ (controls.find((one) => one.kind === kind));
    const [partner, border] = [ofKind("partner"), ofKind("border")];
    const seed = find("#ll-partner", HTMLInputElement);
    const canvas = find(".ll-mix-other", HTMLCanvasElement);
    const row = lab.slider({
      control: border,
      name: border.label,
      label: border.label,
      help: border.help,
      key: border.name,
      moved: (value) => moved(border, value),
      settled,
    });
    find(".ll-border").append(row.element);
    const part = /** @type {HTMLDetailsElement} */ (root);

    /** Go to a border or a partner at once. @type {(control: Control, value: number) => void} */
    const go = (control, value) => {
      moved(control, value);
      settled();
      const now = state();
      if (now) render(now);
    };
    part.addEventListener("toggle", () => {
      const now = state();
      if (!now) return;
      if (part.open) void draw(now);
      else if (now[border.name] !== border.default) go(border, Number(border.default));
    });
    /** Another picture is asked for; a look at what there is, by opening this part, changes nothing. */
    const ask = () => {
      if (state()?.[border.name] !== border.default) return;
      moved(border, ASKED);
      row.set(ASKED);
    };
    seed.addEventListener("input", () => {
      if (!seed.checkValidity() || seed.value === "") return;
      ask();
      moved(partner, Number(seed.value));
    });
    seed.addEventListener("change", () => {
      const now = state();
      if (now) render(now); // in place of what was no seed
      settled();
    });
    find("[data-mix=dice]").addEventListener("click", () => {
      ask();
      go(partner, lab.randomSeed());
    });

    let shown = "";
    let newest = 0;
    /** @type {MixPanel["draw"]} */
    const draw = async (now) => {
      const other = { ...now, seed: Number(now[partner.name]), [border.name]: border.default };
      const key = JSON.stringify(other);
      if (!part.open || key === shown) return;
      const turn = ++newest;
      const images = await lab.drawHere(now.model, [other]);
      if (!images || turn !== newest) return;
      shown = key;
      lab.paint(canvas, images[0]);
    };
    /** @type {MixPanel["render"]} */
    const render = (now) => {
      seed.value = String(now[partner.name]);
      row.set(Number(now[border.name]));
      if (now[border.name] !== border.default) part.open = true;
    };
    return { render, draw };
  };
})();
