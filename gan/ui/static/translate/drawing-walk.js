// Drawings that are kept, and the walk from each to the next: what lies between two is a mixture of their pixels.
(() => {
  const lab = window.latentLab;
  const STEP = 1200; // ms from one drawing to the next
  const FPS = 24;

  /** @type {(a: Uint8Array, b: Uint8Array, share: number) => Uint8Array<ArrayBuffer>} */
  const mix = (a, b, share) => Uint8Array.from(a, (value, i) => Math.round(value + (b[i] - value) * share));

  lab.drawingWalk = (element, { most, kept, back, frame, shown }) => {
    const find = lab.finder(element);
    const list = find(".ll-drawings");
    const play = find("[data-act=play]");
    /** @type {{ page: DrawingPage, pixels: Uint8Array<ArrayBuffer>, item: HTMLElement }[]} */
    let drawings = [];
    let playing = 0; // the number of the film that runs, 0 for none
    let films = 0;

    const render = () => {
      find(".ll-film-bar").hidden = drawings.length < 2;
      find("[data-act=keep]", HTMLButtonElement).disabled = drawings.length >= most;
    };
    const stop = () => {
      if (!playing) return;
      playing = 0;
      play.textContent = "Play";
      shown(false);
    };

    const keep = () => {
      if (drawings.length >= most) return;
      const { page, pixels, size } = kept();
      const canvas = lab.createElement("canvas");
      lab.paint(canvas, lab.imageOf(pixels, size));
      const open = lab.createElement("button", { type: "button", class: "ll-tile" }, canvas);
      open.setAttribute("aria-label", "Go back to this drawing");
      const forget = lab.createElement(
        "button",
        { type: "button", class: "ll-forget", "aria-label": "Forget this drawing" },
        "×",
      );
      const one = { page, pixels, item: lab.createElement("li", {}, open, forget) };
      open.addEventListener("click", () => back(page));
      forget.addEventListener("click", () => {
        stop();
        drawings = drawings.filter((other) => other !== one);
        one.item.remove();
        render();
        find("[data-act=keep]").focus();
      });
      drawings.push(one);
      list.append(one.item);
      render();
    };

    const toggle = () => {
      if (playing) return stop();
      const mine = (playing = ++films);
      const begun = performance.now();
      play.textContent = "Stop";
      shown(true);
      const next = () => {
        if (playing !== mine || drawings.length < 2 || !element.offsetParent) return void (playing === mine && stop());
        const at = ((performance.now() - begun) / STEP) % drawings.length;
        const from = Math.floor(at);
        frame(mix(drawings[from].pixels, drawings[(from + 1) % drawings.length].pixels, at - from));
        requestAnimationFrame(next);
      };
      next();
    };

    render();
    return {
      keep,
      toggle,
      stop,
      clear: () => {
        stop();
        drawings.forEach(({ item }) => item.remove());
        drawings = [];
        render();
      },
      pictures: () => drawings.map(({ pixels }) => pixels),
      timing: () => ({ frames: Math.round((drawings.length * STEP * FPS) / 1000), fps: FPS }),
    };
  };
})();
