// Requests that follow a moving control: the newest is always shown in the end, late replies never are.
(() => {
  const lab = window.latentLab;

  lab.LatestRequest = class {
    /** @param {LatestRequestOptions<any, any>} options */
    constructor({ send, show, announce = () => {}, limit = 5, painted = () => {}, counted = true }) {
      this.options = { send, show, announce, limit };
      /** @type {{ payload: any, number: number, time: number, sent: boolean } | null} */
      this.newest = null;
      this.count = 0;
      this.shown = 0; // number of the request whose reply is shown
      this.running = 0;
      this.pause = 0; // ms to wait before the next try
      this.measure = counted ? lab.paintTimer(painted) : () => {};
    }

    /** @param {any} payload */
    request(payload) {
      this.newest = { payload, number: ++this.count, time: performance.now(), sent: false };
      this.sendNewest();
    }

    sendNewest() {
      if (this.newest && !this.newest.sent && this.running < this.options.limit) this.send(this.newest);
    }

    /** @param {NonNullable<typeof this.newest>} request */
    async send(request) {
      request.sent = true;
      this.running++;
      lab.stats.running++;
      lab.stats.asked++;
      try {
        const reply = await this.options.send(request.payload);
        if (reply.busy) this.retry(request, "busy");
        else this.accept(request, reply);
      } catch {
        this.retry(request, "failed");
      }
      this.running--;
      lab.stats.running--;
      this.sendNewest();
    }

    /**
     * @param {NonNullable<typeof this.newest>} request
     * @param {any} reply
     */
    accept(request, reply) {
      if (request.number <= this.shown) return void lab.stats.late++;
      this.shown = request.number;
      this.pause = 0;
      this.options.announce(reply.error ? lab.notices.error(reply.error) : "");
      if (reply.error) return;
      this.options.show(reply, request.payload);
      this.measure(request.time);
    }

    /**
     * @param {NonNullable<typeof this.newest>} request
     * @param {"busy" | "failed"} reason
     */
    retry(request, reason) {
      lab.stats[reason]++;
      if (request !== this.newest) return; // a newer one is on its way
      this.pause = Math.min(4000, this.pause * 2 || 120);
      if (this.pause > 400) this.options.announce(reason === "busy" ? lab.notices.busy : lab.notices.lost);
      const spread = 0.75 + Math.random() / 2; // so that refused visitors do not return as one crowd
      setTimeout(() => {
        if (request !== this.newest) return;
        request.sent = false;
        this.sendNewest();
      }, this.pause * spread);
    }
  };
})();
