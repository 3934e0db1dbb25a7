// Many small pictures that came as one PNG, and a film of them.
(() => {
  const lab = window.latentLab;
  const RATE = 12; // frames a second
  const FIRST = 3; // frames for which the first one stays: what is seen at once

  lab.cutSheet = async ({ size, count, columns, sheet }) => {
    const image = lab.createElement("img", { src: sheet });
    await image.decode();
    const canvas = lab.createElement("canvas", { width: image.naturalWidth, height: image.naturalHeight });
    const context = lab.context(canvas, { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return Array.from({ length: count }, (_, i) =>
      context.getImageData(size * (i % columns), size * Math.floor(i / columns), size, size),
    );
  };

  lab.searchFilm = (canvas, { box, caption, shown }) => {
    const find = lab.finder(box);
    const [input, output] = [find("input", HTMLInputElement), find("output")];
    /** @type {ImageData[]} */
    let frames = [];
    let timer = 0;

    /** @type {(i: number) => void} */
    const seek = (i) => {
      if (!frames[i]) return;
      lab.paint(canvas, frames[i]);
      input.value = String(i);
      output.textContent = caption(i);
      input.setAttribute("aria-valuetext", `picture ${i + 1} of ${frames.length}, ${caption(i)}`);
      shown(i === frames.length - 1);
    };
    const stop = () => clearTimeout(timer);
    /** @type {(i: number) => void} */
    const play = (i) => {
      stop();
      seek(i);
      if (i < frames.length - 1) timer = setTimeout(() => play(i + 1), ((i ? 1 : FIRST) * 1000) / RATE);
    };
    input.addEventListener("input", () => {
      stop();
      seek(Number(input.value));
    });
    return {
      stop,
      show: (film) => {
        frames = film;
        stop();
        input.max = String(frames.length - 1);
        input.disabled = frames.length < 2;
        if (lab.reducedMotion()) seek(frames.length - 1);
        else play(0);
      },
      replay: () => play(0),
      last: () => {
        stop();
        input.value = input.max;
        output.textContent = caption(frames.length - 1);
      },
      end: () => {
        stop();
        seek(frames.length - 1);
      },
      clear: () => {
        stop();
        frames = [];
        input.disabled = true;
        output.textContent = "";
      },
    };
  };
})();
