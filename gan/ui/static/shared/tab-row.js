// The row of tabs, which Gradio draws: which button is which tab, and arrow keys from one to the next.
(() => {
  const lab = window.latentLab;
  const BUTTONS = "#ll-tabs > .tab-wrapper :is([role=tab], .overflow-dropdown button)";
  const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

  /** A narrow window's menu has buttons without an id. @type {(button: HTMLElement) => string} */
  const nameOf = (button) =>
    button.id.match(/^tab-(.*)-button$/)?.[1] ?? (button.textContent ?? "").trim().toLowerCase();

  lab.tabButton = (name) => {
    const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(BUTTONS)]);
    return buttons.find((button) => nameOf(button) === name) ?? null;
  };

  lab.clickedTab = (event) => {
    const button = lab.closest(event, BUTTONS);
    return button && lab.isTab(nameOf(button)) ? nameOf(button) : null;
  };

  lab.tabRow = (row) => {
    const tabs = () => /** @type {HTMLElement[]} */ ([...row.querySelectorAll("[role=tab]")]);
    /** The row is one stop of the Tab key: the tab that is shown. Arrows go on; Enter shows what they have reached. */
    const setStop = (/** @type {HTMLElement | undefined} */ stop) =>
      tabs().forEach((tab) => (tab.tabIndex = tab === (stop ?? tabs()[0]) ? 0 : -1));
    const setStopToShown = () => setStop(tabs().find((tab) => tab.ariaSelected === "true"));

    row.addEventListener("keydown", (event) => {
      const all = tabs();
      const at = all.findIndex((tab) => tab === event.target);
      const step = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
      const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step && at + step;
      if (at < 0 || to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      all.at(to % all.length)?.focus();
    });
    row.addEventListener("focusin", (event) => setStop(/** @type {HTMLElement} */ (event.target)));
    row.addEventListener("focusout", setStopToShown);
    new MutationObserver(setStopToShown).observe(row, {
      subtree: true,
      childList: true,
      attributeFilter: ["aria-selected"],
    });
    setStopToShown();
  };
})();
