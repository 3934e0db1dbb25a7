// Pixels as pictures on a canvas.
(() => {
  const lab = window.latentLab;
  const MOST = 5; // times the picture's size: beyond that one sees what enlarged it

  lab.STAGE_MOST = MOST;

  lab.decodeImages = ({ n, h, w, c, p, pixels }) => {
    if (pixels) {
      const [bytes, drawn] = [4 * h * w, pixels];
      return Array.from({ length: n }, (_, i) => new ImageData(drawn.subarray(i * bytes, (i + 1) * bytes), w, h));
    }
    const text = atob(p);
    const images = [];
    for (let i = 0, from = 0; i < n; i++) {
      const image = new ImageData(w, h);
      const rgba = image.data;
      for (let to = 0; to < rgba.length; to += 4, from += c) {
        rgba[to] = text.charCodeAt(from);
        rgba[to + 1] = c === 1 ? rgba[to] : text.charCodeAt(from + 1);
        rgba[to + 2] = c === 1 ? rgba[to] : text.charCodeAt(from + 2);
        rgba[to + 3] = 255;
      }
      images.push(image);
    }
    return images;
  };

  lab.imageOf = (pixels, size) => {
    const image = new ImageData(size, size);
    for (let from = 0, at = 0; from < pixels.length; from += 3, at += 4) {
      image.data.set(pixels.subarray(from, from + 3), at);
      image.data[at + 3] = 255;
    }
    return image;
  };

  lab.base64 = (bytes) => btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));

  lab.context = (canvas, options) => {
    const context = canvas.getContext("2d", options);
    if (!context) throw new Error("this browser cannot draw on a canvas");
    return context;
  };

  lab.paint = (canvas, image) => {
    if (canvas.width !== image.width) canvas.width = image.width;
    if (canvas.height !== image.height) canvas.height = image.height;
    lab.context(canvas).putImageData(image, 0, 0);
  };

  lab.enlarge = (canvas, size, most = 0.62, times = MOST) => {
    const share = matchMedia("(max-width: 800px)").matches ? 0.36 : most; // of the window's height
    const room = Math.min(canvas.parentElement?.clientWidth ?? 0, window.innerHeight * share, size * times);
    const ratio = window.devicePixelRatio || 1;
    const scale = Math.max(1, Math.floor((room * ratio) / size)) / ratio;
    canvas.style.width = canvas.style.height = `${size * scale}px`;
  };
})();
