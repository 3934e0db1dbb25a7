// Sliders of a model's named directions: the few that say most come first, the others in a second box.
(() => {
  const lab = window.latentLab;
  const FEW = 7; // in the first box
  const IDLE = "has no effect on this class";
  const END = 2; // the values that the small pictures at a slider's ends show

  lab.SLIDER_END = END;

  // A face has one mouth: the sliders of others give way.
  lab.rivals = (kinds, i) => [...kinds.keys()].filter((j) => j !== i && kinds[i] && kinds[j] === kinds[i]);

  lab.namedSliders = (control, [first, more], { moved, settled }) => {
    /** @type {readonly string[]} */
    let names = [];
    /** @type {readonly string[]} */
    let kinds = [];
    /** @type {SliderRow[]} */
    let rows = [];

    /** @type {(name: string, i: number) => SliderRow} */
    const row = (name, i) => {
      const words = lab.sliderWords(name);
      const help = `Changes ${words}, and other attributes as little as it can`;
      const text = { name: words, label: words, help, reach: END, key: `${control.name}:${name}` };
      const follow = (/** @type {number} */ value) => {
        if (value > 0) lab.rivals(kinds, i).forEach((rival) => give(rival));
        moved(value, i);
      };
      return lab.slider({ control, ...text, moved: follow, settled });
    };

    /** Have a slider give way to another kind of what it is a kind of. @type {(i: number) => void} */
    const give = (i) => {
      if (Number(rows[i].input.value) <= 0) return;
      rows[i].set(0);
      moved(0, i);
    };

    return {
      build: (wanted, of) => {
        kinds = of;
        if (names.join() === wanted.join()) return false;
        names = wanted;
        rows = names.map(row);
        for (const box of [first, more]) box.replaceChildren();
        lab.inOrder(names).forEach((i, place) => (place < FEW ? first : more).append(rows[i].element));
        more.hidden = names.length <= FEW;
        return true;
      },
      offer: (acting) => {
        let changed = false;
        rows.forEach(({ element, input }, i) => {
          const idle = acting !== null && !acting[i];
          changed ||= input.disabled !== idle;
          input.disabled = idle;
          element.classList.toggle("ll-off", idle);
          lab.finder(element)(".ll-slider-note").textContent = idle ? IDLE : "";
        });
        return changed;
      },
      rows: () => rows,
      acting: () => [...rows.entries()].filter(([, { input }]) => !input.disabled),
    };
  };
})();
