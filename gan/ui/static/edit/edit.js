// The Edit tab: a picture is found in what a model can make, and sliders then act on it.
(() => {
  const lab = window.latentLab;
  const FIRST = 4; // the picture that is there at first
  const PAPER = 320; // CSS pixels of a side, at most: five times what most see, and enough to draw on
  const [BLACK, WHITE] = ["#000000", "#ffffff"];
  const LINE = 1200; // ms until the place in line is told
  const AGAIN = 1500; // from then on
  const EMPTY = "Draw, take another picture, or upload one.";

  lab.edit = (element, server) => {
    const find = lab.finder(element);
    const { controls } = lab;
    const root = find(".ll-edit");
    const { models } = root.dataset;
    if (!models) return; // there are none
    root.insertAdjacentHTML("beforeend", lab.below?.edit ?? "");
    find(".ll-status").before(find(".ll-problem"));
    /** @type {Map<string, KnownEditable>} */
    const known = new Map(JSON.parse(models).map((/** @type {KnownEditable} */ one) => [one.model, one]));
    const [first] = known.keys();
    const list = find("#ll-editor", HTMLSelectElement);
    list.append(...[...known.keys()].map((name) => lab.createElement("option", { value: name }, name)));
    const { problem, status } = lab.notifier(element);
    const result = find(".ll-result", HTMLCanvasElement);
    const drawSmooth = lab.smoothView(result);
    const screen = result.parentElement ?? root;
    const named = /** @type {Control} */ (controls.find(({ kind }) => kind === "named"));
    /** @type {EditDescription | null} */
    let about = null;
    let model = first;
    /** @type {PictureState | null} */
    let state = null; // of what was found, with the sliders as they are
    let decibels = /** @type {number[]} */ ([]);
    let opening = 0;
    let turn = 0; // of searches
    let looked = ""; // the picture that was last looked for, in base64
    /** @type {number[] | null} */
    let wished = null; // values of the sliders that a link asks for

    const isGrey = () => known.get(model)?.grey ?? false;
    const applyLook = lab.followLook(root, () => known.get(model)?.smooth ?? false);
    const hint = (/** @type {string} */ text) => (find(".ll-made .ll-hint").textContent = text);
    /** Tell of an error, or that there is none any more. @type {(reply: { error?: string }) => boolean} */
    const failed = ({ error }) => {
      problem(error === undefined ? "" : lab.notices.error(error));
      return error !== undefined;
    };

    // ---- What was found, and the sliders on it

    const painter = lab.paintPictures({
      picture: (request) => server.picture(/** @type {any} */ (lab.sentState(/** @type {any} */ (request)))),
      grid: (request) => server.grid(request),
    });
    const requests = new lab.LatestRequest({
      send: (/** @type {PictureState} */ payload) => painter.picture({ ...payload, follows: true }),
      show: (reply, payload) => {
        if (payload.model !== model || !state) return;
        film.last();
        lab.paint(result, lab.decodeImages(reply)[0]);
        drawSmooth();
        find("[data-where]").textContent = reply.here === undefined ? "server" : "browser";
        sliders.offer(reply.acting ?? null);
        parts.follow();
      },
      painted: lab.latencyMeter(find(".ll-made .ll-meter")),
      announce: problem,
    });
    const ends = lab.sliderEnds(named.name, lab.SLIDER_END);
    const drawEnds = () => {
      if (state && lab.painterState(model) === "ready") ends(state, sliders.acting());
    };
    const values = () => /** @type {number[]} */ (state?.[named.name] ?? []);
    const settleSliders = () => {
      find("[data-edit=reset]", HTMLButtonElement).disabled = !values().some(Boolean);
      drawEnds();
      address.write(part());
    };
    /** @type {(next: number[]) => void} */
    const setNamed = (next) => {
      if (!state) return;
      state = { ...state, [named.name]: next };
      sliders.rows().forEach((row, i) => row.set(next[i] ?? 0));
      if (next.some(Boolean)) requests.request({ ...state });
      else {
        film.end();
        parts.follow();
      }
      settleSliders();
    };
    const sliders = lab.namedSliders(named, [find(".ll-edit-sliders"), find(".ll-edit-sliders-more")], {
      moved: (value, i) => {
        if (!state) return;
        state = { ...state, [named.name]: values().with(i, value) };
        requests.request({ ...state });
      },
      settled: settleSliders,
    });
    /** @type {(names: string[], kinds: string[]) => void} */
    const buildSliders = (names, kinds) => {
      sliders.build(names, kinds);
      find(".ll-edit-more").hidden = find(".ll-edit-sliders-more").hidden;
    };
    find(".ll-edit-more").addEventListener("toggle", drawEnds);

    /** Let the browser draw as soon as it can. @type {() => Promise<void>} */
    const fetchWeights = async () => {
      const why = await lab.loadPainter(model, server);
      if (why) status(lab.notices.serverDoes("draws the pictures", why));
      drawEnds();
    };

    const film = lab.searchFilm(result, {
      box: find(".ll-film"),
      caption: (i) => (decibels[i] === undefined ? "" : `${lab.percentOff(decibels[i])} off`),
      shown: (last) => {
        drawSmooth();
        find(".ll-overlay").classList.toggle("ll-aside", !last); // it belongs to what was found in the end
      },
    });

    const parts = lab.partsPanel(element, server, {
      model: () => model,
      size: () => about?.size ?? 1,
      state: () => state,
      grid: async (seeds) => {
        const reply = await lab.callWithRetry(
          () => painter.grid({ model, seeds, label: null, truncation: 1 }),
          problem,
        );
        return failed(reply) || reply.error !== undefined ? null : lab.decodeImages(reply);
      },
      sized: () => sizeAll(),
      problem,
    });

    /** Take what was found: the film, and sliders at rest or as a link has them. @type {(reply: FoundReply) => Promise<void>} */
    const adopt = async (reply) => {
      if (!about) return;
      const own = turn;
      const frames = await lab.cutSheet(reply.film);
      if (own !== turn || !about) return;
      const whole = lab.foundState(model, reply, controls);
      state = { ...lab.fitState(whole, about, controls), packed: whole.packed, offsets: whole.offsets };
      decibels = reply.decibels;
      screen.classList.remove("ll-blank");
      film.show(frames);
      sliders.rows().forEach((row) => row.set(0));
      find("[data-edit=replay]", HTMLButtonElement).disabled = false;
    };

    // ---- The search

    /** What the encoder sees, while the pen moves. */
    const glances = new lab.LatestRequest({
      send: (/** @type {FindPayload} */ payload) => server.glance(payload),
      show: async (reply, payload) => {
        if (payload.model !== model || board.isBlank()) return;
        const [frame] = await lab.cutSheet(reply.film);
        if (payload.picture !== lab.base64(board.pixels()) || found === payload.picture) return;
        film.clear();
        lab.paint(result, frame);
        drawSmooth();
        screen.classList.remove("ll-blank");
        hint(`At first sight: pixels are off by about ${lab.percentOff(reply.decibels[0])}.`);
      },
      announce: problem,
      counted: false,
    });
    let found = ""; // the picture whose search is on screen, in base64

    /** Tell a visitor who waits how long the line is. @type {(own: number) => Promise<void>} */
    const tellPlace = async (own) => {
      while (own === turn) {
        const reply = await server.line({}).catch(() => null);
        if (own !== turn) return;
        const before = reply && "before" in reply ? reply.before : null;
        if (before !== null) hint(before ? `In line: ${lab.count(before, "picture")} before yours…` : "You are next…");
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    };

    /** Look for the picture on the board. */
    const search = async () => {
      const picture = lab.base64(board.pixels());
      if (picture === looked) return;
      looked = picture;
      const own = ++turn;
      hint("Searching…");
      root.classList.add("ll-searching");
      const line = setTimeout(() => tellPlace(own), LINE);
      /** @type {() => Promise<Reply<FoundReply>>} */
      const ask = async () => (own === turn ? server.find({ model, picture }) : { error: "it is another picture now" });
      const reply = await lab.callWithRetry(ask, (text) => own === turn && problem(text));
      clearTimeout(line);
      if (own !== turn) return;
      turn++; // nobody tells a place any more
      root.classList.remove("ll-searching");
      if (failed(reply) || reply.error !== undefined) {
        looked = "";
        return hint("");
      }
      found = picture;
      await adopt(reply);
      hint(reply.far || lab.nearness(reply.decibels[reply.decibels.length - 1], about?.usual ?? null));
      if (wished) setNamed(wished);
      wished = null;
      settleSliders();
      parts.follow();
      fetchWeights();
      what.follow();
    };

    // ---- The picture

    const board = lab.drawingBoard(find(".ll-paper", HTMLCanvasElement), {
      holes: find(".ll-holes", HTMLCanvasElement),
      smooth: () => lab.isSmooth(known.get(model)?.smooth ?? false),
      tool: () => ({
        hole: find("[name=ll-edit-tool]:checked", HTMLInputElement).value === "eraser",
        colour: isGrey() ? WHITE : find("[name=ll-edit-ink]", HTMLInputElement).value,
        width: Number(find("[name=ll-edit-width]", HTMLInputElement).value),
        mirror: false,
      }),
      drawn: () => {
        if (!about || board.isBlank()) return;
        const picture = lab.base64(board.pixels());
        if (picture !== looked) glances.request({ model, picture });
      },
      settled: () => {
        if (!about) return;
        for (const [name, can] of Object.entries(board.can())) {
          find(`[data-edit=${name}]`, HTMLButtonElement).disabled = !can;
        }
        if (board.isBlank()) {
          forget();
          what.follow();
        } else search();
        restoring.follow();
        find("[data-edit=fill]", HTMLButtonElement).disabled = board.isBlank() || !board.hasHoles();
        address.write(part());
      },
    });

    /** The lower half, as one wide stroke of the eraser. @type {Stroke} */
    const LOWER = {
      hole: true,
      colour: "#888888",
      width: 96,
      mirror: false,
      points: [
        [0, 3072, 128],
        [4095, 3072, 128],
      ],
    };
    const restoring = lab.restorePanel(find(".ll-restore"), server, {
      request: (task) =>
        about && !board.isBlank()
          ? {
              model,
              picture: lab.base64(board.pixels()),
              task,
              mask: task === "hole" ? lab.base64(board.mask()) : null,
            }
          : null,
      image: () => (about && !board.isBlank() ? lab.imageOf(board.pixels(), about.size) : null),
      holes: () => board.hasHoles(),
      half: () => board.change({ strokes: [...board.page().strokes, LOWER] }),
      take: (picture) => {
        find(".ll-source").textContent = "An answer that the model has given.";
        board.change({ base: { picture, smooth: false }, strokes: [] });
      },
      problem,
    });

    const what = lab.whatPanel(find(".ll-what"), server, {
      request: () => (about && !board.isBlank() ? { model, picture: lab.base64(board.pixels()) } : null),
      image: () => (about ? lab.imageOf(board.pixels(), about.size) : null),
      problem,
    });

    /** Nothing is on the board, so nothing is found. */
    const forget = () => {
      turn++;
      [state, decibels, looked, found] = [null, [], "", ""];
      film.clear();
      screen.classList.add("ll-blank");
      root.classList.remove("ll-searching");
      lab.context(result).clearRect(0, 0, result.width, result.height);
      for (const name of ["replay", "reset"]) find(`[data-edit=${name}]`, HTMLButtonElement).disabled = true;
      find(".ll-source").textContent = "";
      hint(EMPTY);
    };

    /** @returns {AddressPart} */
    const part = () => {
      const { base, strokes } = board.page();
      const [holes, ink] = [true, false].map((hole) => strokes.filter((one) => Boolean(one.hole) === hole));
      return {
        model,
        sample: base?.row === undefined ? (base || strokes.length ? "" : "none") : String(base.row),
        ink: lab.encodeStrokes(ink) ?? "",
        holes: lab.encodeStrokes(holes) ?? "",
        n: lab.codecs.named.format(values(), named),
      };
    };

    /** @type {(row: number) => Promise<DrawingBase | null>} */
    const fetchExample = async (row) => {
      const own = model;
      const reply = await lab.callWithRetry(() => server.example({ model: own, row }), problem);
      if (own !== model || failed(reply) || reply.error !== undefined) return null;
      const picture = lab.createElement("canvas");
      lab.paint(picture, lab.decodeImages(reply)[0]);
      const kind = about?.kind ?? "";
      find(".ll-source").textContent =
        `${kind[0].toUpperCase()}${kind.slice(1)}${reply.named ? `: ${reply.named}` : ""}.`;
      return { picture, smooth: false, row };
    };

    const random = async () => {
      if (!about) return;
      const base = await fetchExample(lab.randomSeed() % about.count);
      if (base) board.change({ base, strokes: [] });
    };

    /** Dark on light, as on paper, where the model knows light on dark. @type {(canvas: HTMLCanvasElement) => boolean} */
    const isInverted = (canvas) => {
      const context = lab.context(canvas, { willReadFrequently: true });
      const far = canvas.width - 1;
      const corners = [0, far].flatMap((x) => [0, far].map((y) => context.getImageData(x, y, 1, 1).data[1]));
      return corners.reduce((sum, value) => sum + value, 0) > 4 * 128;
    };
    const own = lab.ownPictures(element, {
      background: WHITE,
      take: (picture) => {
        const turned = isGrey() && isInverted(picture);
        if (turned) {
          const context = lab.context(picture);
          context.globalCompositeOperation = "difference";
          context.fillStyle = WHITE;
          context.fillRect(0, 0, picture.width, picture.height);
        }
        find(".ll-source").textContent = "A picture of your own, which stays in your browser.";
        status(
          `Your picture is cropped to a square of ${about?.size} pixels a side${turned ? ", and dark and light are exchanged" : ""}.`,
        );
        board.change({ base: { picture, smooth: true }, strokes: [] });
      },
      problem,
    });

    const sizeAll = () => {
      const size = known.get(model)?.size ?? 1;
      for (const one of [".ll-paper", ".ll-holes", ".ll-result", ".ll-overlay"]) {
        lab.enlarge(find(one, HTMLCanvasElement), size, 0.5, PAPER / size);
      }
    };

    /** Show what a part of an address says. The last call wins. @type {(wanted: AddressPart, remark?: string) => Promise<void>} */
    const open = async (wanted, remark = "") => {
      const now = ++opening;
      const name = wanted.model ?? first;
      find(".ll-remark").textContent = remark;
      if (!known.has(name)) {
        const gone = `there is no model called ${name.slice(0, 40)} here that finds pictures`;
        return open({ ...wanted, model: first }, lab.instead(gone, first));
      }
      list.value = model = name;
      about = null;
      sizeAll();
      buildSliders(known.get(name)?.named ?? [], known.get(name)?.kinds ?? []);
      find("[name=ll-edit-ink]").hidden = isGrey();
      forget();
      hint("Loading the model…");
      find(".ll-paper").inert = true; // what is drawn now would be lost
      const reply = await lab.callWithRetry(() => server.describe({ model: name }), problem);
      if (now !== opening || failed(reply) || reply.error !== undefined) return;
      about = reply;
      buildSliders(about.named, about.kinds);
      restoring.build(about.tasks);
      find("[data-edit=fill]").hidden = !about.tasks.includes("hole");
      parts.renew();
      const sample = wanted.sample ?? "";
      const row = /^\d{1,9}$/.test(sample) ? Number(sample) : wanted.ink || wanted.holes ? null : FIRST;
      const base = row !== null && sample !== "none" ? await fetchExample(row % about.count) : null;
      if (now !== opening) return;
      wished = wanted.n ? lab.codecs.named.fit(lab.codecs.named.parse(wanted.n, named), about) : null;
      applyLook();
      const holes = lab.decodeStrokes(wanted.holes ?? "").map((one) => ({ ...one, hole: true }));
      const strokes = [...lab.decodeStrokes(wanted.ink ?? ""), ...holes];
      board.begin(about.size, { base, strokes }, isGrey() ? BLACK : WHITE);
      find(".ll-paper").inert = false;
      sizeAll();
      if (board.isBlank()) hint(EMPTY);
    };

    /** @type {(scale: number, suffix: string) => void} */
    const save = (scale, suffix) => lab.saveCanvas(result, scale, `${model}-edited${suffix}`, status);
    const copyLink = () => {
      const wanted = part();
      const isDrawn = Boolean(wanted.ink || wanted.holes);
      lab.copyDrawingLink(address.link(wanted), board.page(), isDrawn, status, find("[data-edit=link]"));
    };

    /** @type {Record<string, () => unknown>} */
    const actions = {
      random,
      upload: own.choose,
      undo: board.undo,
      redo: board.redo,
      clear: () => board.change({ base: null, strokes: [] }),
      fill: restoring.fill,
      replay: () => {
        setNamed(values().map(() => 0));
        film.replay();
      },
      reset: () => setNamed(values().map(() => 0)),
      link: copyLink,
      large: () => save(Math.ceil(512 / result.width), "-large"),
      native: () => save(1, ""),
    };
    element.addEventListener("click", (event) => actions[lab.closest(event, "[data-edit]")?.dataset.edit ?? ""]?.());
    lab.bindLetters(element, {
      r: () => actions.random(),
      p: () => find("[data-parts=show]").click(),
      s: () => actions.large(),
      l: () => actions.link(),
      0: () => actions.reset(),
    });
    list.addEventListener("change", () => open({ model: list.value }));
    lab.bindUndo(element, { undo: board.undo, redo: board.redo });
    new ResizeObserver(sizeAll).observe(screen);

    const address = lab.tabAddress("edit", (wanted) => void open(wanted));
    open(address.read());
  };
})();
