// Light or dark: the operating system's choice, until the visitor presses the button.
(() => {
  const lab = (window.latentLab ??= {});
  const KEY = "latent-lab-theme";
  const read = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden in a frame
    }
  };

  lab.header = (element) => {
    const button = element.querySelector(".ll-theme");
    const dark = () => document.body.classList.contains("dark");
    const dress = () => button.setAttribute("aria-pressed", dark());
    const obey = () => {
      const choice = read();
      if (choice && dark() !== (choice === "dark")) document.body.classList.toggle("dark", choice === "dark");
      dress();
    };
    button.addEventListener("click", () => {
      const choice = dark() ? "light" : "dark";
      try {
        localStorage.setItem(KEY, choice);
      } catch {
        // not kept, but still obeyed now
      }
      document.body.classList.toggle("dark", choice === "dark");
      dress();
    });
    new MutationObserver(obey).observe(document.body, { attributeFilter: ["class"] });
    obey();
    lab.followAddress();
  };
})();
