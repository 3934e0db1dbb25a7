// The controls of Explore, built from their declaration: seed, class, single sliders, directions and coordinates.
(() => {
  const lab = window.latentLab;
  const FIRST = 8; // direction sliders shown before "show all"
  const BOXES = {
    slider: ".ll-single-sliders",
    directions: ".ll-directions",
    coordinates: ".ll-raw",
  };

  lab.controlPanel = (element, controls, { moved, settled, state, named: naming }) => {
    const find = lab.finder(element);
    /** @type {Map<string, SliderRow[]>} */
    const rows = new Map(controls.map(({ name }) => [name, []]));
    /** @type {ModelDescription | null} */
    let about = null;

    /** @type {(kind: ControlKind) => Control[]} */
    const ofKind = (kind) => controls.filter((control) => control.kind === kind);

    /** @type {(control: Control, i: number) => SliderText} */
    const texts = ({ kind, label, help }, i) => {
      if (kind === "slider") return { name: label, label, help };
      if (kind === "coordinates") return { name: `z${i}`, label: `Latent coordinate ${i}, offset` };
      const beside = lab.sliderWords(about?.beside[i] ?? "");
      const share = ((about?.variance[i] ?? 0) * 100).toFixed(1);
      const said = `Direction ${i + 1}, explains ${share} percent${beside && `, mostly ${beside}`}`;
      const field = lab.nameField({
        name: naming.of(i),
        hint: `name ${i + 1}`,
        label: `direction ${i + 1}`,
        changed: (text) => naming.changed(i, text),
      });
      return { name: String(i + 1), note: beside || `${share} %`, label: said, field };
    };

    /** Append sliders of a control until it has `count`. @type {(control: Control, count: number) => SliderRow[]} */
    const grow = (control, count) => {
      const box = find(BOXES[/** @type {keyof typeof BOXES} */ (control.kind)]);
      const have = rows.get(control.name) ?? [];
      for (let i = have.length; i < count; i++) {
        const own = { control, ...texts(control, i), key: `${control.name}:${i}` };
        const row = lab.slider({ ...own, moved: (value) => moved(control, value, i), settled });
        box.append(row.element);
        have.push(row);
      }
      return have;
    };

    const [ofClass] = ofKind("class");
    const classes = lab.classChoice(find(".ll-classes", HTMLFieldSetElement), {
      name: "ll-class",
      caption: ofClass.label,
      choose: (label) => {
        moved(ofClass, label);
        settled();
      },
    });

    const [ofNamed] = ofKind("named");
    const sliders = lab.namedSliders(ofNamed, [find(".ll-named"), find(".ll-named-more")], {
      moved: (value, i) => moved(ofNamed, value, i),
      settled,
    });
    /** @type {ControlPanel["buildNamed"]} */
    const buildNamed = (wanted, kinds) => {
      if (!sliders.build(wanted, kinds)) return;
      rows.set(ofNamed.name, sliders.rows());
      find(".ll-named-part").hidden = !wanted.length;
      find(".ll-more-part", HTMLDetailsElement).open ||= !wanted.length;
    };

    const buildCoordinates = () => {
      if (!about || !find(".ll-advanced", HTMLDetailsElement).open) return;
      for (const control of ofKind("coordinates")) grow(control, about.z_dim);
    };

    const showAllDirections = () => {
      find("[data-do=more]").hidden = true;
      for (const control of ofKind("directions")) grow(control, about?.variance.length ?? 0)[FIRST].input.focus();
    };

    /** @type {ControlPanel["buildControls"]} */
    const buildControls = (description, wanted) => {
      about = description;
      const focused = document.activeElement;
      const known = about.variance.length;
      for (const control of [...ofKind("directions"), ...ofKind("coordinates")]) {
        find(BOXES[/** @type {keyof typeof BOXES} */ (control.kind)]).replaceChildren();
        rows.set(control.name, []);
      }
      for (const control of ofKind("directions")) {
        const used = /** @type {number[]} */ (wanted[control.name]).findLastIndex((value) => value !== 0) + 1;
        const shown = grow(control, Math.min(known, Math.max(FIRST, used))).length;
        if (used) find(".ll-more-part", HTMLDetailsElement).open = true;
        find("[data-do=more]").hidden = shown >= known;
        find("[data-do=more]").textContent = `Show all ${known}`;
      }
      buildCoordinates();
      buildNamed(about.named, about.kinds);
      classes.build(about);
      if (!focused?.isConnected) find("#ll-model").focus(); // the control that had the focus is one of another model's
    };

    /** @type {ControlPanel["render"]} */
    const render = (shown) => {
      find("#ll-model", HTMLSelectElement).value = shown.model;
      find("#ll-seed", HTMLInputElement).value = String(shown.seed);
      classes.show(shown.label);
      for (const { name } of controls) renderSliders(name, shown);
    };

    /** @type {ControlPanel["renderSliders"]} */
    const renderSliders = (name, shown) => {
      const values = [shown[name]].flat();
      rows.get(name)?.forEach((row, i) => row.set(Number(values[i])));
    };

    const [seed] = ofKind("seed");
    find("#ll-seed").addEventListener("input", () => {
      const input = find("#ll-seed", HTMLInputElement);
      if (input.checkValidity() && input.value !== "") moved(seed, Number(input.value));
    });
    find("#ll-seed").addEventListener("change", () => {
      const shown = state();
      if (shown) render(shown); // in place of what was no seed
      settled();
    });
    find(".ll-advanced").addEventListener("toggle", () => {
      const shown = state();
      buildCoordinates();
      if (shown) ofKind("coordinates").forEach(({ name }) => renderSliders(name, shown));
    });
    for (const control of ofKind("slider")) grow(control, 1);

    /** @type {ControlPanel["movable"]} */
    const movable = (few) => {
      const directions = ofKind("directions")[0].name;
      /** @type {[string, number][]} */
      const found = sliders.acting().map(([i]) => [ofNamed.name, i]);
      const missing = Math.min(few - found.length, about?.variance.length ?? 0);
      for (let i = 0; i < missing; i++) found.push([directions, i]);
      return found;
    };

    return {
      buildControls,
      buildClasses: classes.build,
      buildNamed,
      offerNamed: sliders.offer,
      render,
      renderSliders,
      showAllDirections,
      namedRows: sliders.acting,
      movable,
    };
  };
})();
