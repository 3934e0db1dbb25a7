// What moves by itself: only while it is seen, and not for visitors whose system asks for less of it.
(() => {
  const lab = window.latentLab;

  lab.reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  lab.whileSeen = (element, tick) => {
    let seen = false;
    let wanted = false;
    let handle = 0; // of the frame due, 0 when there is none
    let before = 0;
    /** @type {(now: number) => void} */
    const frame = (now) => {
      handle = 0;
      if (!element.isConnected) return;
      tick(Math.min(100, now - before) / 1000); // after a pause it goes on where it was
      before = now;
      follow();
    };
    const follow = () => {
      if (seen && wanted) {
        if (!handle) before = Math.max(before, performance.now() - 100);
        handle ||= requestAnimationFrame(frame);
      } else {
        cancelAnimationFrame(handle);
        handle = 0;
      }
    };
    new IntersectionObserver(([entry]) => {
      seen = entry.isIntersecting;
      follow();
    }).observe(element);
    return {
      run: (on) => {
        wanted = on;
        follow();
      },
    };
  };
})();
