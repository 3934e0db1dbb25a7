// Sentences for visitors, and the two places of a tab where they appear.
(() => {
  const lab = window.latentLab;

  lab.notices = {
    busy: "The server is busy. Trying again…",
    lost: "The connection is lost. Trying again…",
    error: (text) => `Sorry: ${text}.`,
  };

  lab.notifier = (root) => {
    const find = lab.finder(root);
    return {
      problem: (text) => void (find(".ll-problem").textContent = text),
      status: (text) => void (find(".ll-status").textContent = text),
    };
  };
})();
