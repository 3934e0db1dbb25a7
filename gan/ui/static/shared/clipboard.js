// Copying a link.
(() => {
  const lab = window.latentLab;

  lab.copyLink = async (link, announce, button) => {
    const label = (button.dataset.label ??= button.textContent ?? "");
    try {
      await navigator.clipboard.writeText(link);
      announce("Link copied.");
      button.textContent = "Copied";
    } catch {
      announce("The browser refused to copy. The address bar holds the same link.");
      button.textContent = "See address bar";
    }
    setTimeout(() => (button.textContent = label), 1600);
  };
})();
