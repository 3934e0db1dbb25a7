// Other seeds under the same class and truncation: click one to adopt it.
(() => {
  const lab = (window.latentLab ??= {});
  const COUNT = 24;

  lab.others = (element, server, say, adopt) => {
    const box = element.querySelector(".ll-others-grid");
    let seeds = Array.from({ length: COUNT }, lab.randomSeed);
    let shown = ""; // what the tiles show, to ask only when it changes
    let current = -1;
    const tiles = seeds.map((_, i) => {
      const tile = lab.make("button", { type: "button", class: "ll-tile" }, lab.make("canvas"));
      tile.addEventListener("click", () => adopt(seeds[i]));
      return box.appendChild(tile);
    });
    const mark = () => tiles.forEach((tile, i) => tile.setAttribute("aria-pressed", seeds[i] === current));
    const live = new lab.Live({
      ask: (payload) => server.grid(payload),
      show: (reply, payload) => {
        lab.decode(reply).forEach((image, i) => {
          lab.paint(tiles[i].firstChild, image);
          tiles[i].setAttribute("aria-label", `Seed ${payload.seeds[i]}`);
          tiles[i].title = `Seed ${payload.seeds[i]}`;
        });
        box.classList.add("ll-ready");
      },
      say,
      inflight: 1,
      counted: false,
    });
    const reserve = (size) => box.style.setProperty("--tile", `${size * Math.max(1, Math.floor(66 / size))}px`);
    return {
      reserve,
      follow({ model, label, truncation, seed }, about) {
        current = seed;
        mark();
        const payload = { model, seeds, label, truncation };
        if (JSON.stringify(payload) === shown) return;
        shown = JSON.stringify(payload);
        reserve(about.size);
        live.want(payload);
      },
      reroll(state, about) {
        seeds = seeds.map(lab.randomSeed);
        this.follow(state, about);
      },
    };
  };
})();
