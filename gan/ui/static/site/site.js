// A page that has no server: the row of tabs, and in place of a server's functions those of this browser.
(() => {
  const lab = window.latentLab;
  const AGAIN = 2_000; // ms after which weights that went wrong are tried again

  /** @type {(site: SiteContents) => { server: SiteServer, translate: TranslateServer }} */
  const localServer = ({ models, translators }) => {
    /** Why a model's pictures cannot be drawn. @type {Map<string, string>} */
    const faults = new Map();
    const refuse = async () => ({ error: "this page cannot draw that picture" });
    const painter = { ...lab.paintPictures({ picture: refuse, grid: refuse }), ...lab.paintWalks({ walk: refuse }) };

    /**
     * Draw once the model's weights are here, or say why they are not.
     * @type {<Wish, T>(draw: (request: Wish) => Promise<Reply<T>>) => (request: Wish) => Promise<Reply<T>>}
     */
    const drawn = (draw) => async (request) => {
      const model = String(/** @type {any} */ (request).model);
      const waits = lab.painterState(model) !== "ready";
      const why = await lab.loadPainter(model, server, AGAIN);
      progress(model, 1);
      if (why) faults.set(model, why);
      if (lab.painterState(model) === "ready") {
        const since = performance.now();
        const reply = await draw(request);
        return waits ? { ...reply, since } : reply;
      }
      return { error: `${faults.get(model) ?? "this browser cannot draw them"}; any change tries again` };
    };

    /** @type {(model: string, share: number) => void} */
    const progress = (model, share) => {
      const line = lab.finder(document)("#ll-progress");
      const of = ((models[model] ?? translators[model])?.pack.bytes ?? 0) / 1e6;
      line.textContent =
        share < 1 ? `Fetching the weights of ${model}: ${(share * of).toFixed(1)} of ${of.toFixed(1)} MB` : "";
    };

    const locate = async (/** @type {{ model: string }} */ { model }) => ({
      found: null,
      gone: `there is no model "${model.slice(0, 80)}" on this page`,
    });

    /** @type {SiteServer["film"]} */
    const film = async ({ kind, fps, smooth, ...walk }) => {
      const reply = await server.walk(walk);
      if (reply.error !== undefined || reply.busy) return reply;
      const frames = (reply.cells ?? []).slice(0, reply.frames);
      return {
        name: `${lab.fileName(walk.model)}-seeds-${walk.seeds.join("-")}.${kind}`,
        ...(await lab.encodeFilm(kind, frames, fps, smooth)),
      };
    };

    /** @type {SiteServer} */
    const server = {
      locate,
      describe: async ({ model }) => models[model].about,
      pack: async ({ model }) => (models[model] ?? translators[model]).pack,
      picture: drawn(painter.picture),
      grid: drawn(painter.grid),
      walk: drawn(painter.walk),
      warm: async () => ({}),
      film,
      progress,
    };
    const { pack } = server;
    return { server, translate: { locate, pack, progress, ...lab.siteTranslations(translators, drawn) } };
  };

  lab.fileName = (model) => model.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 40) || "model";

  /** Show one tab; what is in it begins to work when it is shown first. @type {(site: SiteContents) => void} */
  const startTabs = (site) => {
    const { server, translate } = localServer(site);
    const begun = new Set();
    /** @type {Record<string, (element: HTMLElement) => unknown>} */
    const starts = {
      gallery: (element) => lab.gallery(element, server),
      explore: (element) => lab.explore(element, server),
      interpolate: (element) => lab.interpolate(element, server),
      translate: (element) => lab.translate(element, translate),
      train: (element) => lab.trainAlone(element, site.menus),
    };
    /** @type {(name: string) => void} */
    const show = (name) => {
      for (const other of site.tabs) {
        const panel = lab.finder(document)(`#tab-${other}`);
        panel.hidden = false; // from now on by style, as Gradio does it
        panel.style.display = other === name ? "" : "none";
        lab.tabButton(other)?.setAttribute("aria-selected", String(other === name));
      }
      if (begun.has(name)) return;
      begun.add(name);
      starts[name]?.(lab.finder(document)(`#ll-${name}`));
    };
    lab
      .finder(document)("#ll-tabs > .tab-wrapper")
      .addEventListener("click", (event) => {
        const name = lab.clickedTab(event);
        if (name) show(name);
      });
  };

  const start = () => {
    const { site } = lab;
    if (!site) return;
    const address = (/** @type {string} */ script) =>
      URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    lab.worker = address(site.workers.worker);
    lab.trainer = address(site.workers.trainer);
    document.querySelectorAll("[data-where]").forEach((where) => (where.textContent = "browser"));
    document.body.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
    lab.offerFilms(document);
    startTabs(site);
    lab.header(lab.finder(document)("#ll-header"));
  };

  document.addEventListener("DOMContentLoaded", start);
})();
