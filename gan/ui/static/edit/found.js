// What a server has found of a picture, as a state of Explore with offsets of the first map besides.
(() => {
  const lab = window.latentLab;

  /** Half precision, as its two bytes say. @type {(bits: number) => number} */
  const half = (bits) => {
    const [sign, exponent, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
  };

  lab.decodeHalves = (text) => {
    const letters = atob(text);
    return Float32Array.from({ length: letters.length >> 1 }, (_, i) =>
      half(letters.charCodeAt(2 * i) | (letters.charCodeAt(2 * i + 1) << 8)),
    );
  };

  lab.foundState = (model, { latent, label, offsets }, controls) => {
    const state = lab.completeState({ model, seed: 0, truncation: 0, label, raw: latent }, controls);
    if (!offsets) return state;
    return { ...state, packed: offsets, offsets: /** @type {any} */ (lab.decodeHalves(offsets)) };
  };

  lab.sentState = ({ offsets, packed, ...rest }) => ({ ...rest, offsets: packed ?? null });

  lab.percentOff = (decibels) => {
    const share = 100 * 10 ** (-decibels / 20);
    return `${share < 10 ? share.toFixed(1) : share.toFixed(0)} %`;
  };

  lab.nearness = (decibels, usual) => {
    const beside = usual ? `; ${lab.percentOff(usual)} is usual here` : "";
    return `Found: pixels are off by about ${lab.percentOff(decibels)}${beside}.`;
  };
})();
