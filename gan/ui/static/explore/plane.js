// Planes of the latent space: which picture belongs to a place. Each is a state of Explore, so it has a link, edits and a
// place on the stage, and whoever draws states can draw the plane.
(() => {
  const lab = window.latentLab;
  const CORNERS = [
    [-0.5, -Math.sqrt(3) / 6],
    [0.5, -Math.sqrt(3) / 6],
    [0, Math.sqrt(3) / 3],
  ]; // a triangle with sides of 1 around the middle

  const length = (/** @type {number[]} */ values) => Math.hypot(...values);
  /** @type {(kind: ControlKind) => Control} */
  const control = (kind) => /** @type {Control} */ (lab.controls.find((one) => one.kind === kind));
  /** A value that the slider has. @type {(value: number, of: Control) => number} */
  const fitting = (value, { low, high, step }) =>
    Math.max(low, Math.min(high, Number((Math.round(value / step) * step).toFixed(lab.decimals(step)))));

  /** How much of each corner a place has; sums to 1, and is negative beyond an edge. @type {(x: number, y: number) => number[]} */
  const sharesOf = (x, y) => {
    const top = (y - CORNERS[0][1]) / (CORNERS[2][1] - CORNERS[0][1]);
    const right = x - CORNERS[0][0] - top / 2;
    return [1 - top - right, right, top];
  };

  /** @type {(rows: number[][], shares: number[]) => number[]} */
  const mixed = (rows, shares) =>
    Array.from({ length: Math.max(...rows.map((row) => row.length)) }, (_, j) =>
      rows.reduce((sum, row, k) => sum + shares[k] * (row[j] ?? 0), 0),
    );

  lab.planeOfThree = (states, about) => {
    const truncation = "truncation";
    const lists = ["named", "directions"].map((kind) => control(/** @type {ControlKind} */ (kind)));
    const raw = control("coordinates");
    /** @type {(state: PictureState, name: string) => number[]} */
    const list = (state, name) => /** @type {number[]} */ (state[name]);
    const latents = states.map((state) =>
      Array.from(lab.seeds.latentOf(state.seed, about.z_dim), (value) => Number(state[truncation]) * value),
    );
    const lengths = latents.map(length);
    /** @type {(x: number, y: number) => number} */
    const nearest = (x, y) => {
      const shares = sharesOf(x, y);
      return shares.indexOf(Math.max(...shares));
    };

    return {
      corners: CORNERS,
      span: 2,
      at: (x, y) => {
        const shares = sharesOf(x, y);
        const near = nearest(x, y);
        const sum = mixed(latents, shares);
        // As long as the three are, so that what lies between them is as typical as they.
        const weight = shares.reduce((all, share) => all + Math.abs(share), 0);
        const wished = shares.reduce((all, share, k) => all + (Math.abs(share) / weight) * lengths[k], 0);
        const factor = wished / Math.max(length(sum), 1e-9);
        const rest = mixed(
          states.map((state) => list(state, raw.name)),
          shares,
        );
        const offsets = sum.map((value, j) => fitting(value * factor - latents[near][j] + (rest[j] ?? 0), raw));
        const steps = lists.map((of) => {
          const rows = states.map((state) => list(state, of.name));
          return [of.name, mixed(rows, shares).map((value) => fitting(value, of))];
        });
        return { ...states[near], ...Object.fromEntries(steps), [raw.name]: offsets };
      },
      words: (x, y) =>
        sharesOf(x, y)
          .map((share, k) => `${lab.percent(share).replace("-", "−")} of ${"ABC"[k]}`)
          .join(", "),
      nearest,
    };
  };

  lab.planeOfSliders = (state, [across, up]) => {
    /** @type {(axis: PlaneAxis) => Control} */
    const of = ({ control: name }) => /** @type {Control} */ (lab.controls.find((one) => one.name === name));
    const [right, top] = [of(across), of(up)];
    /** @type {(axis: PlaneAxis, value: number) => string} */
    const told = ({ words }, value) => `${words} ${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
    const set = (/** @type {PictureState} */ to, /** @type {PlaneAxis} */ axis, /** @type {number} */ value) => {
      const values = /** @type {number[]} */ (to[axis.control]);
      return { ...to, [axis.control]: values.with(axis.index, value) };
    };
    const inside = (/** @type {number} */ x, /** @type {number} */ y) =>
      right.low <= x && x <= right.high && top.low <= y && y <= top.high;
    return {
      corners: [],
      span: 2 * Math.min(right.high, top.high, 3),
      at: (x, y) => (inside(x, y) ? set(set(state, across, fitting(x, right)), up, fitting(y, top)) : null),
      words: (x, y) => `${told(across, fitting(x, right))}, ${told(up, fitting(y, top))}`,
      nearest: () => 0,
    };
  };
})();
