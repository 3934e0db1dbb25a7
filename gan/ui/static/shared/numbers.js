// Numbers as the page writes them.
(() => {
  const lab = window.latentLab;

  lab.whole = (value) => Math.round(value).toLocaleString("en");

  lab.count = (value, noun) => `${lab.whole(value)} ${noun}${Math.round(value) === 1 ? "" : "s"}`;

  lab.percent = (value) => `${Math.round(value * 100)} %`;

  /** Three digits, but no more than three after the point: what is smaller than that is nothing. */
  lab.measured = (value) => {
    const size = Math.abs(value);
    if (size >= 99.95) return lab.whole(value);
    const text = value.toFixed(size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
    return Number(text) === 0 ? "0" : text; // without a sign
  };

  lab.ordinal = (value) => {
    const teens = value % 100 >= 11 && value % 100 <= 13;
    return `${value}${(!teens && { 1: "st", 2: "nd", 3: "rd" }[value % 10]) || "th"}`;
  };
})();
