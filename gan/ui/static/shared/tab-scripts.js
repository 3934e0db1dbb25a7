// Tabs begin here. The scripts of some come by themselves, after what the first screen needs.
(() => {
  const lab = window.latentLab;
  const TRIES = 4;
  const PAUSE = 500; // ms before the second try; then twice as long each time

  /** @type {(address: string) => Promise<void>} */
  const bring = (address) =>
    new Promise((resolve, reject) => {
      const script = lab.createElement("script", { src: address });
      script.onload = () => resolve();
      script.onerror = () => {
        script.remove();
        reject(new Error(`no script at ${address}`));
      };
      document.head.append(script);
    });

  /** @type {(address: string, tell: (text: string) => void) => Promise<boolean>} */
  const bringInTheEnd = async (address, tell) => {
    for (let tries = 1, pause = PAUSE; ; tries++, pause *= 2) {
      try {
        await bring(address);
        if (tries > 1) tell("");
        return true;
      } catch {
        tell(tries < TRIES ? lab.notices.lost : "This tab could not be loaded: please reload the page.");
        if (tries === TRIES) return false;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  };

  lab.begin = async (tab, element, server) => {
    const address = lab.tabScripts?.[tab]; // none where all scripts are one
    const problems = element.querySelector(".ll-problem"); // none in a tab that has nothing to show
    /** @type {(text: string) => void} */
    const tell = (text) => problems?.replaceChildren(text);
    if (address && !(await bringInTheEnd(address, tell))) return;
    /** @type {any} */ (lab)[tab](element, lab.calls(server));
  };
})();
