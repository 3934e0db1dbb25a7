// Which frame of a film is which moment of a walk.
(() => {
  const lab = window.latentLab;

  lab.keyframePosition = (k, keys, frames, loop) => (loop ? (k * frames) / keys : (k * (frames - 1)) / (keys - 1));

  lab.keyframeNear = (frame, keys, frames, loop) =>
    Array.from({ length: keys }, (_, k) => lab.keyframePosition(k, keys, frames, loop)).findIndex(
      (position) => Math.abs(position - frame) <= 0.5,
    );

  lab.frameAfter = (frame, ms, rate, frames) => (frame + Math.floor((ms * rate) / 1000)) % frames;

  lab.wrapFrame = (frame, frames) => ((Math.round(frame) % frames) + frames) % frames;

  lab.rescaleFrame = (frame, from, to) => Math.round((from > 1 ? frame / (from - 1) : 0) * (to - 1));
})();
