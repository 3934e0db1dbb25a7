// The keyframes of a walk: one card a seed, to edit, reroll, move and remove, by hand or by keyboard.
(() => {
  const lab = window.latentLab;

  const ICONS = {
    earlier: '<path d="M10 3 5 8l5 5"/>',
    later: '<path d="m6 3 5 5-5 5"/>',
    reroll: '<rect x="2" y="2" width="12" height="12" rx="2.5"/><path d="M5.5 5.5h.01M8 8h.01M10.5 10.5h.01"/>',
    remove: '<path d="m4 4 8 8M12 4l-8 8"/>',
  };

  /** @type {(name: keyof typeof ICONS) => Element} */
  const icon = (name) => {
    const holder = document.createElement("span");
    holder.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;
    return holder.children[0];
  };

  /** @type {(name: keyof typeof ICONS, text: string, disabled: boolean, act: () => void) => HTMLElement} */
  const toolButton = (name, text, disabled, act) => {
    const attributes = { type: "button", class: "ll-button", "data-key": name, "aria-label": text, title: text };
    const button = lab.createElement("button", attributes, icon(name));
    button.disabled = disabled;
    button.addEventListener("click", act);
    return button;
  };

  /** @type {<T>(list: T[], from: number, to: number) => T[]} */
  const withMoved = (list, from, to) => {
    const next = list.slice();
    next.splice(to, 0, ...next.splice(from, 1));
    return next;
  };

  /** @type {(key: WalkKey) => string} */
  const nameOf = ({ seed, edit }) => JSON.stringify([seed, edit]);

  /** @type {(seed: number) => WalkKey} */
  const plain = (seed) => ({ seed, edit: null });

  lab.keyframes = (root, { keys: given, most, control, changed, chosen }) => {
    const find = lab.finder(root);
    const list = find(".ll-keylist");
    let keys = given;
    /** @type {Film | null} */
    let film = null;
    /** @type {string[]} */
    let shown = []; // the keyframes that `film` is of, as `nameOf` says
    /** @type {number | null} */
    let dragged = null;

    const addButton = lab.createElement(
      "button",
      { type: "button", "data-walk": "add", "aria-label": "Add a keyframe" },
      "Add",
    );

    /** Show other seeds; the keyboard stays on `key`, of card `at`, where that can still be pressed. */
    const replace = (/** @type {WalkKey[]} */ next, at = -1, key = "") => {
      keys = next;
      render();
      const card = list.children[Math.min(at, keys.length - 1)];
      const buttons = [key, "earlier", "later", "reroll"].map((k) => card?.querySelector(`[data-key=${k || "none"}]`));
      const target = buttons.find((button) => button instanceof HTMLButtonElement && !button.disabled);
      if (target instanceof HTMLElement) target.focus();
      changed();
    };

    /** @type {(k: number) => HTMLElement} */
    const tools = (k) => {
      const n = k + 1;
      const last = keys.length - 1;
      return lab.createElement(
        "div",
        { class: "ll-tools", role: "group", "aria-label": `Keyframe ${n}` },
        toolButton("earlier", `Move keyframe ${n} earlier`, k === 0, () =>
          replace(withMoved(keys, k, k - 1), k - 1, "earlier"),
        ),
        toolButton("later", `Move keyframe ${n} later`, k === last, () =>
          replace(withMoved(keys, k, k + 1), k + 1, "later"),
        ),
        toolButton("reroll", `Random seed for keyframe ${n}`, false, () =>
          replace(keys.with(k, plain(lab.randomSeed())), k, "reroll"),
        ),
        toolButton("remove", `Remove keyframe ${n}`, keys.length <= 2, () =>
          replace(
            keys.filter((_, i) => i !== k),
            k,
            "remove",
          ),
        ),
      );
    };

    /** Let a card be dragged by its picture, and others be dropped on it. */
    const makeDraggable = (
      /** @type {HTMLElement} */ item,
      /** @type {HTMLElement} */ thumb,
      /** @type {number} */ k,
    ) => {
      thumb.draggable = true;
      thumb.addEventListener("dragstart", (event) => {
        dragged = k;
        event.dataTransfer?.setData("text/plain", String(keys[k].seed)); // Firefox drags nothing that carries nothing
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
        dragged = null; // the card under the pointer is about to go, and its dragend with it
        replace(withMoved(keys, from, k));
      });
    };

    /** @type {(key: WalkKey, k: number) => HTMLElement} */
    const card = ({ seed, edit }, k) => {
      const canvas = lab.createElement("canvas", { width: 1, height: 1 });
      const go = `Go to keyframe ${k + 1}`;
      const thumb = lab.createElement("button", { type: "button", class: "ll-thumb", "aria-label": go }, canvas);
      thumb.addEventListener("click", () => chosen(k));
      const input = lab.createElement("input", {
        type: "number",
        min: control.low,
        max: control.high,
        step: control.step,
        value: seed,
        inputmode: "numeric",
        required: "",
        "aria-label": `Seed of keyframe ${k + 1}`,
      });
      input.addEventListener("input", () => {
        if (input.checkValidity()) keys = keys.with(k, { ...keys[k], seed: Number(input.value) });
        changed();
      });
      const number = lab.createElement("span", { class: "ll-number", "aria-hidden": "true" }, String(k + 1));
      const item = lab.createElement("li", { class: "ll-key" }, number, thumb, input, tools(k));
      if (edit) item.append(lab.createElement("span", { class: "ll-edited" }, "edited"));
      makeDraggable(item, thumb, k);
      return item;
    };

    const paint = () => {
      keys.forEach((key, k) => {
        const from = shown[k] === nameOf(key) ? k : shown.indexOf(nameOf(key));
        const canvas = list.children[k].querySelector("canvas");
        if (film && canvas && from >= 0) lab.drawCell(film, film.frames + from, canvas);
      });
    };
    const render = () => {
      const last = lab.createElement("li", { class: "ll-add" }, addButton);
      last.hidden = keys.length >= most;
      list.replaceChildren(...keys.map(card), last);
      find(".ll-count").textContent = `${keys.length} of at most ${most}`;
      paint();
    };
    render();

    return {
      get keys() {
        return [...list.querySelectorAll("input")].every((input) => input.checkValidity()) ? keys.slice() : null;
      },
      set: (next) => {
        keys = next;
        render();
      },
      add: () => {
        if (keys.length < most) replace([...keys, plain(lab.randomSeed())], keys.length, "reroll");
      },
      shuffle: () => replace(keys.map(() => plain(lab.randomSeed()))),
      show: (next, of) => {
        film = next;
        shown = of.map(nameOf);
        paint();
      },
      mark: (k) => list.querySelectorAll(".ll-key").forEach((item, i) => item.classList.toggle("ll-now", i === k)),
    };
  };
})();
