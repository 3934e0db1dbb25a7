// A visible meter: milliseconds from a change to its picture, and pictures painted in the last second.
(() => {
  const lab = window.latentLab;

  lab.latencyMeter = (box) => {
    const find = lab.finder(box);
    /** @type {number[]} */
    const times = []; // of the frames painted in the last second
    /** @type {number[]} */
    const recent = []; // the last 30 latencies, of which the median is shown
    let timer = 0;
    const refresh = () => {
      timer = 0;
      const now = performance.now();
      while (times.length && now - times[0] > 1000) times.shift();
      const median = recent.slice().sort((a, b) => a - b)[recent.length >> 1];
      find("[data-ms]").textContent = String(Math.round(median));
      find("[data-fps]").textContent = times.length > 1 ? String(times.length) : "–";
      if (times.length) timer = setTimeout(refresh, 250);
    };
    return (ms) => {
      times.push(performance.now());
      recent.push(ms);
      if (recent.length > 30) recent.shift();
      timer ||= setTimeout(refresh, 60);
    };
  };
})();
