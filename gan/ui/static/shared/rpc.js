// The fast path: the newest wish is always painted in the end, late replies never are.
(() => {
  const lab = (window.latentLab ??= {});
  lab.stats = { running: 0, asked: 0, painted: 0, late: 0, busy: 0, failed: 0, latencies: [] };

  /** base64 of n pictures in h, w, c order -> array of n ImageData. */
  lab.decode = ({ n, h, w, c, p }) => {
    const text = atob(p);
    const out = [];
    for (let i = 0, at = 0; i < n; i++) {
      const image = new ImageData(w, h);
      const rgba = image.data;
      for (let to = 0; to < rgba.length; to += 4, at += c) {
        rgba[to] = text.charCodeAt(at);
        rgba[to + 1] = c === 1 ? rgba[to] : text.charCodeAt(at + 1);
        rgba[to + 2] = c === 1 ? rgba[to] : text.charCodeAt(at + 2);
        rgba[to + 3] = 255;
      }
      out.push(image);
    }
    return out;
  };

  /** Paint an ImageData at its native size; CSS enlarges it with square pixels. */
  lab.paint = (canvas, image) => {
    if (canvas.width !== image.width) canvas.width = image.width;
    if (canvas.height !== image.height) canvas.height = image.height;
    canvas.getContext("2d").putImageData(image, 0, 0);
  };

  /**
   * Sends wishes to an asynchronous `ask(wish)` and hands replies to `show(reply, wish)`.
   * At most `inflight` calls run at once, so latency does not throttle the rate; replies older than the one shown
   * are dropped; a busy server or broken connection is asked again, with growing pauses, until the newest is shown.
   * `counted: false` keeps it out of `latentLab.stats`' painted frames and latencies.
   * `say(text)` gets a sentence for the visitor, or "" when all is well again.
   */
  lab.Live = class {
    constructor({ ask, show, say = () => {}, inflight = 5, painted = () => {}, counted = true }) {
      Object.assign(this, { ask, show, say, painted, counted, limit: inflight });
      this.wish = null; // the newest: { payload, number, at, sent }
      this.count = 0;
      this.shown = 0;
      this.running = 0;
      this.pause = 0; // ms to wait before the next retry
      this.frame = 0;
    }

    want(payload) {
      this.wish = { payload, number: ++this.count, at: performance.now(), sent: false };
      this.pump();
    }

    pump() {
      if (!this.wish || this.wish.sent || this.running >= this.limit) return;
      this.send(this.wish);
    }

    async send(wish) {
      wish.sent = true;
      this.running++;
      lab.stats.running++;
      lab.stats.asked++;
      try {
        const reply = await this.ask(wish.payload);
        if (reply.busy) this.again(wish, "busy", "The server is busy. Trying again…");
        else this.accept(wish, reply);
      } catch {
        this.again(wish, "failed", "The connection is lost. Trying again…");
      }
      this.running--;
      lab.stats.running--;
      this.pump();
    }

    accept(wish, reply) {
      if (wish.number <= this.shown) return void lab.stats.late++;
      this.shown = wish.number;
      this.pause = 0;
      this.say(reply.error ? `Sorry: ${reply.error}.` : "");
      if (reply.error) return;
      this.show(reply, wish.payload);
      if (this.counted) this.measure(wish.at);
    }

    again(wish, why, text) {
      lab.stats[why]++;
      if (wish !== this.wish) return; // a newer wish is on its way
      this.pause = Math.min(4000, this.pause * 2 || 120);
      if (this.pause > 400) this.say(text);
      setTimeout(() => {
        if (wish !== this.wish) return;
        wish.sent = false;
        this.pump();
      }, this.pause * (0.75 + Math.random() / 2)); // spread, so that refused visitors do not return as one crowd
    }

    /** From change to painted frame: a message posted inside a frame callback arrives after that frame's paint. */
    measure(at) {
      this.since = at; // of two replies in one frame only the newer is seen
      this.frame ||= requestAnimationFrame(() => {
        const since = this.since;
        this.frame = 0;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          const ms = performance.now() - since;
          lab.stats.painted++;
          lab.stats.latencies.push(ms);
          if (lab.stats.latencies.length > 2000) lab.stats.latencies.shift();
          this.painted(ms);
        };
        port2.postMessage(0);
      });
    }
  };
})();
