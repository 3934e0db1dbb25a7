// The keyboard's place: a tab that disappears takes the focus with it, so it goes to where it was in the next one.
(() => {
  const lab = window.latentLab;
  const PANELS = "#ll-tabs > [role=tabpanel]";

  /** The element that last had the focus in each tab. @type {Map<string, HTMLElement>} */
  const places = new Map();

  const rememberPlaces = () =>
    document.addEventListener("focusin", ({ target }) => {
      const panel = target instanceof HTMLElement ? target.closest(PANELS) : null;
      if (panel) places.set(panel.id, /** @type {HTMLElement} */ (target));
    });

  const isSeen = (/** @type {Element | null | undefined} */ element) =>
    element instanceof HTMLElement && element !== document.body && element.offsetParent !== null;

  /** Whether the focus can stay: it is on something that is seen, or on the row of tabs, unless that is to be left. */
  const canStay = (/** @type {boolean} */ leaveRow) =>
    isSeen(document.activeElement) && !(leaveRow && document.activeElement?.matches("[role=tab]"));

  lab.keepFocus = (tab, leaveRow = false) => {
    if (!places.size) return; // the keyboard has not been used, nor a button pressed
    lab.whenThere(`#tab-${tab}:not([style*="display: none"])`, ({ id }) => {
      if (canStay(leaveRow)) return;
      const place = places.get(id);
      (isSeen(place) ? place : lab.tabButton(tab))?.focus();
    });
  };

  /** A control that is disabled while it works has the focus again afterwards, unless it has gone elsewhere. */
  const returnFocus = () => {
    /** @type {EventTarget | null} */
    let latest = null;
    document.addEventListener("pointerdown", () => (latest = null), true);
    document.addEventListener("focusin", ({ target }) => (latest = target));
    new MutationObserver((records) => {
      for (const { target } of records) {
        const enabled = target instanceof HTMLButtonElement && !target.disabled && target === latest;
        if (enabled && !isSeen(document.activeElement)) target.focus({ preventScroll: true });
      }
    }).observe(document.documentElement, { attributeFilter: ["disabled"], subtree: true });
  };

  rememberPlaces();
  returnFocus();
})();
