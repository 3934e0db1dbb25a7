// The Train tab: a plan, the run it becomes, what can be made of it, and the address of it all.
(() => {
  const lab = window.latentLab;

  lab.train = async (element, server) => {
    const find = lab.finder(element);
    const begin = find("[data-train=begin]", HTMLButtonElement);
    const { problem, status } = lab.notifier(element);
    const about = await lab.callWithRetry(() => server.about({}), problem);
    if (about.error !== undefined) return problem(lab.notices.error(about.error));
    problem("");

    /** The plan as text, for an address; uploaded files are too large for one. */
    const planText = () => {
      const { files: _, ...rest } = plan.request();
      return JSON.stringify(rest);
    };
    /** @type {(id: string | null) => void} */
    const followed = (id) => {
      address.write({ run: id ?? "", train: planText() }); // a reload finds the plan even when the run is gone
      if (id) begin.textContent = "Start again";
    };
    const typing = () => element.querySelector(".ll-grid :focus");
    const run = lab.trainRun(element, server, {
      problem,
      status,
      followed,
      settingsChanged: () => void (typing() || plan.renderSettings()),
      pointsPlanned: () => plan.ofPoints(),
    });
    const plan = lab.trainPlan(element, server, about, {
      problem,
      sides: run.sides,
      change: (side, settings) => run.command("change", { side, settings }),
      rendered: run.renderLayers,
    });
    lab.trainExport(element, server, run, { problem, status });

    begin.addEventListener("click", async () => {
      if (plan.missing()) return problem(plan.missing());
      begin.disabled = true;
      problem("");
      const old = run.id();
      if (old) await server.ask({ run: old, what: "forget" }).catch(() => {});
      const reply = await lab.callWithRetry(() => server.begin(plan.request()), problem, { repeatable: false });
      begin.disabled = false;
      if (reply.error !== undefined) return problem(lab.notices.error(reply.error));
      status((reply.notes ?? []).join(" "));
      run.follow(reply.run);
    });
    find("[data-train=link]").addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(address.link({ train: planText() }));
        status("Link copied. It starts the same run.");
      } catch {
        problem("The browser did not allow copying.");
      }
    });

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
