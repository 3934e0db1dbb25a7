// Pictures that the visitor chooses, as small as training can use them: a phone's photographs would fill any request.
(() => {
  const lab = window.latentLab;
  const SMALL = 64 * 2 ** 10; // bytes of a picture that is sent as it is, if it is no larger than useful
  const QUALITY = 0.92;

  /** @type {(blob: Blob) => Promise<string>} */
  const base64 = (blob) =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
      reader.onerror = reject;
      reader.readAsDataURL(blob);
    });

  /** @type {(canvas: HTMLCanvasElement) => Promise<Blob | null>} */
  const encode = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/webp", QUALITY));

  /**
   * A picture with a shorter side of at most `side` pixels; what the browser cannot read, a zip among others, unchanged.
   * @type {(file: File, side: number) => Promise<{ name: string, blob: Blob }>}
   */
  const shrink = async (file, side) => {
    const unchanged = { name: file.name, blob: file };
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (!bitmap) return unchanged;
    const { width, height } = bitmap;
    const scale = Math.min(1, side / Math.min(width, height));
    if (scale === 1 && file.size <= SMALL) return unchanged;
    const [w, h] = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
    const canvas = lab.createElement("canvas", { width: w, height: h });
    const context = lab.context(canvas);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, w, h);
    bitmap.close();
    const blob = await encode(canvas);
    if (!blob || blob.size >= file.size) return unchanged;
    const ending = blob.type.slice("image/".length); // a browser that cannot write WebP writes PNG
    return { name: `${file.name.replace(/\.[^.]*$/, "")}.${ending}`, blob };
  };

  lab.megabytes = (bytes) => {
    const value = bytes / 2 ** 20;
    return `${value < 10 ? Math.max(0.1, value).toFixed(1) : Math.round(value)} MB`;
  };

  lab.readUploads = async (files, limits, progress) => {
    const taken = files.slice(0, limits.files);
    /** @type {Upload[]} */
    const uploads = [];
    let bytes = 0;
    for (const file of taken) {
      progress(uploads.length, taken.length);
      const { name, blob } = await shrink(file, limits.side);
      bytes += blob.size;
      if (bytes > limits.bytes) {
        const most = lab.megabytes(limits.bytes);
        return { error: `${name} does not fit: at most ${most} can be sent. Choose fewer files, or a smaller zip` };
      }
      uploads.push({ name, data: await base64(blob) });
    }
    const left = files.length - taken.length;
    const out = left ? `, ${lab.whole(left)} more left out` : "";
    return { uploads, summary: `${lab.count(uploads.length, "file")}, ${lab.megabytes(bytes)} to send${out}` };
  };
})();
