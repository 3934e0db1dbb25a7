// Smooth or pixels: how pictures are enlarged. One choice for the whole page; until it is made, each model has its own.
(() => {
  const lab = window.latentLab;
  const KEY = "latent-lab-look";
  const LOOKS = ["smooth", "pixels"];

  /** @type {string | null} */
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // storage may be forbidden in a frame
  }

  lab.isSmooth = (byDefault) => (LOOKS.includes(chosen ?? "") ? chosen === "smooth" : byDefault);

  lab.chooseLook = (look) => {
    chosen = look;
    try {
      localStorage.setItem(KEY, look);
    } catch {
      // forgotten when the page is left, but it applies now
    }
    window.dispatchEvent(new Event("latentlab:look"));
  };

  lab.followLook = (root, byDefault) => {
    const apply = () => {
      const smooth = lab.isSmooth(byDefault());
      root.classList.toggle("ll-smooth", smooth);
      root.querySelectorAll("[data-look]").forEach((radio) => {
        if (radio instanceof HTMLInputElement) radio.checked = (radio.value === "smooth") === smooth;
      });
    };
    root.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement && target.matches("[data-look]")) lab.chooseLook(target.value);
    });
    window.addEventListener("latentlab:look", apply);
    apply();
    return apply;
  };
})();
