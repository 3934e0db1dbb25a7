// The film at a glance: a strip of frames, and a tick where each keyframe is reached.
(() => {
  const lab = window.latentLab;

  lab.drawFilmstrip = (canvas, ticks, film, loop) => {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
    if (!width) return;
    canvas.width = width;
    canvas.height = height;
    const cells = Math.max(1, Math.round(width / height));
    for (let i = 0; i < cells; i++) {
      const [left, right] = [i, i + 1].map((n) => Math.round((n * width) / cells));
      const frame = Math.round(((i + 0.5) / cells) * (film.frames - 1));
      lab.drawCell(film, frame, canvas, [left, 0, right - left, height]);
    }
    const marks = Array.from({ length: film.keys }, (_, k) => {
      const mark = lab.createElement("span", {}, String(k + 1));
      mark.style.left = `${(lab.keyframePosition(k, film.keys, film.frames, loop) / (film.frames - 1)) * 100}%`;
      return mark;
    });
    ticks.replaceChildren(...marks);
  };
})();
