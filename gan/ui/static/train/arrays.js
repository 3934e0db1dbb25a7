// Arrays of numbers as the server sends them, or as a run in this browser has them.
(() => {
  const lab = window.latentLab;
  const TYPES = { int16: Int16Array, uint8: Uint8Array };

  lab.unpackArray = ({ shape, type, data }) => {
    if (typeof data !== "string") return { shape, data };
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    return { shape, data: new TYPES[type](bytes.buffer) };
  };

  lab.unpackArrays = (view) =>
    Object.fromEntries(Object.entries(view.arrays).map(([name, packed]) => [name, lab.unpackArray(packed)]));
})();
