// What a picture is, as four see it: a classifier, the pictures that training saw, the critic's last map, and the judge.
(() => {
  const lab = window.latentLab;
  const [REAL, DAMAGED] = [
    [47, 116, 208],
    [214, 48, 79],
  ];
  const AGAIN = 6000; // ms until it looks among more training pictures
  const SAME = 60; // dB from which two pictures are one
  const SURE = 0.25; // beyond which the judge says something; real ones are about 1, others about -1

  /** Evidence in [-1, 1] as colours, the stronger the more opaque. @type {(rows: number[][]) => ImageData} */
  const heat = (rows) => {
    const image = new ImageData(rows.length, rows.length);
    rows
      .flat()
      .forEach((value, at) => image.data.set([...(value > 0 ? REAL : DAMAGED), 190 * Math.abs(value)], 4 * at));
    return image;
  };

  /** @type {(value: number, yes: string, no: string, figure?: number) => string} */
  const verdict = (value, yes, no, figure) => {
    const said = value > SURE ? yes : value < -SURE ? no : "Undecided";
    return figure === undefined ? `${said}.` : `${said}; such a judge is right about ${lab.percent(figure)} of pairs.`;
  };

  lab.whatPanel = (box, server, { request, image, problem }) => {
    const find = lab.finder(box);
    const [picture, map] = [...box.querySelectorAll(".ll-evidence canvas")].map(
      (one) => /** @type {HTMLCanvasElement} */ (one),
    );
    let turn = 0;
    let timer = 0;

    /** @type {(reply: ReadReply) => Promise<void>} */
    const render = async ({ classes, by, nearest, judge, logit }) => {
      find("[data-fact=class]").hidden = !classes;
      find(".ll-verdict-name").textContent = classes?.[0][0] ?? "";
      const shares = (classes ?? []).map(([name, share]) => {
        const row = lab.createElement("li", {}, name, lab.createElement("span", {}, lab.percent(share)));
        row.style.setProperty("--share", `${100 * share}%`);
        return row;
      });
      find(".ll-shares").replaceChildren(...shares);
      find("[data-by]").textContent = by && `Says ${by}.`;
      find("[data-fact=nearest]").hidden = !nearest;
      if (nearest) {
        const own = turn;
        const images = await lab.cutSheet(nearest.pictures);
        if (own !== turn) return;
        const views = images.map((one, i) => {
          const label = `${lab.ordinal(i + 1)} nearest, ${lab.percentOff(nearest.decibels[i])} off`;
          const canvas = lab.createElement("canvas", { role: "img", "aria-label": label, title: label });
          lab.paint(canvas, one);
          return canvas;
        });
        find(".ll-nearest").replaceChildren(...views);
        const [first] = nearest.decibels;
        const told = first < SAME ? `the first is ${lab.percentOff(first)} off` : "this one is among them";
        find("[data-nearest]").textContent = `Of ${lab.whole(nearest.count)} ${nearest.kind}; ${told}.`;
      }
      find("[data-fact=evidence]").hidden = !judge;
      const whole = image();
      if (whole) lab.paint(picture, whole);
      if (judge) {
        lab.paint(map, heat(judge.evidence));
        find("[data-damage]").textContent = verdict(judge.damage, "Looks whole", "Looks damaged", judge.figures.damage);
        find("[data-made]").textContent = verdict(judge.made, "Looks real", "Looks made", judge.figures.made);
      } else
        for (const one of ["damage", "made"]) find(`[data-${one}]`).textContent = "There is no judge for this model.";
      const told = logit.made === null ? "" : `; as a judge it is right about ${lab.percent(logit.made)} of pairs`;
      find("[data-logit]").textContent =
        `${logit.value.toFixed(1)}, above ${lab.percent(logit.above)} of real pictures${told}.`;
    };

    const follow = async () => {
      clearTimeout(timer);
      const asked = request();
      const own = ++turn;
      box.classList.toggle("ll-waiting", !asked);
      if (!asked) return;
      const reply = await lab.callWithRetry(
        async () => (own === turn ? server.read(asked) : { error: "it is another picture now" }),
        (text) => own === turn && problem(text),
      );
      if (own !== turn) return;
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      await render(reply);
      if (own === turn && reply.nearest?.growing && box.offsetParent) timer = setTimeout(follow, AGAIN);
    };
    return { follow };
  };
})();
