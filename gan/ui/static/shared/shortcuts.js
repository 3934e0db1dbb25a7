// Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y; and single letters, which can be turned off: some people speak to their computer.
(() => {
  const lab = window.latentLab;
  const TEXT_FIELDS = "textarea, input[type=text], [contenteditable=true]"; // these have an undo of their own

  const FIELDS = `${TEXT_FIELDS}, input:not([type=range], [type=radio], [type=checkbox]), select, dialog`;
  const STORE = "latent-lab-letters";

  let letters = true;
  try {
    letters = localStorage.getItem(STORE) !== "off";
  } catch {
    // storage may be forbidden in a frame
  }
  lab.letterKeys = (on) => {
    if (on === undefined) return letters;
    letters = on;
    try {
      localStorage.setItem(STORE, on ? "on" : "off");
    } catch {
      // it holds as long as the page
    }
    return letters;
  };

  lab.bindLetters = (element, actions) => {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !element.offsetParent || event.defaultPrevented) return;
      if (lab.closest(event, FIELDS) || document.querySelector("dialog[open]")) return;
      const key = event.key.toLowerCase();
      if (!Object.hasOwn(actions, key) || !(letters || key === "?")) return;
      event.preventDefault();
      actions[key]();
    });
  };

  lab.bindUndo = (element, { undo, redo }) => {
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || !element.offsetParent) return;
      if (lab.closest(event, TEXT_FIELDS)) return;
      const key = event.key.toLowerCase();
      const action = key === "z" ? (event.shiftKey ? redo : undo) : key === "y" ? redo : null;
      if (!action) return;
      event.preventDefault();
      action();
    });
  };
})();
