// Pictures as an animated WebP: the browser writes each, here they are put together.
(() => {
  const lab = window.latentLab;
  const IMAGE = new Set(["ALPH", "VP8 ", "VP8L"]); // chunks of a still that belong into a frame

  /** A number's bytes, the lowest first. @type {(value: number, count: number) => number[]} */
  const bytes = (value, count) => Array.from({ length: count }, (_, i) => (value / 256 ** i) & 255);

  /** @type {(name: string, ...parts: Uint8Array[]) => Uint8Array<ArrayBuffer>} */
  const chunk = (name, ...parts) => {
    const body = lab.joinBytes(parts);
    const head = [...[...name].map((letter) => letter.charCodeAt(0)), ...bytes(body.length, 4)];
    return lab.joinBytes([Uint8Array.from(head), body, new Uint8Array(body.length % 2)]);
  };

  /** A still without what is around its picture. @type {(still: Uint8Array) => Uint8Array} */
  const pictureOf = (still) => {
    const view = new DataView(still.buffer);
    const parts = [];
    for (let at = 12; at + 8 <= still.length;) {
      const length = view.getUint32(at + 4, true);
      const end = at + 8 + length + (length % 2);
      if (IMAGE.has(String.fromCharCode(...still.subarray(at, at + 4)))) parts.push(still.subarray(at, end));
      at = end;
    }
    return lab.joinBytes(parts);
  };

  const SMOOTH = 0.92; // the quality of smooth frames, as the server's; 1 is lossless, in Chromium

  lab.encodeWebp = async (frames, fps, scale, smooth) => {
    const { width, height } = frames[0];
    const [small, large] = [lab.createElement("canvas"), lab.createElement("canvas")];
    [large.width, large.height] = [width * scale, height * scale];
    const context = lab.context(large);
    context.imageSmoothingEnabled = false;
    const size = [...bytes(large.width - 1, 3), ...bytes(large.height - 1, 3)];
    const parts = [
      chunk("VP8X", Uint8Array.from([2, 0, 0, 0, ...size])), // 2: animated
      chunk("ANIM", Uint8Array.from([255, 255, 255, 255, 0, 0])), // white behind; repeats for ever
    ];
    const delays = lab.delays(frames.length, fps, 1000);
    for (const [i, frame] of frames.entries()) {
      lab.paint(small, frame);
      if (smooth) lab.paint(large, lab.enlargeSmoothly(frame, large.width, large.height));
      else context.drawImage(small, 0, 0, large.width, large.height);
      /** @type {Blob | null} */
      const blob = await new Promise((resolve) => large.toBlob(resolve, "image/webp", smooth ? SMOOTH : 1));
      if (blob?.type !== "image/webp") throw new Error("this browser cannot write WebP");
      const still = new Uint8Array(await blob.arrayBuffer());
      const about = [0, 0, 0, 0, 0, 0, ...size, ...bytes(delays[i], 3), 2]; // 2: no blending
      parts.push(chunk("ANMF", Uint8Array.from(about), pictureOf(still)));
    }
    return chunk("RIFF", Uint8Array.from([..."WEBP"].map((letter) => letter.charCodeAt(0))), ...parts);
  };
})();
