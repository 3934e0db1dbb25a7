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

    /** The plan as text, for an address; uploaded files are too large for one. */
    const planText = () => {
      const { files: _, ...rest } = plan.request();
      return JSON.stringify(rest);
    };
    /** @type {(id: string | null, step?: boolean) => void} */
    const followed = (id, step) => {
      address.write({ run: id ?? "", train: planText() }, step); // a reload finds the plan even when the run is gone
      if (id) begin.textContent = "Start again";
    };
    const typing = () => element.querySelector(".ll-grid :focus");
    const run = lab.trainRun(element, server, {
      ...notifier,
      followed,
      settingsChanged: () => void (typing() || plan.renderSettings()),
      pointsPlanned: () => plan.ofPoints(),
    });
    const plan = lab.trainPlan(element, server, about, {
      problem,
      recovered,
      sides: run.sides,
      change: (side, settings) => run.command("change", { side, settings }),
      rendered: run.renderLayers,
    });
    lab.trainExport(element, server, run, notifier);

    begin.addEventListener("click", async () => {
      if (plan.missing()) return problem(plan.missing());
      begin.disabled = true;
      problem("");
      const reply = await lab.callWithRetry(() => server.begin(plan.request()), problem, { repeatable: false });
      begin.disabled = false;
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      const old = run.id();
      run.follow(reply.run, { notes: (reply.notes ?? []).join(" ") });
      if (old) server.ask({ run: old, what: "forget" }).catch(() => {}); // it ends by itself where this is not heard
      if (matchMedia("(max-width: 960px)").matches) find(".ll-arena").scrollIntoView(); // below what was planned
    });
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
      if (id && id !== run.id()) run.follow(id);
    };
    const address = lab.tabAddress("train", restore);
    restore(address.read());
  };
})();
