// Plays a sprite sheet: frames on a canvas, a filmstrip with the keyframes' ticks, and a range that scrubs.
(() => {
  const lab = (window.latentLab ??= {});

  /** A sheet as it arrived -> { image, size, frames, keys, columns }, decoded. */
  lab.unroll = async (reply) => {
    const image = new Image();
    image.src = reply.sheet;
    await image.decode();
    return { ...reply, image };
  };

  /** Paint cell `index` of a film onto a canvas at its native size, or into a box of it. */
  lab.cell = (film, index, canvas, box = null) => {
    const { size, columns, image } = film;
    const context = canvas.getContext("2d");
    const [x, y, w, h] = box ?? [0, 0, size, size];
    if (!box && canvas.width !== size) canvas.width = canvas.height = size;
    context.imageSmoothingEnabled = false;
    context.drawImage(image, (index % columns) * size, Math.floor(index / columns) * size, size, size, x, y, w, h);
  };

  /** The frame, perhaps a fraction, at which keyframe `k` of `keys` is reached. */
  lab.reached = (k, keys, frames, loop) => (loop ? (k * frames) / keys : (k * (frames - 1)) / (keys - 1));

  /**
   * The player inside `root`. `load(film, settings)` shows a film and keeps place; `fps(rate)` changes the speed;
   * `seek(frame)`, `toggle()`, `play()`, `pause()`; `moved(frame)` is called after every frame painted.
   * No function of it calls the server.
   */
  lab.player = (root, moved = () => {}) => {
    const $ = (selector) => root.querySelector(selector);
    const screen = $(".ll-frame");
    const scrub = $(".ll-scrub");
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    let film = null;
    let loop = true;
    let rate = 24;
    let frame = 0;
    let handle = 0; // of the animation frame due, 0 when paused

    const paint = () => {
      if (!film) return;
      lab.cell(film, frame, screen);
      scrub.value = frame;
      scrub.setAttribute("aria-valuetext", `${frame + 1} of ${film.frames}`);
      $(".ll-clock").value = `${String(frame + 1).padStart(String(film.frames).length, "\u2007")} / ${film.frames}`;
      moved(frame);
    };

    const seek = (to) => {
      if (!film) return;
      frame = ((Math.round(to) % film.frames) + film.frames) % film.frames;
      paint();
      if (handle) start(); // the clock counts from here
    };

    const start = () => {
      cancelAnimationFrame(handle);
      const from = frame;
      let origin = null;
      const tick = (now) => {
        if (!root.isConnected) return void (handle = 0);
        origin ??= now;
        const next = (from + Math.floor(((now - origin) * rate) / 1000)) % film.frames;
        if (next !== frame) {
          frame = next;
          paint();
        }
        handle = requestAnimationFrame(tick);
      };
      handle = requestAnimationFrame(tick);
    };

    const dress = () => {
      root.classList.toggle("ll-playing", handle !== 0);
      $("[data-walk=play]").setAttribute("aria-label", handle ? "Pause" : "Play");
    };
    const play = () => film && (start(), dress());
    const pause = () => {
      cancelAnimationFrame(handle);
      handle = 0;
      dress();
    };
    const toggle = () => (handle ? pause() : play());

    const reel = () => {
      if (!film) return;
      const canvas = $(".ll-reel");
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
      if (!width) return;
      canvas.width = width;
      canvas.height = height;
      const cells = Math.max(1, Math.round(width / height));
      for (let i = 0; i < cells; i++) {
        const [left, right] = [i, i + 1].map((n) => Math.round((n * width) / cells));
        lab.cell(film, Math.round(((i + 0.5) / cells) * (film.frames - 1)), canvas, [left, 0, right - left, height]);
      }
      const ticks = Array.from({ length: film.keys }, (_, k) => {
        const tick = lab.make("span", {}, String(k + 1));
        tick.style.left = `${(lab.reached(k, film.keys, film.frames, loop) / (film.frames - 1)) * 100}%`;
        return tick;
      });
      $(".ll-ticks").replaceChildren(...ticks);
    };

    const fit = () => film && (lab.size(screen, film.size), reel());

    const load = (next, settings) => {
      const first = film === null;
      const share = film && film.frames > 1 ? frame / (film.frames - 1) : 0;
      film = next;
      loop = settings.loop;
      rate = settings.fps;
      frame = Math.round(share * (film.frames - 1));
      scrub.max = film.frames - 1;
      scrub.disabled = $("[data-walk=play]").disabled = false;
      fit();
      paint();
      if (handle) start();
      else if (first && !still.matches) play();
    };

    scrub.addEventListener("input", () => {
      pause(); // the hand on the playhead stops the film
      seek(Number(scrub.value));
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
    new ResizeObserver(fit).observe($(".ll-film-screen"));

    const fps = (value) => {
      rate = value;
      if (handle) start();
    };
    return { load, seek, toggle, play, pause, fps };
  };
})();
