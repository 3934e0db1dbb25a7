// Requests that follow a moving control: the newest is always shown in the end, late replies never are.
(() => {
  const lab = window.latentLab;
  const FRAME = 1000 / 60; // ms

  lab.callsUnderWay = (now, age, waited, most) => {
    const onTheWay = age - waited;
    const wanted = Math.max(2, 1 + Math.ceil((onTheWay - waited) / FRAME));
    return Math.max(1, Math.min(most, now + Math.sign(wanted - now)));
  };

  lab.LatestRequest = class {
    /** @param {LatestRequestOptions<any, any>} options */
    constructor({ send, show, announce = () => {}, limit = 5, painted = () => {}, counted = true }) {
      this.options = { send, show, announce, limit };
      /** @type {{ payload: any, number: number, time: number, sent: boolean } | null} */
      this.newest = null;
      this.count = 0;
      this.shown = 0; // number of the request whose reply is shown
      this.running = 0;
      this.allowed = limit; // calls that may run at once now
      this.pause = 0; // ms to wait before the next try
      this.measure = counted ? lab.paintTimer(painted) : () => {};
    }

    /** @param {any} payload */
    request(payload) {
      this.newest = { payload, number: ++this.count, time: performance.now(), sent: false };
      this.sendNewest();
    }

    sendNewest() {
      if (this.newest && !this.newest.sent && this.running < this.allowed) this.send(this.newest);
    }

    /** @param {NonNullable<typeof this.newest>} request */
    async send(request) {
      request.sent = true;
      this.running++;
      lab.stats.running++;
      lab.stats.asked++;
      const sent = performance.now();
      try {
        const reply = await this.options.send(request.payload);
        if (reply.busy) this.retry(request, "busy", reply.after);
        else {
          const age = performance.now() - sent;
          this.allowed = lab.callsUnderWay(this.allowed, age, reply.waited ?? 0, this.options.limit);
          this.accept(request, reply);
        }
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
      this.measure(reply.since ?? request.time);
    }

    /**
     * @param {NonNullable<typeof this.newest>} request
     * @param {"busy" | "failed"} reason
     * @param {number} after seconds that the server asks to wait
     */
    retry(request, reason, after = 0) {
      lab.stats[reason]++;
      if (after) this.allowed = 1;
      if (request !== this.newest) return; // a newer one is on its way
      this.pause = Math.max(1000 * after, Math.min(4000, this.pause * 2 || 120));
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
