// The page's address: which keys of the query string belong to which tab. An address speaks of one tab alone.
(() => {
  const lab = window.latentLab;
  const TAB = "tab"; // the key that names it; the first tab goes without, so that the page's plain address is its own
  const FIRST = "gallery";

  /**
   * keys: those of a tab. kept: those that still mean something once another model is chosen.
   * @type {Record<string, { keys: string[], kept?: string[] }>}
   */
  const TABS = {
    gallery: { keys: [] },
    explore: { keys: ["model", ...lab.controls.map(({ query }) => query), "names"], kept: ["seed"] },
    interpolate: {
      keys: ["model", "seeds", "edits", "label", "truncation", "frames", "fps", "mode", "loop"],
      kept: ["seeds", "truncation", "frames", "fps", "mode", "loop"],
    },
    translate: { keys: ["model", "to", "sample", "ink", "told"] },
    quiz: { keys: ["model", "quiz", "beat"] },
    train: { keys: ["run", "train"] },
    publish: { keys: [] },
  };
  const OWNED = new Set([TAB, ...Object.values(TABS).flatMap(({ keys }) => keys)]);

  /** The tab of an address that names none: a picture's, or that of a run or its plan. */
  const impliedTab = (/** @type {URLSearchParams} */ params) =>
    params.has("model") ? "explore" : params.has("run") || params.has("train") ? "train" : FIRST;

  lab.isTab = (name) => Object.hasOwn(TABS, name) && (!lab.site || lab.site.tabs.includes(name));

  lab.tabPart = (tab, entries) => {
    const given = new Map(entries);
    return Object.fromEntries(TABS[tab].keys.filter((key) => given.get(key)).map((key) => [key, given.get(key) ?? ""]));
  };

  lab.parseAddress = (query) => {
    const params = new URLSearchParams(query);
    const tab = [params.get(TAB) ?? "", impliedTab(params)].find(lab.isTab) ?? FIRST;
    return { tab, part: lab.tabPart(tab, [...params].reverse()) }; // of two equal keys the first counts
  };

  lab.formatAddress = (tab, part, query = "") => {
    const params = new URLSearchParams([...new URLSearchParams(query)].filter(([key]) => !OWNED.has(key)));
    if (tab !== FIRST) params.set(TAB, tab);
    for (const [key, value] of Object.entries(lab.tabPart(tab, Object.entries(part)))) params.set(key, value);
    const text = params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text && `?${text}`;
  };

  lab.withModel = (tab, part, model) => {
    const { keys, kept = [] } = TABS[tab];
    if (!keys.includes("model") || part.model === model) return part;
    return { model, ...Object.fromEntries(Object.entries(part).filter(([key]) => kept.includes(key))) };
  };
})();
