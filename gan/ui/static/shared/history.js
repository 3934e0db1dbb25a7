// Undo and redo over settled states: a drag is one step, not one for every frame.
(() => {
  const lab = window.latentLab;
  const LONGEST = 200; // steps that can be undone

  lab.History = class {
    constructor() {
      /** @type {string[]} */
      this.past = [];
      /** @type {string[]} */
      this.future = [];
      /** @type {string | null} */
      this.now = null; // JSON of the settled state
    }

    /** @param {object} state */
    settle(state) {
      const text = JSON.stringify(state);
      if (text === this.now) return false;
      if (this.now !== null) this.past.push(this.now);
      if (this.past.length > LONGEST) this.past.shift();
      this.future = [];
      this.now = text;
      return true;
    }

    undo() {
      return this.step(this.past, this.future);
    }

    redo() {
      return this.step(this.future, this.past);
    }

    /**
     * @param {string[]} from
     * @param {string[]} to
     */
    step(from, to) {
      const next = from.pop();
      if (next === undefined) return null;
      if (this.now !== null) to.push(this.now);
      this.now = next;
      return JSON.parse(next);
    }
  };
})();
