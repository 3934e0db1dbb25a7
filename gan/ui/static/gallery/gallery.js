// The Gallery tab: walls of real samples. A wall shows as many whole tiles as fit, each a whole number of pixels a pixel.
(() => {
  const lab = (window.latentLab ??= {});

  const GAP = 2; // CSS pixels between two tiles
  const MAT = 20; // and around them, at least

  const wall = (box) => {
    const tiles = [...box.children];
    const { rows, columns, size } = Object.fromEntries(Object.entries(box.dataset).map(([k, v]) => [k, Number(v)]));
    let across = columns;
    tiles.forEach((tile, i) => {
      tile.style.backgroundPosition =
        `${columns > 1 ? ((i % columns) / (columns - 1)) * 100 : 0}% ` +
        `${rows > 1 ? (Math.floor(i / columns) / (rows - 1)) * 100 : 0}%`;
    });
    const fit = () => {
      const side = size * Math.max(1, Math.round(58 / size));
      const room = box.parentElement.clientWidth - 2 * MAT + GAP;
      across = Math.max(2, Math.floor(room / (side + GAP)));
      const down = Math.min(Math.floor(tiles.length / across), Math.max(3, Math.floor(room / (side + GAP))));
      box.style.setProperty("--tile", `${side}px`);
      box.style.setProperty("--across", across);
      tiles.forEach((tile, i) => (tile.hidden = i >= across * down));
    };
    new ResizeObserver(fit).observe(box.parentElement);
    fit();

    // One tab stop a wall; arrows go from picture to picture.
    tiles.forEach((tile, i) => (tile.tabIndex = i ? -1 : 0));
    box.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
      const at = tiles.indexOf(event.target);
      const to = event.key === "Home" ? 0 : tiles[at + step] && !tiles[at + step].hidden ? at + step : -1;
      if (at < 0 || to < 0 || (!step && event.key !== "Home")) return;
      event.preventDefault();
      tiles[at].tabIndex = -1;
      tiles[to].tabIndex = 0;
      tiles[to].focus();
    });
  };

  lab.gallery = (element, server) => {
    element.querySelectorAll(".ll-wall").forEach(wall);
    element.addEventListener("click", (event) => {
      const target = event.target.closest("[data-open]");
      if (!target) return;
      lab.openExplore(lab.fresh(target.dataset.open, target.dataset.seed && Number(target.dataset.seed)));
    });
    // The first screen is up: now the server may spend its time on weights.
    requestAnimationFrame(() => setTimeout(() => server.warm({}).catch(() => {}), 50));
  };
})();
