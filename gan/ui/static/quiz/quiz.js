// The Quiz tab: ten pictures, real or made, you against the judge. What a picture is comes with the answer to it.
(() => {
  const lab = window.latentLab;
  const PICTURE = 320; // CSS pixels of a side, at most
  const MARKS = { right: "✓", wrong: "✗" };

  /** @type {(number: number) => string} */
  const pictures = (number) => (number === 1 ? "one of them" : `${number} of them`);

  lab.quizResult = (model, given, link) => {
    const [you, judge] = lab.quizPoints(given);
    const squares = given.map(({ mine, real }) => (mine === real ? "🟩" : "🟥")).join("");
    return `Real or made? ${model}: I got ${you} of ${given.length}, the judge ${judge}.\n${squares}\n${link}`;
  };

  lab.quizPoints = (given) => [
    given.filter(({ mine, real }) => mine === real).length,
    given.filter(({ judge, real }) => judge === real).length,
  ];

  lab.quizSentence = (given, beat) => {
    const [you, judge] = lab.quizPoints(given);
    const both = given.filter(({ mine, judge, real }) => mine !== real && judge !== real).length;
    const sentences = [
      you > judge ? "You beat the judge." : you === judge ? "A draw with the judge." : "The judge has beaten you.",
    ];
    if (both) sentences.push(`Both of you were wrong about ${pictures(both)}.`);
    if (beat !== null) {
      const than = you > beat ? "more than" : you === beat ? "as many as" : "fewer than";
      sentences.push(`You got ${than} the ${beat} that you were sent.`);
    }
    return sentences.join(" ");
  };

  lab.quiz = (element, server) => {
    const find = lab.finder(element);
    const root = find(".ll-quiz");
    const { models } = root.dataset;
    if (!models) return; // none has a judge
    /** @type {Map<string, QuizModel>} */
    const known = new Map(JSON.parse(models).map((/** @type {QuizModel} */ one) => [one.model, one]));
    const [first] = known.keys();
    const list = find("#ll-quiz-model", HTMLSelectElement);
    const { problem, status } = lab.notifier(element);
    const stage = find(".ll-quiz-stage");
    const picture = find(".ll-quiz-picture", HTMLCanvasElement);
    const stamp = find(".ll-quiz-stamp");
    const tiles = /** @type {HTMLElement[]} */ ([...element.querySelectorAll(".ll-quiz-tiles li")]);
    const showSmoothly = lab.smoothView(picture);
    const button = (/** @type {string} */ act) => find(`[data-act=${act}]`, HTMLButtonElement);

    /** @type {QuizModel} */
    let about = /** @type {QuizModel} */ (known.get(first));
    let number = 0;
    /** @type {number | null} */
    let beat = null; // a friend's score
    /** @type {ImageData[]} */
    let images = [];
    /** @type {QuizAnswer[]} */
    let given = [];
    let asking = false; // the picture waits for an answer
    let opening = 0;

    const applyLook = lab.followLook(root, () => about.smooth);
    const part = () => ({ model: about.model, quiz: String(number), beat: beat === null ? "" : String(beat) });

    const size = () => {
      lab.enlarge(picture, about.size, 0.44, PICTURE / about.size);
      showSmoothly();
    };

    const score = () => {
      const [you, judge] = lab.quizPoints(given);
      find("[data-score=you]").textContent = String(you);
      find("[data-score=judge]").textContent = String(judge);
    };

    /** Which buttons there are: two to answer, one to go on, or those of the end. */
    const showButtons = () => {
      const done = given.length === tiles.length;
      const told = images.length > 0 && !asking;
      for (const act of ["real", "made"]) {
        button(act).hidden = told;
        button(act).disabled = !asking;
      }
      button("next").hidden = !told || done;
      button("again").hidden = button("result").hidden = !told || !done;
    };

    /** Show the picture that comes next. */
    const ask = () => {
      const at = given.length;
      const focused = stage.contains(document.activeElement) || document.activeElement === button("next");
      asking = true;
      stamp.hidden = true;
      lab.paint(picture, images[at]);
      picture.setAttribute("aria-label", `Picture ${at + 1} of ${tiles.length}`);
      stage.classList.remove("ll-blank");
      tiles.forEach((tile, i) => tile.classList.toggle("ll-current", i === at));
      size();
      showButtons();
      status(`Picture ${at + 1} of ${tiles.length}: real or made?`);
      if (focused) stage.focus({ preventScroll: true });
    };

    /** Put an answered picture into its tile. @type {(at: number) => void} */
    const fill = (at) => {
      const { mine, real, judge } = given[at];
      const inTile = lab.finder(tiles[at]);
      const canvas = lab.createElement("canvas", { "aria-hidden": "true" });
      lab.paint(canvas, images[at]);
      tiles[at].classList.add(mine === real ? "ll-right" : "ll-wrong");
      tiles[at].classList.toggle("ll-both-wrong", mine !== real && judge !== real);
      inTile(".ll-quiz-tile").replaceChildren(canvas);
      inTile(".ll-quiz-truth").textContent = real ? "Real" : "Made";
      const mark = (/** @type {boolean} */ says) => (says === real ? MARKS.right : MARKS.wrong);
      inTile(".ll-quiz-marks").textContent = `You ${mark(mine)} Judge ${mark(judge)}`;
    };

    /** @type {(answer: QuizAnswer) => void} */
    const tell = ({ mine, real, judge }) => {
      const right = mine === real;
      stamp.textContent = `${right ? MARKS.right : MARKS.wrong} ${real ? "Real" : "Made"}`;
      stamp.classList.toggle("ll-wrong", !right);
      stamp.hidden = false;
      const truth = real ? "this one is real" : "a network made this one";
      const verdict = judge === real ? "sees that too" : `takes it for ${judge ? "real" : "made"}`;
      status(`${right ? "Right" : "Wrong"}: ${truth}. The judge ${verdict}.`);
    };

    /** The ten are answered: the score, and the tiles in large. */
    const finish = () => {
      root.classList.add("ll-done");
      const [you, judge] = lab.quizPoints(given);
      find(".ll-quiz-end").hidden = false;
      stage.hidden = true;
      find(".ll-quiz-points").textContent = `You ${you}, the judge ${judge}`;
      find(".ll-quiz-sentence").textContent = lab.quizSentence(given, beat);
      const made = given.some(({ seed }) => seed !== null);
      status(`All ten are answered.${made ? " Choose one that was made to explore what is around it." : ""}`);
      tiles.forEach((tile, at) => {
        const { seed } = given[at];
        tile.classList.remove("ll-current");
        if (seed === null) return;
        const inTile = lab.finder(tile)(".ll-quiz-tile");
        const open = lab.createElement("button", { type: "button", class: "ll-quiz-open" }, ...inTile.childNodes);
        open.setAttribute("aria-label", `Picture ${at + 1}: explore it`);
        open.title = `seed ${seed}: explore it`;
        open.addEventListener("click", () => lab.openExplore({ model: about.model, seed }));
        inTile.replaceChildren(open);
      });
    };

    /** @type {(mine: boolean) => Promise<void>} */
    const answer = async (mine) => {
      if (!asking) return;
      const [turn, at] = [opening, given.length];
      asking = false;
      button("real").disabled = button("made").disabled = true;
      const reply = await lab.callWithRetry(() => server.reveal({ model: about.model, number, at }), problem);
      if (turn !== opening) return;
      problem(reply.error === undefined ? "" : lab.notices.error(reply.error));
      if (reply.error !== undefined) {
        asking = true;
        return showButtons();
      }
      const { real, judge, seed } = reply;
      given.push({ mine, real, judge, seed });
      fill(at);
      score();
      tell(given[at]);
      if (given.length === tiles.length) finish(); // whose last picture is no longer seen
      showButtons();
      button(given.length === tiles.length ? "again" : "next").focus({ preventScroll: true }); // Enter goes on
    };

    const clear = () => {
      [images, given, asking] = [[], [], false];
      root.classList.remove("ll-done");
      find(".ll-quiz-end").hidden = true;
      stage.hidden = false;
      stage.classList.add("ll-blank");
      stamp.hidden = true;
      tiles.forEach((tile, i) => {
        const inTile = lab.finder(tile);
        tile.className = "";
        inTile(".ll-quiz-tile").replaceChildren(lab.createElement("b", {}, String(i + 1)));
        for (const one of [".ll-quiz-truth", ".ll-quiz-marks"]) inTile(one).textContent = "";
      });
      score();
      showButtons();
    };

    /** @type {(tells: number | null, critic: number | null) => void} */
    const showFigures = (tells, critic) => {
      const beside = critic === null ? "" : `, the critic by itself in ${lab.percent(critic)}`;
      find("[data-tells]").textContent =
        tells === null
          ? "That was not measured."
          : `Of a real picture and a made one it tells which is which in ${lab.percent(tells)}${beside}. 50 % is guessing.`;
    };

    /** Show what a part of an address says. The last call wins. @type {(wanted: AddressPart, remark?: string) => Promise<void>} */
    const open = async (wanted, remark = "") => {
      const turn = ++opening;
      const model = wanted.model ?? first;
      find(".ll-remark").textContent = remark;
      if (!known.has(model)) {
        const reply = await lab.callWithRetry(() => server.locate({ model }), problem);
        if (turn !== opening) return;
        if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
        if (!reply.found) return open({ model: first }, lab.instead(reply.gone, first));
        known.set(model, reply.found);
        list.append(lab.createElement("option", { value: model }, model));
      }
      list.value = model;
      about = /** @type {QuizModel} */ (known.get(model));
      number = /^\d{1,10}$/.test(wanted.quiz ?? "") ? Number(wanted.quiz) % 2 ** 32 : lab.randomSeed();
      beat = wanted.quiz && /^(\d|10)$/.test(wanted.beat ?? "") ? Number(wanted.beat) : null;
      find(".ll-quiz-lead").textContent =
        beat === null
          ? "Ten pictures: some are real, some a network has made. Can you tell?"
          : `A friend got ${beat} of these ten right. Can you do better?`;
      clear();
      applyLook();
      size();
      status("Dealing ten pictures…");
      address.write(part());
      const reply = await lab.callWithRetry(() => server.deal({ model, number }), problem);
      if (turn !== opening) return;
      problem(reply.error === undefined ? "" : lab.notices.error(reply.error));
      if (reply.error !== undefined) return status("");
      images = lab.decodeImages(reply);
      showFigures(reply.tells, reply.critic);
      ask();
    };

    /** The link to these ten; once they are answered, with the score to beat. */
    const link = () => {
      const [you] = lab.quizPoints(given);
      return address.link({ ...part(), beat: given.length === tiles.length ? String(you) : "" });
    };

    /** @type {Record<string, () => unknown>} */
    const actions = {
      real: () => answer(true),
      made: () => answer(false),
      next: ask,
      again: () => open({ model: about.model }),
      link: () => lab.copyLink(link(), status, button("link"), "Link copied: it deals the same ten."),
      result: () =>
        lab.copyLink(
          lab.quizResult(about.model, given, link()),
          status,
          button("result"),
          "Result copied: paste it to a friend, who gets the same ten.",
        ),
    };
    element.addEventListener("click", (event) => {
      const pressed = lab.closest(event, "[data-act]", HTMLButtonElement);
      if (pressed) actions[pressed.dataset.act ?? ""]?.();
    });
    lab.bindLetters(element, { r: actions.real, m: actions.made });
    list.addEventListener("change", () => open({ model: list.value }));
    new ResizeObserver(size).observe(stage);

    const address = lab.tabAddress("quiz", (wanted) => void open(wanted));
    open(address.read());
  };
})();
