// The map: a plane through three pictures, or of two sliders, and what it takes to choose it.
(() => {
  const lab = window.latentLab;
  const DIRECTIONS = 8; // principal directions that are offered as axes
  const CORNERS = ["A", "B", "C"];

  /** @type {(part: AddressPart) => string} */
  const wordsOf = ({ seed = "0", ...rest }) => {
    const edits = Object.keys(rest).filter((key) => !["model", "label", "names"].includes(key));
    return `seed ${seed}${edits.length ? ", edited" : ""}`;
  };

  /** @type {(axis: PlaneAxis) => string} */
  const keyOf = ({ control, index }) => `${control} ${index}`;

  lab.mapPanel = (root, { state, about, names, acting, smooth, draw, take }) => {
    const find = lab.finder(root);
    const canvas = find(".ll-map-view", HTMLCanvasElement);
    const part = /** @type {HTMLDetailsElement} */ (root);
    const [across, up] = ["across", "up"].map((axis) => find(`[data-map=${axis}]`, HTMLSelectElement));
    const colours = find("[data-map=colours]", HTMLInputElement);
    const corners = CORNERS.map((letter) => ({
      select: find(`[data-map=corner-${letter}]`, HTMLSelectElement),
      canvas: find(`.ll-map-corner-${letter}`, HTMLCanvasElement),
      /** @type {PictureState | null} */
      state: null,
    }));
    let shown = ""; // what the map is of, as JSON
    let known = ""; // the model that corners are of
    let offered = ""; // the axes there are to choose from

    const view = lab.mapView(canvas, {
      draw,
      chosen: take,
      reached: (words) => (find(".ll-map-place").textContent = words),
      ready: () => lab.painterState(state()?.model ?? "") === "ready",
    });
    const ofThree = () => find("[name=ll-map-kind][value=three]", HTMLInputElement).checked;

    /** What can be an axis: sliders that do something in the picture. @type {() => PlaneAxis[]} */
    const axes = () => {
      const has = about();
      if (!has) return [];
      const [named, directions] = ["named", "directions"].map((kind) => {
        return /** @type {Control} */ (lab.controls.find((control) => control.kind === kind));
      });
      const own = names();
      const able = acting();
      const ordered = lab.inOrder(has.named).filter((index) => able.includes(index));
      return [
        ...ordered.map((index) => {
          return { control: named.name, index, words: lab.sliderWords(has.named[index]) };
        }),
        ...has.variance.slice(0, DIRECTIONS).map((_, index) => {
          return { control: directions.name, index, words: own[index] || `direction ${index + 1}` };
        }),
      ];
    };

    /** Offer axes; one that was chosen stays if it can. @type {(all: PlaneAxis[]) => void} */
    const fillAxes = (all) => {
      const keys = all.map(keyOf);
      const chosen = [across, up].map(({ value }) => (keys.includes(value) ? value : ""));
      [across, up].forEach((select, axis) => {
        select.replaceChildren(...all.map((one) => lab.createElement("option", { value: keyOf(one) }, one.words)));
        chosen[axis] ||= keys.find((key) => !chosen.includes(key)) ?? keys[0];
        select.value = chosen[axis];
      });
    };

    /** The classes of a picture in words. @type {(of: PictureState) => string} */
    const classesOf = (of) => {
      const has = about();
      if (!has?.classes.length) return "";
      const groups = has.groups.map(({ size, most }) => /** @type {[number, number]} */ ([size, most]));
      const own = lab.seeds.classesOf(of.seed, { classes: has.classes.length, groups });
      const wished = [of.label ?? []].flat();
      let start = 0;
      const indices = (groups.length ? groups : [[has.classes.length]]).flatMap(([size]) => {
        const inGroup = (/** @type {number} */ index) => start <= index && index < start + size;
        const found = wished.some(inGroup) ? wished.filter(inGroup) : own.filter(inGroup);
        start += size;
        return found;
      });
      return indices.map((index) => has.classes[index]).join(", ");
    };

    const renderLegend = () => {
      const possible = ofThree() && (about()?.classes.length ?? 0) > 0;
      find(".ll-map-colours").hidden = !possible;
      const words = corners.map((corner) => (corner.state ? classesOf(corner.state) : ""));
      const items = possible && colours.checked ? [...new Set(words)] : [];
      find(".ll-map-legend").replaceChildren(
        ...items.map((text) => {
          const swatch = lab.createElement("i");
          swatch.style.background = lab.GROUP_COLOURS[words.indexOf(text)];
          return lab.createElement("li", {}, swatch, text);
        }),
      );
      const first = words.map((text) => words.indexOf(text));
      view.look(possible && colours.checked ? (corner) => lab.GROUP_COLOURS[first[corner]] : null, smooth());
    };

    const drawCorners = async () => {
      const states = corners.map((corner) => corner.state).filter((one) => one !== null);
      const images = await draw(states);
      images?.forEach((image, i) => lab.paint(corners[i].canvas, image));
    };

    /** The pictures that a corner can be, of the model that is shown. */
    const fillCorners = () => {
      const kept = lab.kept.all().map(({ part: address }, i) => ({ address, i }));
      const own = kept.filter(({ address }) => address.model === state()?.model);
      for (const { select, state: now } of corners) {
        const entries = [
          ["", now ? wordsOf(lab.formatState(now, lab.controls)) : ""],
          ["shown", "Take the picture shown"],
          ["seed", "Another seed"],
          ...own.map(({ address, i }) => [`kept ${i}`, `Kept ${i + 1}: ${wordsOf(address)}`]),
        ];
        select.replaceChildren(...entries.map(([value, text]) => lab.createElement("option", { value }, text)));
      }
    };

    const another = () => {
      const now = /** @type {PictureState} */ (state());
      return lab.completeState({ model: now.model, seed: lab.randomSeed(), truncation: now.truncation }, lab.controls);
    };
    /** @type {(wanted: PictureState) => PictureState} */
    const fitted = (wanted) => lab.fitState(wanted, /** @type {ModelDescription} */ (about()), lab.controls);

    const show = () => {
      const [now, has] = [state(), about()];
      if (!part.open || !now || !has) return;
      if (known !== now.model) {
        known = now.model;
        corners.forEach((corner, k) => (corner.state = fitted(k ? another() : now)));
        fillCorners();
      }
      const all = axes();
      const offer = JSON.stringify(all);
      if (offer !== offered) fillAxes(all);
      offered = offer;
      find(".ll-map-sliders").hidden = all.length < 2;
      if (all.length < 2) find("[name=ll-map-kind][value=three]", HTMLInputElement).checked = true;
      find(".ll-map-three").hidden = !ofThree();
      find(".ll-map-two").hidden = ofThree();
      renderLegend();
      const pick = ({ value = "" }) => /** @type {PlaneAxis} */ (all.find((axis) => keyOf(axis) === value));
      const chosen = all.length > 1 ? [across, up].map(pick) : [];
      let base = now;
      for (const axis of chosen) {
        const values = /** @type {number[]} */ (base[axis.control]);
        base = { ...base, [axis.control]: values.with(axis.index, 0) };
      }
      const states = corners.map((corner) => /** @type {PictureState} */ (corner.state));
      const key = JSON.stringify(ofThree() ? states : [base, chosen]);
      if (key !== shown) {
        shown = key;
        view.show(ofThree() ? lab.planeOfThree(states, has) : lab.planeOfSliders(base, /** @type {any} */ (chosen)));
        if (ofThree()) void drawCorners();
      }
      if (!ofThree()) view.mark(chosen.map(({ control, index }) => /** @type {number[]} */ (now[control])[index]));
    };

    corners.forEach((corner) =>
      corner.select.addEventListener("change", () => {
        const now = state();
        const [what, i] = corner.select.value.split(" ");
        const kept = lab.kept.all()[Number(i)];
        if (!now || !what) return;
        if (what === "kept" && kept) corner.state = fitted(lab.parseState(kept.part, lab.controls));
        else corner.state = fitted(what === "shown" ? now : another());
        fillCorners();
        show();
      }),
    );
    root.addEventListener("change", ({ target }) => {
      if (target === colours) renderLegend();
      else if (target === across || target === up) show();
      else if (target instanceof HTMLInputElement && target.name === "ll-map-kind") show();
    });
    /** @type {Record<string, () => void>} */
    const actions = {
      reroll: () => {
        corners.forEach((corner) => (corner.state = fitted(another())));
        fillCorners();
        show();
      },
      in: () => view.zoom(1),
      out: () => view.zoom(-1),
      home: view.home,
    };
    root.addEventListener("click", (event) => actions[lab.closest(event, "button[data-map]")?.dataset.map ?? ""]?.());
    part.addEventListener("toggle", show);
    window.addEventListener("latentlab:kept", () => part.open && about() && fillCorners());
    window.addEventListener("latentlab:look", () => part.open && renderLegend());

    return {
      follow: show,
      open: () => {
        part.open = true;
        canvas.scrollIntoView({ block: "nearest" });
        canvas.focus();
      },
    };
  };
})();
