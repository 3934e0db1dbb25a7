// What a picture can lose, and what a model brings back: before, damaged and restored, and where the truth is open,
// eight answers to choose from.
(() => {
  const lab = window.latentLab;
  const RATE = 8; // frames of the film a second
  /** @type {Record<string, { chip: string, go: string, left: string }>} */
  const TASKS = {
    hole: { chip: "Holes", go: "Fill the holes", left: "" },
    shrink: { chip: "4 times smaller", go: "Enlarge", left: "Every pixel is the mean of sixteen." },
    noise: { chip: "Noisy", go: "Remove the noise", left: "Each value is off by a quarter of the way, at random." },
    grey: { chip: "Without colours", go: "Bring the colours back", left: "Only how light each pixel is, is left." },
  };
  const NO_HOLE = "Erase something of your picture above with the Eraser, or its lower half here.";

  lab.restorePanel = (box, server, { request, image, holes, half, take, problem }) => {
    const find = lab.finder(box);
    const go = find("[data-restore=go]", HTMLButtonElement);
    const takeOne = find("[data-restore=take]", HTMLButtonElement);
    const note = (/** @type {string} */ text) => (find(".ll-restore-note").textContent = text);
    let task = "hole";
    let turn = 0;
    let timer = 0;
    /** @type {ImageData[]} */
    let answers = [];
    let chosen = 0;

    const grid = lab.tileGrid(find(".ll-answers"));

    /** @type {(name: string) => HTMLCanvasElement} */
    const canvas = (name) => find(`[data-figure=${name}] canvas`, HTMLCanvasElement);
    /** @type {(name: string, image: ImageData | null, words?: string) => void} */
    const show = (name, image, words = "") => {
      if (image) lab.paint(canvas(name), image);
      else lab.context(canvas(name)).clearRect(0, 0, canvas(name).width, canvas(name).height);
      find(`[data-figure=${name}] span`).textContent = words;
    };

    /** The picture with its holes. @type {(whole: ImageData, mask: Uint8Array) => ImageData} */
    const holed = (whole, mask) => {
      const copy = new ImageData(whole.data.slice(), whole.width);
      mask.forEach((hidden, at) => {
        if (!hidden) return;
        const shade = (at + Math.floor(at / whole.width)) % 2 ? 185 : 232;
        copy.data.set([shade, shade - 6, shade - 16], 4 * at);
      });
      return copy;
    };

    const clear = () => {
      turn++;
      clearTimeout(timer);
      answers = [];
      show("restored", null);
      show("tool", null);
      find(".ll-answers-part").hidden = takeOne.hidden = true;
    };

    /** Another picture, other holes, or another loss. */
    const follow = async () => {
      clear();
      const own = turn;
      const [whole, asked] = [image(), request(task)];
      go.textContent = TASKS[task].go;
      find("[data-restore=half]").hidden = task !== "hole";
      go.disabled = !asked || (task === "hole" && !holes());
      show("before", whole);
      show("damaged", null);
      note(task === "hole" && !holes() ? NO_HOLE : TASKS[task].left);
      if (!whole || !asked) return;
      if (task === "hole") {
        if (holes()) show("damaged", holed(whole, lab.unpackMask(asked.mask ?? "")));
        return;
      }
      const reply = await lab.callWithRetry(() => server.damage(asked), problem);
      if (own !== turn) return;
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      show("damaged", lab.decodeImages(reply)[0]);
    };

    /** @type {(i: number) => void} */
    const choose = (i) => {
      chosen = i;
      clearTimeout(timer);
      show("restored", answers[i], find(`.ll-answer:nth-child(${i + 1})`).dataset.words);
      find(".ll-answers")
        .querySelectorAll("button")
        .forEach((button, k) => button.setAttribute("aria-pressed", String(k === i)));
    };

    /** @type {(frames: ImageData[], i?: number) => void} */
    const play = (frames, i = 0) => {
      if (i === frames.length) return choose(0);
      show("restored", frames[i]);
      timer = setTimeout(() => play(frames, i + 1), 1000 / RATE);
    };

    /** @type {(name: string) => void} */
    const turnTo = (name) => {
      task = name;
      follow();
    };

    const restore = async () => {
      const asked = request(task);
      if (!asked) return;
      clear();
      const own = turn;
      go.disabled = true;
      note("Looking for what it may have been…");
      const reply = await lab.callWithRetry(
        async () => (own === turn ? server.restore(asked) : { error: "it is another picture now" }),
        (text) => own === turn && problem(text),
      );
      if (own !== turn) return;
      go.disabled = false;
      note(TASKS[task].left);
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      problem("");
      const [film, found, [tool]] = await Promise.all([reply.film, reply.answers, reply.tool].map(lab.cutSheet));
      if (own !== turn) return;
      answers = found;
      const buttons = found.map((one, i) => {
        const small = lab.createElement("canvas", { "aria-hidden": "true" });
        lab.paint(small, one);
        const words = `${lab.percentOff(reply.decibels[i])} off`;
        const label = `Answer ${i + 1}, ${words} what was there`;
        const about = { type: "button", class: "ll-answer", "aria-label": label, "aria-pressed": "false" };
        const button = lab.createElement("button", about, small);
        button.dataset.words = words;
        button.addEventListener("click", () => choose(i));
        return button;
      });
      find(".ll-answers").replaceChildren(...buttons);
      grid.stopAt();
      find(".ll-answers-part").hidden = found.length < 2;
      takeOne.hidden = false;
      show("tool", tool, `${lab.percentOff(reply.tool_decibels)} off`);
      if (lab.reducedMotion()) choose(0);
      else play(film);
    };

    go.addEventListener("click", restore);
    takeOne.addEventListener("click", () => {
      const picture = lab.createElement("canvas");
      lab.paint(picture, answers[chosen]);
      take(picture);
    });
    find("[data-restore=half]").addEventListener("click", half);
    return {
      build: (tasks) => {
        task = tasks[0];
        const entries = tasks.map((name) => /** @type {[string, string]} */ ([name, TASKS[name].chip]));
        lab.radioChips(find(".ll-chips"), "ll-restore-task", entries, task, turnTo);
      },
      follow,
      fill: () => {
        find("[value=hole]", HTMLInputElement).checked = true;
        if (task !== "hole") turnTo("hole");
        box.scrollIntoView({ block: "nearest", behavior: lab.reducedMotion() ? "auto" : "smooth" });
        void restore();
      },
    };
  };

  lab.unpackMask = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
})();
