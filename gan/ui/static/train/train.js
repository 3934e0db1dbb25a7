// The Train tab: a plan, the run it becomes, what is taken home, and the address of it all.
(() => {
  const lab = (window.latentLab ??= {});
  const OWN = ["run", "train"]; // the query's keys that are ours

  lab.train = async (element, server) => {
    const $ = (selector) => element.querySelector(selector);
    const begin = $("[data-train=begin]");
    const say = (text) => ($(".ll-problem").textContent = text);
    const tell = (text) => ($(".ll-said").textContent = text);
    const about = await lab.patiently(() => server.about({}), say);
    if (about.error) return say(`Sorry: ${about.error}.`);
    say("");

    const repeated = () => {
      const { files: _, ...rest } = plan.wish();
      return JSON.stringify(rest);
    };
    const address = (id) => {
      const params = new URLSearchParams(location.search);
      [...OWN, ...lab.PICTURE].forEach((key) => params.delete(key));
      if (id) params.set("run", id);
      params.set("train", repeated()); // so that a reload finds the plan too, even when the run is gone
      window.history.replaceState(window.history.state, "", `${location.pathname}?${params}`);
    };
    const followed = (id) => {
      address(id);
      if (id) begin.textContent = "Start again";
    };
    const typing = () => element.querySelector(".ll-grid :focus");
    const run = lab.trainRun(element, server, {
      say, tell, followed, moved: () => typing() || plan.settings(), plane: () => plan.plane(),
    });
    const change = (side, settings) => run.ask("change", { side, settings });
    const plan = lab.trainPlan(element, server, about, { say, sides: run.sides, change, furnished: run.layers });
    lab.trainHome(element, server, run, { say, tell });

    begin.addEventListener("click", async () => {
      if (plan.missing()) return say(plan.missing());
      begin.disabled = true;
      say("");
      if (run.id()) await server.ask({ run: run.id(), what: "forget" }).catch(() => {});
      const reply = await lab.patiently(() => server.begin(plan.wish()), say, true);
      begin.disabled = false;
      if (reply.error) return say(`Sorry: ${reply.error}.`);
      tell((reply.notes ?? []).join(" "));
      run.follow(reply.run);
    });
    $("[data-train=link]").addEventListener("click", async () => {
      const params = new URLSearchParams({ train: repeated() });
      await navigator.clipboard.writeText(`${location.origin}${location.pathname}?${params}`).then(
        () => tell("Link copied: it begins the same run."), () => say("The browser did not allow copying."));
    });

    // An address: a run to find again, or a plan to repeat. The server judges what it says.
    const params = new URLSearchParams(location.search);
    plan.repeat(params.get("train"));
    plan.furnish();
    run.dress();
    begin.disabled = false;
    if (params.get("run")) run.follow(params.get("run"));
  };
})();
