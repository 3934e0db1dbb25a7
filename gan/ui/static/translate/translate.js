// The Translate tab: a page to draw on, and what becomes of it while the pen moves.
(() => {
  const lab = window.latentLab;
  const HINT = "Draw on it, or Clear it first: the translation follows.";
  const EMPTY = "The page is empty: draw on it, or take a sample.";
  const FIRST = 6; // the example that is there at first: one of those that the shipped translators do well
  const OFFERED = 8; // colours of each thing
  const PAPER = 320; // CSS pixels of a side, at most: five times what most see, and enough to draw on
  const WHITE = "#ffffff";
  const SMOOTH = 64; // pixels from which a translator's pictures are enlarged smoothly at first

  /** @type {(side: string) => string} */
  const otherSide = (side) => (side === "b" ? "a" : "b");

  lab.translate = (element, server) => {
    const find = lab.finder(element);
    const root = find(".ll-translate");
    const { models, keys, tiles } = root.dataset;
    /** @type {Map<string, KnownTranslator>} */
    const known = new Map(JSON.parse(models ?? "[]").map((/** @type {KnownTranslator} */ one) => [one.model, one]));
    const [first] = known.keys(); // undefined where there is none yet
    const list = find("#ll-translator", HTMLSelectElement);
    const { problem, status } = lab.notifier(element);
    const [result, before, ghost] = [".ll-result", ".ll-before", ".ll-ghost"].map((one) =>
      find(one, HTMLCanvasElement),
    );
    const screen = result.parentElement ?? root;
    const wipe = find(".ll-wipe input", HTMLInputElement);
    const painter = lab.paintTranslations(server);
    /** @type {KnownTranslator | null} */
    let about = null;
    /** @type {TranslatorDescription | null} */
    let described = null;
    let to = "b";
    /** @type {number[] | null} */
    let told = null;
    let opening = 0;

    const applyLook = lab.followLook(root, () => (about?.size ?? 0) >= SMOOTH);

    /** What the pixels on the page are to become. @type {(pixels: Uint8Array<ArrayBuffer>) => TranslationRequest | null} */
    const request = (pixels) => about && { model: about.model, to, pixels, conditions: told };

    const requests = new lab.LatestRequest({
      send: (/** @type {TranslationRequest} */ payload) => painter.translate(payload),
      show: (reply, payload) => {
        if (payload.model !== about?.model) return;
        lab.paint(result, lab.decodeImages(reply)[0]);
        lab.paint(before, lab.imageOf(payload.pixels, about.size));
        screen.classList.remove("ll-blank");
        find("[data-where]").textContent = reply.here === undefined ? "server" : "browser";
        fetchWeights(payload.model);
      },
      painted: lab.latencyMeter(find(".ll-made .ll-meter")),
      announce: problem,
    });

    /** Let the browser translate as soon as it can. @type {(model: string) => Promise<void>} */
    const fetchWeights = async (model) => {
      const why = await lab.loadPainter(model, server);
      if (why) status(lab.notices.serverDoes("translates", why));
    };

    const verdicts = new lab.LatestRequest({
      send: (/** @type {TranslationRequest} */ payload) => server.judge(lab.packTranslation(payload)),
      show: (reply, payload) => {
        if (payload.model !== about?.model) return;
        const [back] = lab.decodeImages(reply);
        if (back) lab.paint(find(".ll-back canvas", HTMLCanvasElement), back);
        if (reply.score === null) return void (find("[data-verdict]").textContent = "No critic is on this page.");
        const real = reply.above === null ? "" : `Scores above ${lab.percent(reply.above)} of real ones; `;
        const points = `${Math.abs(reply.score).toFixed(1)} points ${reply.score < 0 ? "below" : "above"} what you gave`;
        find("[data-verdict]").textContent = `${real || "Scores "}${points}.`;
      },
      limit: 1,
      counted: false,
    });

    /** Translate what is on the page. */
    const draw = () => {
      if (!about || !described) return;
      walk.stop();
      const blank = board.isBlank();
      screen.classList.toggle("ll-empty", blank);
      find(".ll-made .ll-hint").textContent = blank ? EMPTY : HINT;
      const wanted = request(board.pixels());
      if (!blank && wanted) requests.request(wanted);
    };

    /** A step of the visitor's has ended. */
    const settle = () => {
      if (!about || !described) return;
      for (const [name, can] of Object.entries(board.can())) {
        find(`[data-act=${name}]`, HTMLButtonElement).disabled = !can;
      }
      const { base } = board.page();
      find(".ll-truth").hidden = !base?.truth;
      if (base?.truth) lab.paint(find(".ll-truth canvas", HTMLCanvasElement), base.truth);
      if (board.isBlank()) find("[data-verdict]").textContent = "–";
      const wanted = request(board.pixels());
      if (!board.isBlank() && wanted) verdicts.request(wanted);
      address.write(part());
    };

    /** @returns {AddressPart} */
    const part = () => {
      const { base, strokes } = board.page();
      return {
        model: about?.model ?? "",
        to: to === "b" ? "" : to,
        sample: base?.row === undefined ? (base || strokes.length ? "" : "none") : String(base.row),
        ink: lab.encodeStrokes(strokes) ?? "",
        told: lab.formatTold(told),
      };
    };

    const board = lab.drawingBoard(find(".ll-paper", HTMLCanvasElement), {
      smooth: () => lab.isSmooth((about?.size ?? 0) >= SMOOTH),
      tool: () => ({
        colour:
          find("[name=ll-tool]:checked", HTMLInputElement).value === "pen"
            ? find("[name=ll-ink]", HTMLInputElement).value
            : WHITE,
        width:
          Number(find("[name=ll-width]", HTMLInputElement).value) *
          (find("[name=ll-tool]:checked", HTMLInputElement).value === "pen" ? 1 : 4),
        mirror: find("[name=ll-mirror]", HTMLInputElement).checked,
      }),
      drawn: draw,
      settled: settle,
    });

    const colours = lab.toldChoice(find(".ll-told"), {
      moved: (next) => {
        told = next;
        draw();
      },
      settled: settle,
    });

    /** Take an example of the side that is translated from. @type {(row: number, colours?: boolean) => Promise<boolean>} */
    const take = async (row, colours = true) => {
      const turn = opening;
      const found = await fetchExample(row);
      if (!found || turn !== opening) return false;
      if (colours && found.told && to === "b") setTold(found.told);
      board.change({ base: found.base, strokes: [] });
      return true;
    };

    /** @type {(next: number[]) => void} */
    const setTold = (next) => {
      told = next;
      colours.show(next);
    };

    /** @type {(row: number) => Promise<{ base: DrawingBase, told: number[] | null } | null>} */
    const fetchExample = async (row) => {
      if (!about) return null;
      const reply = await lab.callWithRetry(() => server.example({ model: String(about?.model), to, row }), problem);
      problem(reply.error === undefined ? "" : lab.notices.error(reply.error));
      if (reply.error !== undefined) return null;
      const [shown, truth] = lab.decodeImages(reply);
      const picture = lab.createElement("canvas");
      lab.paint(picture, shown);
      return { base: { picture, smooth: false, row, truth }, told: reply.told };
    };

    const own = lab.ownPictures(element, {
      background: WHITE,
      take: (picture) => {
        board.change({ base: { picture, smooth: true }, strokes: [] });
        status(`Your picture is cropped to a square of ${about?.size} pixels a side.`);
      },
      problem,
    });

    const many = lab.manyTranslations(find(".ll-many-grid"), server, {
      most: Number(tiles),
      problem,
      adopt: (row) => take(row),
    });

    const walk = lab.drawingWalk(element, {
      most: Number(keys),
      kept: () => ({ page: board.page(), pixels: board.pixels(), size: about?.size ?? 1 }),
      back: (page) => board.change(page),
      frame: (pixels) => {
        const wanted = request(pixels);
        if (!wanted || !about) return;
        lab.paint(ghost, lab.imageOf(pixels, about.size));
        requests.request(wanted);
      },
      shown: (on) => {
        ghost.hidden = !on;
        if (!on) draw();
      },
    });

    const showDirections = () => {
      if (!about || !described) return;
      const { names } = described;
      const ways = about.sides.map((side) => /** @type {[string, string]} */ ([side, `To ${names[side]}`]));
      find(".ll-direction").hidden = ways.length < 2;
      find("[data-act=swap]").hidden = ways.length < 2;
      lab.radioChips(find(".ll-direction .ll-chips"), "ll-to", ways, to, (side) => turnTo(side));
      find(".ll-back").hidden = ways.length < 2;
      find(".ll-told").hidden = !about.conditions.length || to !== "b";
      find("[data-act=sample]").hidden = find(".ll-many").hidden = !count();
      if (count()) many.follow(about, to);
    };

    /** How many examples there are of the side that is translated from. */
    const count = () => described?.examples[otherSide(to)] ?? 0;

    /** Go the other way; page: what to begin with, or an example. @type {(side: string, page?: DrawingPage) => Promise<void>} */
    const turnTo = async (side, page) => {
      to = side;
      showDirections();
      walk.clear();
      if (page) board.change(page);
      else if (!count() || !(await take(FIRST, false))) board.change({ base: null, strokes: [] });
    };

    const sizeAll = () => {
      if (!about) return;
      for (const canvas of [find(".ll-paper", HTMLCanvasElement), ghost, result, before]) {
        lab.enlarge(canvas, about.size, 0.5, PAPER / about.size);
      }
    };

    /** Load what a part of an address says. The last call wins. @type {(wanted: AddressPart, remark?: string) => Promise<void>} */
    const load = async (wanted, remark = "") => {
      const turn = ++opening;
      const model = wanted.model ?? first;
      if (!model) return;
      find(".ll-remark").textContent = remark;
      list.value = model;
      if (!known.has(model)) {
        const reply = await lab.callWithRetry(() => server.locate({ model }), problem);
        if (turn !== opening) return;
        if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
        if (!reply.found && !first) return void (find(".ll-remark").textContent = lab.notices.error(reply.gone));
        if (!reply.found) return load({ ...wanted, model: first }, lab.instead(reply.gone, first));
        root.hidden = false;
        element.querySelector(".ll-none")?.remove();
        known.set(model, reply.found);
        const text = lab.openedName(
          model,
          Array.from(list.options, (option) => option.text),
        );
        list.append(lab.createElement("option", { value: model }, text));
        list.value = model;
      }
      find(".ll-made .ll-hint").textContent = "Loading the translator…";
      find(".ll-paper").inert = true; // what is drawn now would be lost
      const reply = await lab.callWithRetry(() => server.describe({ model }), problem);
      if (turn !== opening) return;
      problem(reply.error === undefined ? "" : lab.notices.error(reply.error));
      if (reply.error !== undefined) return;
      about = /** @type {KnownTranslator} */ (known.get(model));
      described = reply;
      to = about.sides.includes(wanted.to) ? wanted.to : "b";
      const offered = reply.told.slice(0, OFFERED);
      colours.build(about.conditions, offered);
      told = about.conditions.length ? lab.parseTold(wanted.told ?? "", about.conditions.length) : null;
      walk.clear();
      sizeAll();
      const row = /^\d{1,9}$/.test(wanted.sample ?? "") ? Number(wanted.sample) : wanted.ink ? null : FIRST;
      const example = row !== null && count() && wanted.sample !== "none" ? await fetchExample(row % count()) : null;
      if (turn !== opening) return;
      if (about.conditions.length) setTold(told ?? example?.told ?? offered[0] ?? about.conditions.map(() => 0.5));
      showDirections();
      applyLook();
      board.begin(about.size, { base: example?.base ?? null, strokes: lab.decodeStrokes(wanted.ink ?? "") });
      find(".ll-paper").inert = false;
      sizeAll();
    };

    /** Show what a part of an address says, once all of it is there. @type {typeof load} */
    const open = async (...asked) => {
      try {
        await load(...asked);
      } finally {
        root.classList.remove("ll-loading");
        element.querySelector("[data-loading]")?.remove();
      }
    };

    /** @type {(scale: number, suffix: string) => void} */
    const save = (scale, suffix) => lab.saveCanvas(result, scale, `${about?.model}${suffix}`, status);

    /** @type {(kind: string, button: HTMLButtonElement) => Promise<void>} */
    const saveFilm = async (kind, button) => {
      if (!about) return;
      const pictures = walk.pictures().map((pixels) => lab.base64(pixels));
      const asked = { model: about.model, to, conditions: told, pictures, loop: true, kind, ...walk.timing() };
      const text = button.textContent;
      button.disabled = true;
      button.textContent = "Saving…";
      const reply = await lab.callWithRetry(() => server.film(asked), problem, { repeatable: false });
      button.disabled = false;
      button.textContent = text;
      problem(reply.error === undefined ? "" : lab.notices.error(reply.error));
      if (reply.error !== undefined) return;
      lab.saveFile(reply);
      status(`Saved ${reply.name}.`);
    };

    /** The translation becomes the picture to translate back. */
    const swap = () => {
      if (!about || board.isBlank()) return;
      const picture = lab.createElement("canvas", { width: result.width, height: result.height });
      lab.context(picture).drawImage(result, 0, 0);
      turnTo(otherSide(to), { base: { picture, smooth: false }, strokes: [] });
    };

    const copyLink = () => {
      const wanted = part();
      const isDrawn = Boolean(wanted.ink);
      lab.copyDrawingLink(address.link(wanted), board.page(), isDrawn, status, find("[data-act=link]"));
    };

    /** @type {Record<string, (button: HTMLButtonElement) => unknown>} */
    const actions = {
      undo: board.undo,
      redo: board.redo,
      clear: () => board.change({ base: null, strokes: [] }),
      sample: () => take(lab.randomSeed() % Math.max(1, count())),
      upload: own.choose,
      dice: async () => {
        const found = await fetchExample(lab.randomSeed() % Math.max(1, described?.examples.a ?? 1));
        if (!found?.told) return;
        setTold(found.told);
        draw();
        settle();
      },
      swap,
      link: copyLink,
      large: () => save(Math.ceil(512 / result.width), "-large"),
      native: () => save(1, ""),
      keep: walk.keep,
      play: walk.toggle,
      reroll: () => about && many.reroll(about, to),
    };
    element.addEventListener("click", (event) => {
      const button = lab.closest(event, "[data-act], [data-save]", HTMLButtonElement);
      if (!button) return;
      if (button.dataset.save) saveFilm(button.dataset.save, button);
      else actions[button.dataset.act ?? ""]?.(button);
    });
    wipe.addEventListener("input", () => screen.style.setProperty("--wipe", `${wipe.value}%`));
    list.addEventListener("change", () => open({ model: list.value }));
    lab.bindUndo(element, { undo: board.undo, redo: board.redo });

    new ResizeObserver(sizeAll).observe(screen);

    const address = lab.tabAddress("translate", (wanted) => void open(wanted));
    open(address.read());
  };
})();
