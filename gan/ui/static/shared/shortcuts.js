// Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y.
(() => {
  const lab = window.latentLab;
  const TEXT_FIELDS = "textarea, input[type=text], [contenteditable=true]"; // these have an undo of their own

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
