// From tab to tab. Gradio mounts a tab when it is first shown, so what the tab is to show waits for it here.
(() => {
  const lab = window.latentLab;
  const PATIENCE = 5000; // ms that a tab's button may take to appear

  /** @type {PartialState | null} */
  let pending = null; // a state that the Explore tab has not taken yet

  lab.takePendingState = () => {
    const state = pending;
    pending = null;
    return state;
  };

  lab.showTab = (name, deadline = performance.now() + PATIENCE) => {
    const button = document.getElementById(`tab-${name}-button`);
    if (button) button.click();
    else if (performance.now() < deadline) requestAnimationFrame(() => lab.showTab(name, deadline));
  };

  lab.openExplore = (state) => {
    pending = state;
    lab.showTab("explore");
    window.dispatchEvent(new Event("latentlab:open")); // for a tab that is mounted already
    window.scrollTo({ top: 0 });
  };

  lab.followAddress = () => {
    const params = new URLSearchParams(location.search);
    if (params.has("run") || params.has("train")) lab.showTab("train");
    else if (params.has("model")) lab.showTab("explore");
  };
})();
