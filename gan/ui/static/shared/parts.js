// Small parts of the tabs, each a function of what it is given.
(() => {
  const lab = (window.latentLab ??= {});

  /** A visible meter of change-to-paint time and painted frames a second; returns the function to call per paint. */
  lab.meter = (box) => {
    const times = [];
    const recent = [];
    let due = 0;
    const refresh = () => {
      due = 0;
      const now = performance.now();
      while (times.length && now - times[0] > 1000) times.shift();
      const middle = recent.slice().sort((a, b) => a - b)[recent.length >> 1];
      box.querySelector("[data-ms]").textContent = Math.round(middle);
      box.querySelector("[data-fps]").textContent = times.length > 1 ? times.length : "–";
      if (times.length) due = setTimeout(refresh, 250);
    };
    return (ms) => {
      times.push(performance.now());
      recent.push(ms);
      if (recent.length > 30) recent.shift();
      due ||= setTimeout(refresh, 60);
    };
  };

  /** Class choices as one group of radio buttons; "from seed" is the first. */
  lab.chips = (box, classes, choose) => {
    box.hidden = !classes.length;
    const chip = (text, value) => {
      const radio = lab.make("input", { type: "radio", name: "ll-class", value });
      radio.addEventListener("change", () => choose(value === "" ? null : Number(value)));
      return lab.make("label", { class: "ll-chip" }, radio, lab.make("span", {}, text));
    };
    const legend = lab.make("legend", {}, "Class");
    const all = lab.make("div", { class: "ll-chips" }, chip("from seed", ""), ...classes.map((c, i) => chip(c, String(i))));
    box.replaceChildren(legend, all);
  };

  /** Enlarge a canvas of `size` pixels to fill its box by a whole number of device pixels a pixel. */
  lab.size = (canvas, size) => {
    const share = matchMedia("(max-width: 800px)").matches ? 0.36 : 0.62; // of the window's height
    const room = Math.min(canvas.parentElement.clientWidth, window.innerHeight * share, 512);
    const ratio = window.devicePixelRatio || 1;
    const scale = Math.max(1, Math.floor((room * ratio) / size)) / ratio;
    canvas.style.width = canvas.style.height = `${size * scale}px`;
  };

  /**
   * Call until the server is not busy; gives up after ten tries with an error reply. A lost connection counts as a try,
   * but ends a `dear` call: the server may have done the work, and would do it again.
   */
  lab.patiently = async (call, say, dear = false) => {
    for (let pause = 150, tries = 0; tries < 10; tries++, pause = Math.min(3000, pause * 2)) {
      try {
        const reply = await call();
        if (!reply.busy) return reply;
        say("The server is busy. Trying again…");
      } catch {
        if (dear) return { error: "the connection was lost; please try again" };
        say("The connection is lost. Trying again…");
      }
      await new Promise((done) => setTimeout(done, pause));
    }
    return { error: "the server did not answer; please reload the page" };
  };

  /** Download what a canvas shows as a PNG, every pixel enlarged to a square of `times` pixels. */
  lab.save = (canvas, times, name) => {
    const big = lab.make("canvas", { width: canvas.width * times, height: canvas.height * times });
    const context = big.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, 0, 0, big.width, big.height);
    big.toBlob((blob) => keep(blob, `${name.replace(/[^\w.-]+/g, "-")}.png`));
  };

  /** Download a file that the server sent, its bytes in base64. */
  lab.download = ({ name, mime, data }) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    keep(new Blob([bytes], { type: mime }), name);
  };

  const keep = (blob, name) => {
    const href = URL.createObjectURL(blob);
    lab.make("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  };

  /** Copy text; the button says so for a moment, and the live region for those who do not see it. */
  lab.copy = async (text, status, button) => {
    const label = (button.dataset.label ??= button.textContent);
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = "Link copied.";
      button.textContent = "Copied";
    } catch {
      status.textContent = "The browser refused to copy. The address bar holds the same link.";
      button.textContent = "See address bar";
    }
    setTimeout(() => (button.textContent = label), 1600);
  };

  /** Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y while the tab is in view, except where someone is typing text. */
  lab.shortcuts = (element, actions) => {
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || !element.offsetParent) return;
      if (event.target.closest?.("textarea, input[type=text], [contenteditable=true]")) return;
      const key = event.key.toLowerCase();
      const action = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
      if (!action) return;
      event.preventDefault();
      actions[action]();
    });
  };
})();
