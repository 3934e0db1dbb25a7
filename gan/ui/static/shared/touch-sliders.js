// Sliders under a finger. A browser moves a slider as soon as it is touched, before it can know that the finger is going
// to scroll the page: so nobody follows the slider until the finger has moved sideways, or has left without scrolling.
(() => {
  const lab = window.latentLab;
  const SIDEWAYS = 6; // CSS pixels

  lab.guardSliders = () => {
    /** @type {{ slider: HTMLInputElement, value: string, x: number, y: number, followed: boolean } | null} */
    let touch = null;
    /** @type {EventTarget | null} */
    let restored = null; // a slider that has its value back: the change that the browser is about to tell is none

    const follow = () => {
      if (!touch || touch.followed) return;
      touch.followed = true;
      if (touch.slider.value !== touch.value) touch.slider.dispatchEvent(new Event("input", { bubbles: true }));
    };
    /** @type {(event: Event) => void} */
    const hold = (event) => {
      if (event.isTrusted) restored = null;
      if (event.isTrusted && touch && !touch.followed && event.target === touch.slider) event.stopPropagation();
    };
    /** @type {(name: string, listen: (event: PointerEvent) => void) => void} */
    const on = (name, listen) =>
      document.addEventListener(name, (event) => listen(/** @type {PointerEvent} */ (event)), { capture: true });

    on("pointerdown", ({ target, pointerType, clientX: x, clientY: y }) => {
      const slider = target instanceof HTMLInputElement && target.type === "range" ? target : null;
      touch = pointerType === "touch" && slider ? { slider, value: slider.value, x, y, followed: false } : null;
    });
    on("pointermove", ({ clientX, clientY }) => {
      if (!touch) return;
      const [across, down] = [Math.abs(clientX - touch.x), Math.abs(clientY - touch.y)];
      if (across > SIDEWAYS && across > down) follow();
    });
    on("pointerup", () => {
      follow();
      touch = null;
    });
    on("pointercancel", () => {
      if (!touch) return;
      const { slider, value, followed } = touch;
      touch = null;
      slider.value = value;
      if (followed) slider.dispatchEvent(new Event("input", { bubbles: true }));
      else restored = slider;
    });
    document.addEventListener("input", hold, { capture: true });
    document.addEventListener(
      "change",
      (event) => {
        if (event.target === restored) event.stopPropagation();
        restored = null;
      },
      { capture: true },
    );
  };
})();
