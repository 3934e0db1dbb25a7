// From tab to tab. Each tab says what it shows, and is told when it is to show something else; the address follows.
(() => {
  const lab = window.latentLab;
  const QUIET = 200; // ms without a change before the address follows: browsers limit how often it may
  const GENERATE = ["explore", "interpolate"]; // tabs that show what generators make
  const STORE = "latent-lab-tabs"; // where a reload finds the tabs that its address does not speak of

  let shown = "gallery";
  let timer = 0;
  /** What each tab shows or, unless it is mounted, is to show. @type {Record<string, AddressPart>} */
  const parts = {};
  /** Tabs that are mounted: what they know of `parts`, and how they are told. @type {Map<string, MountedTab>} */
  const mounted = new Map();

  const restoreParts = () => {
    try {
      for (const [tab, part] of Object.entries(JSON.parse(sessionStorage.getItem(STORE) ?? "{}"))) {
        if (lab.isTab(tab)) parts[tab] = lab.tabPart(tab, Object.entries(part));
      }
    } catch {
      // nothing stored, or storage is forbidden in a frame: the address still says what its own tab shows
    }
  };

  const storeParts = () => {
    try {
      sessionStorage.setItem(STORE, JSON.stringify(parts));
    } catch {
      // a reload finds the tab that is shown, and the others as they were at first
    }
  };

  /** Let a tab stand for a part. A generator chosen in one tab is chosen in all that have one. */
  const setPart = (/** @type {string} */ tab, /** @type {AddressPart} */ part) => {
    parts[tab] = lab.tabPart(tab, Object.entries(part));
    const { model } = parts[tab];
    for (const other of GENERATE) {
      if (model && GENERATE.includes(tab) && other !== tab)
        parts[other] = lab.withModel(other, parts[other] ?? {}, model);
    }
    storeParts();
  };

  const address = () => location.pathname + lab.formatAddress(shown, parts[shown] ?? {}, location.search);

  const writeAddress = () => {
    clearTimeout(timer);
    timer = 0;
    if (address() !== location.pathname + location.search) history.replaceState(history.state, "", address());
  };

  /** Tell the tab on screen what it is to show, unless it knows. */
  const restoreShown = () => {
    const tab = mounted.get(shown);
    const text = lab.formatAddress(shown, parts[shown] ?? {});
    if (!tab || tab.known === text) return;
    tab.known = text;
    tab.restore(parts[shown] ?? {});
  };

  /** The visitor goes to another tab: one more step that the browser's Back undoes. */
  const enter = (/** @type {string} */ name) => {
    if (name === shown) return;
    if (timer) writeAddress();
    shown = name;
    history.pushState(null, "", address());
    queueMicrotask(restoreShown); // once Gradio has put it on screen
    lab.keepFocus(name);
  };

  /** Put a tab on screen, unless another has been asked for by the time that there are any. */
  const press = (/** @type {string} */ name) =>
    lab.whenThere("#ll-tabs [role=tab]", () => {
      if (name === shown) lab.tabButton(name)?.click();
    });

  /** Show what the address says. */
  const arrive = () => {
    const { tab, part } = lab.parseAddress(location.search);
    clearTimeout(timer);
    timer = 0;
    if (Object.keys(part).length) setPart(tab, part);
    shown = tab;
    writeAddress();
    press(tab);
    queueMicrotask(restoreShown);
    lab.keepFocus(tab, true);
  };

  lab.tabAddress = (name, restore) => {
    const tab = { known: lab.formatAddress(name, parts[name] ?? {}), restore };
    mounted.set(name, tab);
    return {
      read: () => parts[name] ?? {},
      write: (part, step = false) => {
        if (step && timer) writeAddress();
        setPart(name, part);
        tab.known = lab.formatAddress(name, part);
        if (name !== shown) return;
        clearTimeout(timer);
        timer = step ? 0 : setTimeout(writeAddress, QUIET);
        if (step) history.pushState(null, "", address());
      },
      link: (part) => location.href.split(/[?#]/)[0] + lab.formatAddress(name, part),
    };
  };

  lab.showTab = (name) => {
    enter(name);
    press(name);
  };

  /** Let a tab show a part. @type {(tab: string, part: AddressPart) => void} */
  const openPart = (tab, part) => {
    setPart(tab, part);
    if (shown === tab) restoreShown();
    else lab.showTab(tab);
    window.scrollTo({ top: 0 });
  };

  lab.openTranslate = (model) => openPart("translate", { model });

  lab.openExplore = (state) =>
    openPart("explore", lab.formatState(lab.completeState(state, lab.controls), lab.controls));

  lab.addKeyframe = (picture) => openPart("interpolate", lab.withKeyframe(parts.interpolate ?? {}, picture));

  lab.followAddress = () => {
    restoreParts();
    document.addEventListener("click", (event) => {
      const name = lab.clickedTab(event);
      if (name) enter(name);
    });
    window.addEventListener("popstate", arrive);
    arrive();
  };
})();
