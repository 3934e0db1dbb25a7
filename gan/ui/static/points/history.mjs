// The bounded record of a run, as gan/live/history.py keeps it: the more moments there are, the fewer are kept.

const MOMENTS = 120; // kept; when there are more, every other one is dropped
const STATE_BYTES = 96 * 2 ** 20; // of all states to go on from

/** @type {() => PlaneHistory} */
export const makeHistory = () => {
  let [every, statesEvery] = [1, 1]; // of the moments: which are kept, which with their state
  /** @type {StoredMoment[]} */
  let kept = [];
  /** @type {StoredMoment | null} */
  let latest = null;
  /** @type {(stored: StoredMoment) => number} */
  const bytes = ({ states }) => states?.reduce((sum, { state }) => sum + sizeOf(state), 0) ?? 0;

  const thin = () => {
    const last = kept[kept.length - 1];
    if (kept.length > MOMENTS) {
      every *= 2;
      kept = kept.filter((one) => one.moment.number % every === 0 || one === last);
    }
    statesEvery = Math.max(statesEvery, every);
    while (kept.reduce((sum, one) => sum + bytes(one), 0) > STATE_BYTES && statesEvery < 2 ** 30) {
      statesEvery *= 2;
      for (const one of kept) if (one.moment.number % statesEvery && one !== last) one.states = null;
    }
  };

  return {
    latest: () => latest,
    count: () => (latest ? latest.moment.number + 1 : 0),
    keepsState: (number) => number % every === 0 && number % statesEvery === 0,
    add: (stored, keep) => {
      latest = stored;
      if (!keep && stored.moment.number % every) return;
      kept.push(stored);
      thin();
    },
    kept: () => kept.map(({ moment: { number, shown } }) => [number, shown]),
    curve: () =>
      kept.map(({ moment: { number, shown, sides } }) => ({ number, shown, sides: sides.map((view) => view.numbers) })),
    before: (number) => {
      const all = latest && kept[kept.length - 1] !== latest ? [...kept, latest] : kept;
      return all.findLast((one) => one.moment.number <= number)?.moment;
    },
    stateBefore: (number) => kept.findLast((one) => one.states && one.moment.number <= number),
  };
};

/** @type {(state: PlaneState) => number} */
const sizeOf = ({ networks, average }) =>
  networks.reduce((sum, { blocks }) => sum + blocks.reduce((all, block) => all + block.byteLength, 0), 0) +
  average.byteLength;
