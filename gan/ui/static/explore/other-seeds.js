// Other seeds under the same class and truncation, as a list box of one tab stop: click one to adopt it.
(() => {
  const lab = window.latentLab;
  const COUNT = 24;

  lab.otherSeeds = (element, server, announce, adopt) => {
    const box = lab.finder(element)(".ll-others-grid");
    let seeds = Array.from({ length: COUNT }, lab.randomSeed);
    let requested = ""; // what the tiles show, to ask only when it changes
    let current = -1;
    const tiles = seeds.map((_, i) => {
      const canvas = lab.createElement("canvas");
      const attributes = { type: "button", role: "option", class: "ll-tile", "aria-label": `Seed ${seeds[i]}` };
      const button = lab.createElement("button", attributes, canvas);
      button.addEventListener("click", () => adopt(seeds[i]));
      box.append(button);
      return { button, canvas };
    });
    const grid = lab.tileGrid(box);
    const requests = new lab.LatestRequest({
      send: (/** @type {GridRequest} */ payload) => server.grid(payload),
      show: (reply, { seeds: shown }) => {
        lab.decodeImages(reply).forEach((image, i) => {
          lab.paint(tiles[i].canvas, image);
          tiles[i].button.setAttribute("aria-label", `Seed ${shown[i]}`);
          tiles[i].button.title = `Seed ${shown[i]}`;
        });
        box.classList.add("ll-ready");
      },
      announce,
      limit: 1,
      counted: false,
    });
    /** @type {OtherSeeds["reserve"]} */
    const reserve = (size) => box.style.setProperty("--tile", `${size * Math.max(1, Math.floor(66 / size))}px`);
    /** @type {OtherSeeds["follow"]} */
    const follow = ({ model, label, truncation, seed }, about) => {
      current = seed;
      tiles.forEach(({ button }, i) => button.setAttribute("aria-selected", String(seeds[i] === current)));
      if (!box.contains(document.activeElement)) grid.stopAt(tiles[seeds.indexOf(current)]?.button);
      const payload = { model, seeds, label, truncation };
      if (JSON.stringify(payload) === requested) return;
      requested = JSON.stringify(payload);
      reserve(about.size);
      requests.request(payload);
    };
    /** @type {OtherSeeds["reroll"]} */
    const reroll = (state, about) => {
      seeds = seeds.map(lab.randomSeed);
      follow(state, about);
    };
    return { reserve, follow, reroll };
  };
})();
