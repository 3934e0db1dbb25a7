// Many examples at once, each above its translation: click one to go on from it.
(() => {
  const lab = window.latentLab;
  const COUNT = 16;

  lab.manyTranslations = (box, server, { most, problem, adopt }) => {
    let rows = Array.from({ length: Math.min(COUNT, most) }, (_, i) => i);
    const tiles = rows.map((_, i) => {
      const canvases = [lab.createElement("canvas"), lab.createElement("canvas")];
      const button = lab.createElement("button", { type: "button", class: "ll-pair" }, ...canvases);
      button.addEventListener("click", () => adopt(rows[i]));
      box.append(button);
      return { button, canvases };
    });
    lab.tileGrid(box);
    const requests = new lab.LatestRequest({
      send: (/** @type {ManyRequest} */ payload) => server.grid(payload),
      show: (reply, payload) => {
        const images = lab.decodeImages(reply);
        tiles.forEach(({ button, canvases }, i) => {
          canvases.forEach((canvas, k) => lab.paint(canvas, images[i + k * tiles.length]));
          button.setAttribute("aria-label", `Sample ${payload.rows[i]} and its translation`);
        });
        box.classList.add("ll-ready");
      },
      announce: problem,
      limit: 1,
      counted: false,
    });
    /** @type {ManyTranslations["follow"]} */
    const follow = ({ model }, to) => requests.request({ model, to, rows });
    return {
      follow,
      reroll: (about, to) => {
        rows = rows.map(() => lab.randomSeed() % 100_000);
        follow(about, to);
      },
    };
  };
})();
