// What a canvas shows, recorded at an even rate.
(() => {
  const lab = window.latentLab;
  const RATE = 24; // frames a second
  const MOST = 240; // frames: ten seconds
  const PIXELS = 2 ** 24; // of all frames together

  lab.recorder = (canvas, changed) => {
    /** @type {ImageData[]} */
    let frames = [];
    let seconds = 0;
    let running = false;
    const most = () => Math.min(MOST, Math.floor(PIXELS / (canvas.width * canvas.height)));

    const clock = lab.whileSeen(canvas, (passed) => {
      if (frames.length && frames[0].width !== canvas.width) return stop(); // another model's pictures
      seconds += passed;
      const image = lab.context(canvas).getImageData(0, 0, canvas.width, canvas.height);
      while (frames.length < Math.min(most(), Math.floor(seconds * RATE) + 1)) frames.push(image);
      if (frames.length >= most()) stop();
      else changed();
    });
    const stop = () => {
      running = false;
      clock.run(false);
      changed();
    };
    return {
      rate: RATE,
      get frames() {
        return frames;
      },
      get running() {
        return running;
      },
      start: () => {
        [frames, seconds, running] = [[], 0, true];
        clock.run(true);
        changed();
      },
      stop,
    };
  };
})();
