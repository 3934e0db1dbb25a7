// Explanations that are read when asked for, by pointer, by keyboard or by touch.
(() => {
  const lab = window.latentLab;

  lab.explainButton = (button, box) =>
    button.addEventListener("click", () => {
      const explained = box.classList.toggle("ll-explained");
      button.setAttribute("aria-pressed", String(explained));
    });
})();
