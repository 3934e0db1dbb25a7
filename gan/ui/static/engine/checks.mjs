// What is needed of a pack, whoever has written it.

/** @type {(value: any, low: number, high: number) => boolean} */
export const isWhole = (value, low, high) => Number.isInteger(value) && low <= value && value <= high;

/** @type {(what: boolean, fault: string) => void} */
export const need = (what, fault) => {
  if (!what) throw new Error(`the model's weights cannot be used: ${fault}`);
};
