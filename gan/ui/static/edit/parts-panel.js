// Parts of pictures: those of what is found are coloured, also while a slider moves, and a visitor may teach others by
// painting a few samples.
(() => {
  const lab = window.latentLab;
  const COLOURS = ["#c9c4b8", "#e8a765", "#5a3d2b", "#1f2124", "#2f74d0", "#d6304f", "#8a5a2b", "#6b3fa0", "#2e9e78"];
  const NAMES = ["background", "part 1", "part 2"]; // to begin with
  const MOST = 8; // parts of one's own
  const SAMPLES = 6; // to paint
  const SHOWN = 8; // coloured pictures beside those
  const UNPAINTED = 255;
  /** @type {Record<string, [number, number]>} */
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /** @type {(i: number) => number[]} */
  const rgb = (i) => [1, 3, 5].map((at) => Number.parseInt(COLOURS[i % COLOURS.length].slice(at, at + 2), 16));

  lab.partColours = (labels, size) => {
    const image = new ImageData(size, size);
    labels.forEach((part, at) => {
      if (part !== UNPAINTED) image.data.set([...rgb(part), 255], 4 * at);
    });
    return image;
  };

  lab.partsPanel = (element, server, { model, size, state, grid, sized, problem }) => {
    const find = lab.finder(element);
    const overlay = find(".ll-overlay", HTMLCanvasElement);
    const button = find("[data-parts=show]", HTMLButtonElement);
    const note = (/** @type {string} */ text) => (find(".ll-parts-note").textContent = text);
    const teach = find("[data-parts=teach]", HTMLButtonElement);
    let on = false;
    /** Of a head: its name, null for what is known; and the names of its parts. @type {{ parts: string | null, names: string[] } | null} */
    let head = null;
    /** @type {string[]} */
    let names = [];
    /** @type {{ seed: number, labels: Uint8Array, paint: HTMLCanvasElement }[]} */
    let samples = [];
    let firstSeed = 0;

    const legend = () => {
      const items = (head?.names ?? []).map((name, i) => {
        const swatch = lab.createElement("i", { "aria-hidden": "true" });
        swatch.style.setProperty("--part", COLOURS[i % COLOURS.length]);
        return lab.createElement("li", {}, swatch, name);
      });
      find(".ll-legend").replaceChildren(...items);
      find(".ll-legend").hidden = !on;
      overlay.hidden = !on;
      button.setAttribute("aria-pressed", String(on));
      button.textContent = on ? "Hide parts" : "Show parts";
    };

    const requests = new lab.LatestRequest({
      send: (/** @type {ColourPayload} */ payload) => server.colour({ ...payload, follows: true }),
      show: (reply, payload) => {
        if (payload.model !== model() || !on) return;
        if (reply.gone) return void again();
        lab.paint(overlay, lab.partColours(grey(reply)[0], reply.w));
        sized();
      },
      announce: problem,
      counted: false,
    });

    /** Labels, a byte each. @type {(reply: PackedImages) => Uint8Array[]} */
    const grey = ({ n, h, w, p }) => {
      const all = lab.unpackMask(p);
      return Array.from({ length: n }, (_, i) => all.subarray(i * h * w, (i + 1) * h * w));
    };

    /** The server has forgotten what it knew. */
    const again = async () => {
      if (head?.parts !== null) return learn();
      head = null;
      if (await know()) follow();
    };

    const follow = () => {
      const now = state();
      if (!on || !head || !now) return;
      requests.request({ model: model(), parts: head.parts, states: [lab.sentState(now)] });
    };

    /** The parts that are known, once they are there. @type {() => Promise<boolean>} */
    const know = async () => {
      if (head) return true;
      button.disabled = true;
      button.textContent = "Learning parts…";
      const reply = await lab.callWithRetry(() => server.known_parts({ model: model() }), problem);
      button.disabled = false;
      legend();
      if (reply.error !== undefined) return (problem(lab.notices.error(reply.error)), false);
      if (reply.names.length) head = { parts: null, names: reply.names };
      else {
        find(".ll-parts", HTMLDetailsElement).open = true;
        note("Nobody has said what the parts of these pictures are: paint some, then press Teach.");
        find(".ll-parts summary").focus();
      }
      return Boolean(head);
    };

    const toggle = async () => {
      if (!on && !(await know())) return;
      on = !on;
      legend();
      follow();
    };

    // ---- Painting

    const ready = () => {
      const painted = new Set(samples.flatMap(({ labels }) => [...new Set(labels)]));
      painted.delete(UNPAINTED);
      teach.disabled = painted.size < 2;
    };

    const brush = () => {
      const part = Number(find("[name=ll-part]:checked", HTMLInputElement).value);
      return { part, width: Number(find("[name=ll-part-width]", HTMLInputElement).value) };
    };

    /** @type {(sample: typeof samples[number], x: number, y: number) => void} */
    const dab = ({ labels, paint }, x, y) => {
      const { part, width } = brush();
      const side = size();
      const reach = width / 2;
      for (let row = Math.floor(y - reach); row <= y + reach; row++) {
        for (let column = Math.floor(x - reach); column <= x + reach; column++) {
          const inside = Math.hypot(column + 0.5 - x, row + 0.5 - y) <= Math.max(0.71, reach);
          if (inside && row >= 0 && column >= 0 && row < side && column < side) labels[row * side + column] = part;
        }
      }
      lab.paint(paint, lab.partColours(labels, side));
    };

    /** Let a pointer, or arrow keys and Space, paint a sample. @type {(box: HTMLElement, sample: typeof samples[number]) => void} */
    const bind = (box, sample) => {
      let [x, y] = [size() / 2, size() / 2];
      let finger = -1;
      /** @type {(event: PointerEvent) => void} */
      const paint = (event) => {
        const frame = box.getBoundingClientRect();
        const to = [event.clientX - frame.left, event.clientY - frame.top].map((at) => (at / frame.width) * size());
        const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - x, to[1] - y)));
        for (let i = 1; i <= steps; i++) dab(sample, x + ((to[0] - x) * i) / steps, y + ((to[1] - y) * i) / steps);
        [x, y] = to;
      };
      box.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || finger !== -1) return;
        event.preventDefault();
        box.setPointerCapture(event.pointerId);
        finger = event.pointerId;
        const frame = box.getBoundingClientRect();
        [x, y] = [event.clientX - frame.left, event.clientY - frame.top].map((at) => (at / frame.width) * size());
        paint(event);
      });
      box.addEventListener("pointermove", (event) => {
        if (event.pointerId === finger) paint(event);
      });
      for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
        box.addEventListener(name, (event) => {
          if (event.pointerId !== finger) return;
          finger = -1;
          ready();
        });
      }
      box.addEventListener("keydown", (event) => {
        const step = ARROWS[event.key];
        if (!step && event.key !== " ") return;
        event.preventDefault();
        if (step) [x, y] = [x + 2 * step[0], y + 2 * step[1]].map((at) => Math.min(size() - 0.5, Math.max(0.5, at)));
        else {
          dab(sample, x, y);
          ready();
        }
        note(`At ${Math.round((100 * x) / size())} % across, ${Math.round((100 * y) / size())} % down.`);
      });
    };

    const renderNames = (/** @type {number} */ chosen) => {
      const rows = names.map((name, i) => {
        const radio = lab.createElement("input", {
          type: "radio",
          name: "ll-part",
          value: i,
          "aria-label": `Paint ${name}`,
        });
        radio.checked = i === chosen;
        const text = lab.createElement("input", {
          type: "text",
          value: name,
          maxlength: 24,
          "aria-label": `Name of part ${i + 1}`,
        });
        text.addEventListener("input", () => {
          names[i] = text.value.trim() || `part ${i}`;
          radio.setAttribute("aria-label", `Paint ${names[i]}`);
        });
        const swatch = lab.createElement("i", { "aria-hidden": "true" });
        swatch.style.setProperty("--part", COLOURS[i]);
        return lab.createElement("div", { class: "ll-part-name" }, radio, swatch, text);
      });
      find(".ll-part-names").replaceChildren(...rows);
      find("[data-parts=add]", HTMLButtonElement).disabled = names.length >= MOST;
    };

    const bring = async () => {
      const own = model();
      const seeds = Array.from({ length: SAMPLES }, (_, i) => firstSeed + i);
      const images = await grid(seeds);
      if (!images || own !== model()) return;
      const side = size();
      samples = seeds.map((seed) => ({
        seed,
        labels: new Uint8Array(side * side).fill(UNPAINTED),
        paint: lab.createElement("canvas", { class: "ll-paint", width: side, height: side }),
      }));
      const boxes = samples.map((sample, i) => {
        const picture = lab.createElement("canvas");
        lab.paint(picture, images[i]);
        const label = `Sample ${i + 1}: paint with a pointer, or with arrow keys and Space`;
        const about = {
          class: "ll-sample",
          tabindex: 0,
          role: "application",
          "aria-roledescription": "painting",
          "aria-label": label,
        };
        const box = lab.createElement("div", about, picture, sample.paint);
        bind(box, sample);
        return box;
      });
      find(".ll-samples").replaceChildren(...boxes);
      find(".ll-coloured-part").hidden = true;
      ready();
    };

    const learn = async () => {
      const painted = samples
        .filter(({ labels }) => labels.some((part) => part !== UNPAINTED))
        .map(({ seed, labels }) => ({ seed, labels: lab.base64(labels) }));
      if (!painted.length) return;
      const own = model();
      teach.disabled = true;
      note("Learning…");
      const begun = performance.now();
      const asked = { model: own, names: [...names], painted };
      const reply = await lab.callWithRetry(() => server.teach(asked), problem);
      teach.disabled = false;
      if (own !== model()) return;
      if (reply.error !== undefined) return (note(""), problem(lab.notices.error(reply.error)));
      problem("");
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      note(`Learnt from ${lab.count(painted.length, "picture")} in ${seconds} s. Move a slider: the colours follow.`);
      head = { parts: reply.parts, names: asked.names };
      on = true;
      legend();
      follow();
      colourOthers();
    };

    const colourOthers = async () => {
      if (!head) return;
      const [own, { parts }] = [model(), head];
      const seeds = Array.from({ length: SHOWN }, (_, i) => firstSeed + SAMPLES + i);
      const images = await grid(seeds);
      const asked = { model: own, parts, states: seeds.map((seed) => ({ seed })), follows: false };
      const reply = await lab.callWithRetry(() => server.colour(asked), problem);
      if (own !== model() || !images || reply.error !== undefined || reply.gone) return;
      const views = grey(reply).map((labels, i) => {
        const canvas = lab.createElement("canvas", { width: size(), height: size(), "aria-hidden": "true" });
        const colours = lab.partColours(labels, size());
        const { data } = images[i];
        for (let at = 0; at < data.length; at++)
          data[at] = at % 4 === 3 ? 255 : 0.4 * data[at] + 0.6 * colours.data[at];
        lab.paint(canvas, images[i]);
        return canvas;
      });
      find(".ll-coloured").replaceChildren(...views);
      find(".ll-coloured-part").hidden = false;
    };

    /** @type {Record<string, () => unknown>} */
    const actions = {
      show: toggle,
      teach: learn,
      add: () => {
        names.push(`part ${names.length}`);
        renderNames(names.length - 1);
      },
      clear: bring,
      others: () => {
        firstSeed += SAMPLES + SHOWN;
        bring();
      },
    };
    element.addEventListener("click", (event) => actions[lab.closest(event, "[data-parts]")?.dataset.parts ?? ""]?.());
    find(".ll-parts").addEventListener("toggle", () => {
      if (find(".ll-parts", HTMLDetailsElement).open && !samples.length) bring();
    });

    return {
      follow,
      renew: () => {
        [head, on, samples, names, firstSeed] = [null, false, [], [...NAMES], 0];
        find(".ll-samples").replaceChildren();
        renderNames(0);
        legend();
        note("");
        if (find(".ll-parts", HTMLDetailsElement).open) bring();
      },
    };
  };
})();
