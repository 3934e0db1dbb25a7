// A picture that follows the pointer and its sliders, and drifts softly by itself until it is touched.
(() => {
  const lab = window.latentLab;
  const REACH = 2.2; // a slider's value where the pointer is at the picture's edge
  const DRIFT = 1.3; // how far it drifts to either side
  const SLOWEST = 11; // seconds of one sway of the first slider; the others sway a little faster
  const EASE = 7; // how fast it follows the pointer, 1 / seconds
  const NEAR = 0.004; // of a goal, where following ends

  lab.livingPicture = (canvas, { server, model, seed, named, swaying, axes, moved, painted }) => {
    const state = lab.completeState({ model, seed }, lab.controls);
    const held = named.map(() => 0); // what the visitor has set, to which all that moved by itself returns
    const goal = held.slice();
    let shown = goal.slice();
    let drifting = false;
    let time = 0; // seconds of drift
    const picture = lab.paintPictures(server);
    const drawSmooth = lab.smoothView(canvas);
    const requests = new lab.LatestRequest({
      send: (/** @type {PictureState} */ payload) => picture.picture({ ...payload, follows: true }),
      show: (reply) => {
        lab.paint(canvas, lab.decodeImages(reply)[0]);
        drawSmooth();
        painted();
      },
      limit: 2,
      counted: false,
    });
    const draw = () => requests.request({ ...state, named: shown.slice() });

    const motion = lab.whileSeen(canvas, (seconds) => {
      if (drifting) {
        time += seconds;
        const swell = Math.min(1, time / 3) * DRIFT;
        swaying.forEach((slider, i) => {
          goal[slider] = swell * Math.sin((2 * Math.PI * time * (1 + 0.23 * i)) / SLOWEST + i);
        });
      }
      const share = 1 - Math.exp(-EASE * seconds);
      const next = shown.map((value, i) => value + (goal[i] - value) * share);
      const still = goal.every((value, i) => Math.abs(value - next[i]) < NEAR);
      shown = still ? goal.slice() : next;
      moved(shown);
      draw();
      if (still && !drifting) motion.run(false);
    });

    /** Return to what the visitor has set. */
    const rest = () => {
      drifting = false;
      held.forEach((value, i) => (goal[i] = value));
      motion.run(true);
    };
    const touch = () => drifting && rest();
    canvas.addEventListener("pointermove", ({ clientX, clientY, pointerType }) => {
      touch();
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const [across, down] = [(2 * (clientX - left)) / width - 1, (2 * (clientY - top)) / height - 1];
      const places = pointerType === "touch" ? [across] : [across, down]; // up and down scrolls the page
      places.forEach((place, i) => {
        const axis = axes[i];
        if (axis) goal[axis.index] = REACH * axis.sign * Math.max(-1, Math.min(1, place));
      });
      motion.run(true);
    });
    for (const end of ["pointerleave", "pointercancel"]) canvas.addEventListener(end, () => drifting || rest());

    return {
      set: (i, value) => {
        touch();
        held[i] = goal[i] = shown[i] = value;
        draw();
      },
      renew: () => {
        state.seed = lab.randomSeed();
        draw();
      },
      drift: (on) => {
        if (!on) return void touch();
        drifting = true;
        motion.run(true);
      },
      get state() {
        return { model, seed: state.seed, named: shown.map((value) => Math.round(value * 20) / 20) };
      },
    };
  };
})();
