// The Gallery tab: walls of samples. A wall shows as many whole tiles as fit, each a whole number of pixels a pixel.
(() => {
  const lab = window.latentLab;

  const GAP = 2; // CSS pixels between two tiles
  const MARGIN = 20; // and around them, at least
  const SIDE = 58; // of a tile, about
  const AT_ONCE = 64; // pictures in one request

  const NEAR = "200px"; // from the window, at which samples are fetched
  let before = Promise.resolve(); // samples come one after the other: the first wall is not to wait for all

  /** @type {(wall: HTMLElement) => Promise<void>} */
  const fetchSheet = async (wall) => {
    const image = new Image();
    image.src = String(new URL(wall.dataset.sheet ?? "", document.baseURI));
    await image.decode().catch(() => {});
    if (!wall.style.getPropertyValue("--sheet")) wall.style.setProperty("--sheet", `url("${image.src}")`);
  };

  /** Call a function once an element comes near the window. @type {(element: HTMLElement, use: () => void) => void} */
  const whenNear = (element, use) => {
    const nearby = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        nearby.disconnect();
        use();
      },
      { rootMargin: NEAR },
    );
    nearby.observe(element);
  };

  /** @type {(wall: HTMLElement) => void} */
  const fetchSheetSoon = (wall) => {
    wall.style.setProperty("--columns", wall.dataset.columns ?? "1");
    whenNear(wall, () => (before = before.then(() => fetchSheet(wall))));
  };

  /** Let a tile stand for a seed of a model. @type {(tile: HTMLElement, model: string, seed: number) => void} */
  const setSeed = (tile, model, seed) => {
    Object.assign(tile.dataset, { open: model, seed: String(seed) });
    tile.title = `seed ${seed}`;
    tile.setAttribute("aria-label", `${model}, seed ${seed}: open in Explore`);
  };

  /** @type {(wall: HTMLElement) => void} */
  const buildWall = (wall) => {
    const box = wall.parentElement ?? wall;
    const [rows, columns, size] = ["rows", "columns", "size"].map((name) => Number(wall.dataset[name]));
    const tiles = Array.from({ length: rows * columns }, () => lab.createElement("button", { type: "button" }));
    wall.replaceChildren(...tiles);
    let across = columns;
    tiles.forEach((tile, i) => {
      setSeed(tile, wall.dataset.model ?? "", i);
      tile.style.backgroundPosition =
        `${columns > 1 ? ((i % columns) / (columns - 1)) * 100 : 0}% ` +
        `${rows > 1 ? (Math.floor(i / columns) / (rows - 1)) * 100 : 0}%`;
    });
    const fit = () => {
      if (!box.clientWidth) return; // another tab is on screen
      const side = size * Math.max(1, Math.round(SIDE / size));
      const fits = Math.floor((box.clientWidth - 2 * MARGIN + GAP) / (side + GAP));
      across = Math.max(2, fits);
      const down = Math.min(Math.floor(tiles.length / across), Math.max(3, fits));
      wall.style.setProperty("--tile", `${side}px`);
      wall.style.setProperty("--across", String(across));
      tiles.forEach((tile, i) => (tile.hidden = i >= across * down));
    };
    new ResizeObserver(fit).observe(box);
    fit();
    fetchSheetSoon(wall);

    lab.tileGrid(wall);
  };

  /**
   * Show other seeds on a wall, as many as fit.
   * @type {(wall: HTMLElement, draw: ExploreServer["grid"], announce: (text: string) => void) => Promise<void>}
   */
  const renew = async (wall, draw, announce) => {
    const { model = "", rows, columns, size } = wall.dataset;
    const tiles = /** @type {HTMLElement[]} */ ([...wall.children]);
    const shown = tiles.filter((tile) => !tile.hidden);
    const canvas = lab.createElement("canvas", {
      width: Number(columns) * Number(size),
      height: Number(rows) * Number(size),
    });
    const context = lab.context(canvas);
    /** @type {Map<HTMLElement, number>} */
    const seeds = new Map(shown.map((tile) => [tile, lab.randomSeed()]));
    for (let from = 0; from < shown.length; from += AT_ONCE) {
      const part = shown.slice(from, from + AT_ONCE);
      const request = { model, seeds: part.map((tile) => seeds.get(tile) ?? 0), label: null, truncation: 1 };
      const reply = await lab.callWithRetry(() => draw(request), announce);
      announce(reply.error === undefined ? "" : lab.notices.error(reply.error));
      if (reply.error !== undefined) return;
      lab.decodeImages(reply).forEach((image, i) => {
        const at = tiles.indexOf(part[i]);
        context.putImageData(
          image,
          (at % Number(columns)) * Number(size),
          Math.floor(at / Number(columns)) * Number(size),
        );
      });
    }
    wall.style.setProperty("--sheet", `url("${canvas.toDataURL()}")`);
    for (const [tile, seed] of seeds) setSeed(tile, model, seed);
  };

  lab.gallery = (element, server) => {
    const { grid } = lab.paintPictures(server);
    element.addEventListener("click", async (event) => {
      const button = lab.closest(event, "[data-renew]", HTMLButtonElement);
      const card = button?.closest(".ll-card");
      if (!button || !card) return;
      const find = lab.finder(card);
      const wall = find(".ll-wall");
      button.disabled = true;
      await renew(wall, grid, (text) => (find(".ll-problem").textContent = text));
      button.disabled = false;
      lab.loadPainter(wall.dataset.model ?? "", server); // the next ones are drawn here
    });
    element.querySelectorAll("[data-smooth]").forEach((part) => {
      if (part instanceof HTMLElement) lab.followLook(part, () => part.dataset.smooth === "1");
    });
    element.querySelectorAll(".ll-wall").forEach((wall) => buildWall(/** @type {HTMLElement} */ (wall)));
    element.querySelectorAll("img[data-sheet]").forEach((image) => {
      const picture = /** @type {HTMLImageElement} */ (image);
      whenNear(picture, () => (picture.src = picture.dataset.sheet ?? ""));
    });
    element.addEventListener("click", (event) => {
      const { translate } = lab.closest(event, "[data-translate]")?.dataset ?? {};
      if (translate) lab.openTranslate(translate);
      const { open: model, seed } = lab.closest(event, "[data-open]")?.dataset ?? {};
      if (model !== undefined) lab.openExplore({ model, ...(seed === undefined ? {} : { seed: Number(seed) }) });
    });
    const first = element.querySelector(".ll-hero");
    const hero = first instanceof HTMLElement ? lab.hero(first, server) : null;
    // The first screen is up: now the server may spend its time on weights.
    const warm = async () => {
      server.warm({}).catch(() => {});
      await hero?.load();
    };
    requestAnimationFrame(() => setTimeout(warm, 50));
  };
})();
