// One side of a run on screen: points in the plane, or pictures or translations and what the critic makes of them.
(() => {
  const lab = window.latentLab;
  const LARGEST = 480; // CSS pixels of a canvas's side
  const STEPS = 180; // CSS pixels that the legend and the buttons for single steps take below points
  const AMPLE = 400; // and of a canvas that does not shrink further to have them on the screen
  const AROUND = 300; // CSS pixels of the window's height that the page's head, the caption and the time line take
  const NUMBERS = 250; // and that the numbers take below the stages of a duel
  const SCORES = 95; // and that the scores of judged pictures and their note take
  const NARROW = 36; // and what the note takes besides where it is narrow
  const KEY = 66; // and that the legend takes below a single stage
  const SMALLEST = 208; // and of one that a low window makes smaller
  const LEAST = 120; // and of any
  const JUDGED = 16; // pictures that the critic is shown judging, half of them real

  lab.LAYERS = {
    points: { heat: "Critic's map", real: "Real", points: "Generated", arrows: "Gradients", warp: "Noise grid" },
    pictures: { judged: "What the critic looks at" },
    translations: {
      back: "The way back",
      truth: "The truth",
      other: "The other way",
      judged: "What the critic looks at",
    },
  };
  const MADE = { pictures: "generated ones", translations: "translations" };

  lab.stage = (box, title, hidden) => {
    const screen = lab.createElement("canvas", { width: 1, height: 1, role: "img", "aria-label": `Run ${title}` });
    const judged = lab.createElement("canvas", {
      width: 1,
      height: 1,
      role: "img",
      "aria-label": "Real and generated pictures with the critic's scores",
      class: "ll-judged",
    });
    const scores = lab.createElement("div", { class: "ll-scores", "aria-hidden": "true" });
    const note = lab.createElement("p", { class: "ll-note" });
    const translated = lab.createElement("div", { class: "ll-translated" });
    const colour = box.children.length ? "--ll-second" : "--ll-accent";
    const caption = lab.createElement("figcaption", {}, title);
    box.append(lab.createElement("figure", { class: "ll-side" }, caption, screen, translated, judged, scores, note));
    /** @type {{ backdrop: NumberArrays, arrays: NumberArrays, numbers: Measurements } | null} */
    let shown = null;

    /**
     * The side of a canvas, in CSS pixels, that fits beside the other stages, and on the screen with the numbers.
     * tall: the height of all that stands on this stage, as a multiple of its side; more: and pixels besides.
     * @type {(tall: number, more: number) => number}
     */
    const fit = (tall, more) => {
      const { paddingLeft, paddingRight, columnGap } = getComputedStyle(box);
      const inner = box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      const count = box.children.length;
      const wide = Math.floor((inner - (count - 1) * parseFloat(columnGap)) / count);
      const high = Math.floor((window.innerHeight - AROUND - (count > 1 ? NUMBERS : 0) - more) / tall);
      return Math.max(LEAST, Math.min(LARGEST, wide, Math.max(high, SMALLEST)));
    };

    /** @type {(hide: boolean) => void} */
    const hideJudged = (hide) => {
      judged.hidden = scores.hidden = note.hidden = hide;
    };

    /** @type {(view: NonNullable<typeof shown>) => void} */
    const drawPoints = (view) => {
      hideJudged(true);
      const side = Math.max(fit(1, STEPS), Math.min(fit(1, 0), AMPLE));
      const ratio = window.devicePixelRatio || 1;
      const size = Math.round(side * ratio);
      if (screen.width !== size) screen.width = screen.height = size;
      screen.style.width = screen.style.height = `${side}px`;
      lab.drawPoints(screen, { ...view, hidden, ratio, colour });
      const beyond = lab.outside(view.arrays.points).reduce((sum, count) => sum + count, 0);
      screen.setAttribute("aria-label", `Run ${caption.textContent}${beyond ? `, ${beyond} points outside` : ""}`);
    };

    /** @type {(view: NonNullable<typeof shown>) => void} */
    const drawPictures = (view) => {
      const { pictures } = view.arrays;
      const side = sideOfPictures(1);
      lab.drawTiles(screen, pictures, { count: pictures.shape[0], columns: 6 });
      screen.style.width = `${side}px`;
      screen.style.height = "auto";
      drawJudged(view, "pictures", side);
    };

    /** @type {(view: NonNullable<typeof shown>) => void} */
    const drawTranslations = (view) => {
      const side = sideOfPictures(lab.translationRows({ ...view, hidden }));
      lab.drawTranslations(translated, { ...view, hidden });
      translated.style.width = `${side}px`;
      drawJudged(view, "translations", side);
    };

    /** As `fit`, with what the critic is shown judging below. @type {(tall: number) => number} */
    const sideOfPictures = (tall) => {
      if (hidden.has("judged")) return fit(tall, 0);
      return fit(tall + 0.25, SCORES + (box.children.length > 1 ? NARROW : KEY)); // two rows of eight: a quarter as high
    };

    /** @type {(view: NonNullable<typeof shown>, of: keyof typeof MADE, side: number) => void} */
    const drawJudged = ({ arrays, numbers }, of, side) => {
      hideJudged(hidden.has("judged"));
      if (hidden.has("judged")) return;
      note.textContent = `Real pictures above, ${MADE[of]} below. Red marks where the critic looks; the numbers are its scores.`;
      lab.drawTiles(judged, arrays.judged, {
        count: JUDGED,
        columns: JUDGED / 2,
        mark: lab.attentionMark(arrays.heat.data),
      });
      judged.style.width = scores.style.width = `${side}px`;
      const texts = (numbers.scores ?? []).map((/** @type {number | null} */ value) => value?.toFixed(1) ?? "–");
      scores.replaceChildren(...texts.map((/** @type {string} */ text) => lab.createElement("span", {}, text)));
    };

    const draw = () => {
      if (!shown) return;
      const { pictures, to_b: translations } = shown.arrays;
      screen.classList.toggle("ll-pixels", Boolean(pictures));
      screen.hidden = Boolean(translations);
      translated.hidden = !translations;
      if (translations) drawTranslations(shown);
      else if (pictures) drawPictures(shown);
      else drawPoints(shown);
    };
    return {
      draw,
      setTitle: (text) => void (caption.textContent = text),
      show: (backdrop, view) => {
        const numbers = { ...backdrop.numbers, ...view.numbers };
        shown = { backdrop: lab.unpackArrays(backdrop), arrays: lab.unpackArrays(view), numbers };
        draw();
      },
    };
  };
})();
