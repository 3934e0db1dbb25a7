// Counters that tests and benchmarks read.
(() => {
  const lab = window.latentLab;

  lab.stats = { running: 0, asked: 0, painted: 0, late: 0, busy: 0, failed: 0, frames: 0, latencies: [] };
})();
