// Waiting for what Gradio draws a little later.
(() => {
  const lab = window.latentLab;
  const PATIENCE = 5000; // ms

  lab.whenThere = (selector, use, deadline = performance.now() + PATIENCE) => {
    const found = document.querySelector(selector);
    if (found instanceof HTMLElement) use(found);
    else if (performance.now() < deadline) requestAnimationFrame(() => lab.whenThere(selector, use, deadline));
  };
})();
