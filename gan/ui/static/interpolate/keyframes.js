// The keyframes of a walk: one card a seed, to edit, reroll, move and remove, by hand or by keyboard.
(() => {
  const lab = (window.latentLab ??= {});

  const icon = (path) => {
    const holder = document.createElement("span");
    holder.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${path}</svg>`;
    return holder.firstChild;
  };
  const ICONS = {
    earlier: '<path d="M10 3 5 8l5 5"/>',
    later: '<path d="m6 3 5 5-5 5"/>',
    reroll: '<rect x="2" y="2" width="12" height="12" rx="2.5"/><path d="M5.5 5.5h.01M8 8h.01M10.5 10.5h.01"/>',
    remove: '<path d="m4 4 8 8M12 4l-8 8"/>',
  };

  /**
   * The list inside `root`, two to `most` seeds. `changed()` runs after every change, `chosen(k)` when the picture of
   * keyframe k is pressed. `seeds` is the list, or null while a number in it is no seed; `show(film)` paints the pictures.
   */
  lab.keyframes = (root, seeds, most, changed, chosen) => {
    const $ = (selector) => root.querySelector(selector);
    const list = $(".ll-keylist");
    let film = null;
    let shown = []; // the seeds that `film` is of
    let dragged = null;

    const addition = lab.make("button", { type: "button", "data-walk": "add", "aria-label": "Add a keyframe" }, "Add");

    const tool = (name, text, disabled, act) => {
      const button = lab.make("button", { type: "button", class: "ll-button", "data-key": name, "aria-label": text, title: text });
      button.append(icon(ICONS[name]));
      button.disabled = disabled;
      button.addEventListener("click", act);
      return button;
    };

    /** Put `next` in place; the keyboard stays on `key`, of card `at`, where that can still be pressed. */
    const become = (next, at = -1, key = "") => {
      seeds = next;
      draw();
      const card = list.children[Math.min(at, seeds.length - 1)];
      const target = card && [key, "earlier", "later", "reroll"].map((k) => card.querySelector(`[data-key=${k}]`));
      target?.find((button) => button && !button.disabled)?.focus();
      changed();
    };
    const moved = (from, to) => {
      const next = seeds.slice();
      next.splice(to, 0, ...next.splice(from, 1));
      return next;
    };

    const card = (seed, k) => {
      const name = `Keyframe ${k + 1}`;
      const thumb = lab.make("button", { type: "button", class: "ll-thumb", "aria-label": `Go to keyframe ${k + 1}` });
      thumb.append(lab.make("canvas", { width: 1, height: 1 }));
      thumb.addEventListener("click", () => chosen(k));
      const input = lab.make("input", {
        type: "number", min: 0, max: 2 ** 32 - 1, step: 1, value: seed, inputmode: "numeric", required: "",
        "aria-label": `Seed of keyframe ${k + 1}`,
      });
      input.addEventListener("input", () => {
        if (input.checkValidity()) seeds[k] = Number(input.value);
        changed();
      });
      const tools = lab.make("div", { class: "ll-tools", role: "group", "aria-label": name },
        tool("earlier", `Move keyframe ${k + 1} earlier`, k === 0, () => become(moved(k, k - 1), k - 1, "earlier")),
        tool("later", `Move keyframe ${k + 1} later`, k === seeds.length - 1, () => become(moved(k, k + 1), k + 1, "later")),
        tool("reroll", `Random seed for keyframe ${k + 1}`, false, () =>
          become(seeds.with(k, lab.randomSeed()), k, "reroll")),
        tool("remove", `Remove keyframe ${k + 1}`, seeds.length <= 2, () =>
          become(seeds.filter((_, other) => other !== k), k, "remove")),
      );
      const number = lab.make("span", { class: "ll-number", "aria-hidden": "true" }, String(k + 1));
      const item = lab.make("li", { class: "ll-key" }, number, thumb, input, tools);
      thumb.draggable = true;
      thumb.addEventListener("dragstart", (event) => {
        dragged = k;
        event.dataTransfer.setData("text/plain", String(seed)); // Firefox drags nothing that carries nothing
        item.classList.add("ll-dragged");
      });
      thumb.addEventListener("dragend", () => ((dragged = null), item.classList.remove("ll-dragged")));
      item.addEventListener("dragover", (event) => {
        if (dragged === null) return;
        event.preventDefault();
        item.classList.add("ll-over");
      });
      item.addEventListener("dragleave", () => item.classList.remove("ll-over"));
      item.addEventListener("drop", (event) => {
        if (dragged === null) return;
        event.preventDefault();
        const from = dragged;
        dragged = null; // the card under the hand is about to go, and its dragend with it
        become(moved(from, k));
      });
      return item;
    };

    const paint = () => {
      if (!film) return;
      seeds.forEach((seed, k) => {
        const from = shown[k] === seed ? k : shown.indexOf(seed);
        if (from >= 0) lab.cell(film, film.frames + from, list.children[k].querySelector("canvas"));
      });
    };
    const draw = () => {
      list.replaceChildren(...seeds.map(card), lab.make("li", { class: "ll-add" }, addition));
      addition.parentElement.hidden = seeds.length >= most;
      $(".ll-count").textContent = `${seeds.length} of at most ${most}`;
      paint();
    };
    draw();

    return {
      get seeds() {
        return [...list.querySelectorAll("input")].every((input) => input.checkValidity()) ? seeds.slice() : null;
      },
      add: () => seeds.length < most && become([...seeds, lab.randomSeed()], seeds.length, "reroll"),
      shuffle: () => become(seeds.map(() => lab.randomSeed())),
      show: (next, of) => ((film = next), (shown = of), paint()),
      mark: (k) => [...list.querySelectorAll(".ll-key")].forEach((item, i) => item.classList.toggle("ll-now", i === k)),
    };
  };
})();
