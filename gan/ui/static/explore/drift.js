// A drift: at each beat every slider sets off for another place around where it was, and follows it as if by a spring.
(() => {
  const lab = window.latentLab;
  const STIFFNESS = 3; // 1 / seconds, at a speed of 1

  /** A critically damped spring after some seconds. @type {(at: number, fast: number, to: number, stiff: number, seconds: number) => [at: number, fast: number]} */
  const spring = (at, fast, to, stiff, seconds) => {
    const [away, left] = [at - to, Math.exp(-stiff * seconds)];
    const pull = fast + stiff * away;
    return [to + (away + pull * seconds) * left, (fast - stiff * pull * seconds) * left];
  };

  lab.createDrift = (random = Math.random) => {
    /** @type {{ at: number, fast: number, home: number, to: number, low: number, high: number }[]} */
    let movers = [];
    let due = 0; // beats until the next, from 1 down to 0

    const turn = (/** @type {number} */ distance) => {
      for (const mover of movers) {
        const wished = mover.home + distance * (2 * random() - 1);
        mover.to = Math.max(mover.low, Math.min(mover.high, wished));
      }
    };
    return {
      begin: (places) => {
        movers = places.map(({ value, low, high }) => ({ at: value, fast: 0, home: value, to: value, low, high }));
        due = 0;
      },
      step: (seconds, { speed, distance, tempo }) => {
        due -= (seconds * tempo) / 60;
        if (due <= 0) {
          turn(distance);
          due = due > -1 ? due + 1 : 1; // beats that were missed stay missed
        }
        return movers.map((mover) => {
          [mover.at, mover.fast] = spring(mover.at, mover.fast, mover.to, STIFFNESS * speed, seconds);
          return Math.max(mover.low, Math.min(mover.high, mover.at));
        });
      },
    };
  };
})();
