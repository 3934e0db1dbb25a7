// Plays a film: frames on a canvas, a filmstrip below, and a range that scrubs. Nothing here calls the server.
(() => {
  const lab = window.latentLab;
  const SHARE = 0.4; // of a large window's height: what is below is part of the work

  lab.player = (root, moved) => {
    const find = lab.finder(root);
    const screen = find(".ll-frame", HTMLCanvasElement);
    const drawSmooth = lab.smoothView(screen);
    const scrub = find(".ll-scrub", HTMLInputElement);
    const playButton = find("[data-walk=play]", HTMLButtonElement);
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
    /** @type {Film | null} */
    let film = null;
    let loop = true;
    let rate = 24; // frames a second
    let frame = 0;
    let handle = 0; // of the animation frame due, 0 when paused

    const paint = () => {
      if (!film) return;
      lab.drawCell(film, frame, screen);
      drawSmooth();
      scrub.value = String(frame);
      scrub.setAttribute("aria-valuetext", `${frame + 1} of ${film.frames}`);
      const number = String(frame + 1).padStart(String(film.frames).length, "\u2007");
      find(".ll-clock", HTMLOutputElement).value = `${number} / ${film.frames}`;
      moved(frame);
    };

    /** @type {Player["seek"]} */
    const seek = (to) => {
      if (!film) return;
      frame = lab.wrapFrame(to, film.frames);
      paint();
      if (handle) start(); // the clock counts from here
    };

    const start = () => {
      cancelAnimationFrame(handle);
      const from = frame;
      /** @type {number | null} */
      let origin = null;
      /** @type {(now: number) => void} */
      const tick = (now) => {
        if (!root.isConnected || !film) return void (handle = 0);
        origin ??= now;
        const next = lab.frameAfter(from, now - origin, rate, film.frames);
        if (next !== frame) {
          frame = next;
          paint();
        }
        handle = requestAnimationFrame(tick);
      };
      handle = requestAnimationFrame(tick);
    };

    const renderButton = () => {
      root.classList.toggle("ll-playing", handle !== 0);
      playButton.setAttribute("aria-label", handle ? "Pause" : "Play");
    };
    const play = () => {
      if (!film) return;
      start();
      renderButton();
    };
    const pause = () => {
      cancelAnimationFrame(handle);
      handle = 0;
      renderButton();
    };
    const toggle = () => (handle ? pause() : play());

    const fit = () => {
      if (!film) return;
      lab.enlarge(screen, film.size, SHARE);
      lab.drawFilmstrip(find(".ll-reel", HTMLCanvasElement), find(".ll-ticks"), film, loop);
    };

    /** @type {Player["load"]} */
    const load = (next, settings) => {
      const first = film === null;
      frame = film ? lab.rescaleFrame(frame, film.frames, next.frames) : 0;
      film = next;
      loop = settings.loop;
      rate = settings.fps;
      scrub.max = String(film.frames - 1);
      scrub.disabled = playButton.disabled = false;
      fit();
      paint();
      if (handle) start();
      else if (first && !reducedMotion.matches) play();
    };

    /** @type {Player["setRate"]} */
    const setRate = (fps) => {
      rate = fps;
      if (handle) start();
    };

    scrub.addEventListener("input", () => {
      const to = Number(scrub.value);
      pause(); // the hand on the playhead stops the film
      seek(to);
    });
    screen.addEventListener("click", toggle);
    root.addEventListener("keydown", (event) => {
      if (event.target !== scrub && event.target !== screen) return;
      const step = event.target === screen ? { ArrowLeft: -1, ArrowRight: 1 }[event.key] : 0;
      if (event.key === " ") toggle();
      else if (step) (pause(), seek(frame + step));
      else return;
      event.preventDefault();
    });
    new ResizeObserver(fit).observe(find(".ll-film-screen"));

    /** @type {Player["reserve"]} */
    const reserve = (size) => {
      if (!film) lab.enlarge(screen, size, SHARE);
    };

    return { reserve, load, seek, toggle, pause, setRate, fit };
  };
})();
