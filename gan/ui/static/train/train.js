// The Train tab: a plan, the run it becomes, what can be made of it, and the address of it all.
(() => {
  const lab = window.latentLab;

  lab.train = async (element, server) => {
    const find = lab.finder(element);
    const begin = find("[data-train=begin]", HTMLButtonElement);
    const notifier = lab.notifier(element);
    const { problem, status, recovered } = notifier;
    const about = await lab.callWithRetry(() => server.about({}), problem);
    if (about.error !== undefined) return problem(lab.notices.error(about.error));
    recovered();

    const local = lab.localTraining(about);
    const runs = lab.trainingAnywhere(server, local);
    const here = find("[data-train=here]", HTMLButtonElement);

    /** The plan as text, for an address; uploaded files are too large for one. */
    const planText = () => {
      const { files: _, source_files: __, ...rest } = plan.request();
      return JSON.stringify(rest);
    };
    /** @type {(id: string | null, step?: boolean) => void} */
    const followed = (id, step) => {
      const kept = id && !lab.isLocalRun(id); // a reload finds it, or the plan where it is gone
      address.write({ run: kept ? id : "", train: planText() }, step);
      if (id) begin.textContent = "Start again";
    };
    /** Offer to train in this browser, for a reason; "" takes the offer back. @type {(reason: string) => void} */
    const offer = (reason) => {
      const told = local && local !== server && plan.kind() === "points" ? reason : "";
      find("[data-at=offer]").textContent = told;
      find(".ll-offer").hidden = !told;
    };
    const typing = () => element.querySelector(".ll-grid :focus");
    const run = lab.trainRun(element, runs, {
      ...notifier,
      followed,
      serverless: local === server,
      queued: (place) => offer(place ? "Or it can train in this browser now, by your own processor." : ""),
      settingsChanged: () => void (typing() || plan.renderSettings()),
      planned: () => plan.kind(),
      heldOut: (dataset) => Object.hasOwn(about.data.translations, dataset ?? plan.request().dataset),
      lesson: () => plan.lesson(),
    });
    const plan = lab.trainPlan(element, runs, about, {
      problem,
      recovered,
      sides: run.sides,
      change: (side, settings) => run.command("change", { side, settings }),
      rendered: () => {
        run.renderLayers();
        if (!run.id()) run.render();
      },
    });
    lab.trainExport(element, runs, run, notifier);

    /** Begin the run that is planned, on the server or here. @type {(where: TrainServer) => Promise<void>} */
    const start = async (where) => {
      if (plan.missing()) return problem(plan.missing());
      begin.disabled = here.disabled = true;
      problem("");
      const request = plan.request();
      const reply = await lab.callWithRetry(() => where.begin(request), problem, { repeatable: false });
      begin.disabled = here.disabled = false;
      if (reply.error !== undefined) {
        problem(lab.notices.error(reply.error));
        const refused = where === local || (await local?.check(request))?.error !== undefined;
        return offer(refused ? "" : "It can train in this browser, by your own processor.");
      }
      const old = run.id();
      run.follow(reply.run, { notes: (reply.notes ?? []).map(lab.notices.sentence).join(" "), lesson: plan.lesson() });
      if (old) runs.ask({ run: old, what: "forget" }).catch(() => {}); // it ends by itself where this is not heard
      const arena = find(".ll-arena");
      const below = matchMedia("(max-width: 960px)").matches; // what was planned
      if (below || arena.getBoundingClientRect().top < 0) arena.scrollIntoView();
    };
    begin.addEventListener("click", () => start(server));
    here.addEventListener("click", () => local && start(local));
    const linkButton = find("[data-train=link]");
    linkButton.addEventListener("click", () =>
      lab.copyLink(address.link({ train: planText() }), status, linkButton, "Link copied. It starts the same run."),
    );

    /** Find a run again, or a plan to repeat. The server checks what they say. @type {(part: AddressPart) => void} */
    const restore = ({ run: id, train: text }) => {
      plan.load(text ?? null);
      plan.render();
      run.render();
      begin.disabled = false;
      if (id && id !== run.id()) run.follow(id, { lesson: plan.lesson() });
    };
    const address = lab.tabAddress("train", restore);
    restore(address.read());
  };
})();
