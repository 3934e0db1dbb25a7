// Frames as a film that this browser writes, and which kinds it can.
(() => {
  const lab = window.latentLab;
  const SHORT_SIDE = 256; // pixels that films are enlarged to, as the server's are

  lab.encodeFilm = async (kind, frames, fps, smooth) => {
    const scale = Math.ceil(SHORT_SIDE / Math.min(frames[0].width, frames[0].height));
    const data = await (kind === "gif" ? lab.encodeGif : lab.encodeWebp)(frames, fps, scale, smooth);
    return { mime: `image/${kind}`, data };
  };

  lab.offerFilms = (root) => {
    const canvas = lab.createElement("canvas", { width: 1, height: 1 });
    if (canvas.toDataURL("image/webp").startsWith("data:image/webp")) return;
    root.querySelectorAll("[data-save=webp], [data-play=webp]").forEach((button) => {
      button.setAttribute("disabled", "");
      button.setAttribute("title", "This browser cannot write WebP");
    });
  };
})();
