// What comes with the page itself. Light or dark: the system's choice, until the visitor presses the button.
(() => {
  const lab = window.latentLab;
  const KEY = "latent-lab-theme";

  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden in a frame
    }
  };
  /** @type {(choice: string) => void} */
  const store = (choice) => {
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // forgotten when the page is left, but it applies now
    }
  };

  /** Until Gradio says what the system's choice is. */
  const guess = () => {
    const dark = stored() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    document.body.classList.toggle("dark", dark === "dark");
  };

  const LONGEST = 5000; // ms after the header that what was seen before it stays, at most

  /** Uncover what has been built, once the tabs are there too. */
  const uncover = () => {
    const remove = () => document.getElementById("ll-early")?.remove();
    lab.whenThere("#ll-tabs > [role=tabpanel]", remove);
    setTimeout(remove, LONGEST);
  };

  lab.header = (element) => {
    uncover();
    const button = lab.finder(element)(".ll-theme");
    const isDark = () => document.body.classList.contains("dark");
    const render = () => button.setAttribute("aria-pressed", String(isDark()));
    const applyStored = () => {
      const choice = stored();
      if (choice && isDark() !== (choice === "dark")) document.body.classList.toggle("dark", choice === "dark");
      render();
    };
    button.addEventListener("click", () => {
      const choice = isDark() ? "light" : "dark";
      store(choice);
      document.body.classList.toggle("dark", choice === "dark");
      render();
    });
    new MutationObserver(applyStored).observe(document.body, { attributeFilter: ["class"] });
    applyStored();
    lab.followAddress();
    lab.guardSliders();
    lab.whenThere("#ll-tabs [role=tablist]", lab.tabRow);
  };

  if (document.getElementById("ll-early")) guess();
})();
