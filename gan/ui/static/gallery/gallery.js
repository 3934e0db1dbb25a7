// The Gallery tab: walls of samples. A wall shows as many whole tiles as fit, each a whole number of pixels a pixel.
(() => {
  const lab = window.latentLab;

  const GAP = 2; // CSS pixels between two tiles
  const MARGIN = 20; // and around them, at least
  const SIDE = 58; // of a tile, about

  /** @type {(wall: HTMLElement) => void} */
  const buildWall = (wall) => {
    const tiles = /** @type {HTMLElement[]} */ ([...wall.children]);
    const box = wall.parentElement ?? wall;
    const [rows, columns, size] = ["rows", "columns", "size"].map((name) => Number(wall.dataset[name]));
    let across = columns;
    tiles.forEach((tile, i) => {
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

    // One tab stop a wall; arrows go from picture to picture.
    tiles.forEach((tile, i) => (tile.tabIndex = i ? -1 : 0));
    wall.addEventListener("keydown", (event) => {
      const at = tiles.findIndex((tile) => tile === event.target);
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
      const to = event.key === "Home" ? 0 : step === undefined ? -1 : at + step;
      if (at < 0 || !tiles[to] || tiles[to].hidden) return;
      event.preventDefault();
      tiles[at].tabIndex = -1;
      tiles[to].tabIndex = 0;
      tiles[to].focus();
    });
  };

  lab.gallery = (element, server) => {
    element.querySelectorAll(".ll-wall").forEach((wall) => buildWall(/** @type {HTMLElement} */ (wall)));
    element.addEventListener("click", (event) => {
      const { open: model, seed } = lab.closest(event, "[data-open]")?.dataset ?? {};
      if (model !== undefined) lab.openExplore({ model, ...(seed === undefined ? {} : { seed: Number(seed) }) });
    });
    // The first screen is up: now the server may spend its time on weights.
    requestAnimationFrame(() => setTimeout(() => server.warm({}).catch(() => {}), 50));
  };
})();
