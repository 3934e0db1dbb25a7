// Time from a change to the frame that shows it.
(() => {
  const lab = window.latentLab;
  const KEPT = 2000; // latencies in `latentLab.stats`

  /** A message posted inside a frame callback arrives after that frame's paint. */
  lab.paintTimer = (painted) => {
    let start = 0; // of two changes shown in one frame only the newer is seen
    let frame = 0;
    return (time) => {
      start = time;
      frame ||= requestAnimationFrame(() => {
        const since = start;
        frame = 0;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          const ms = performance.now() - since;
          lab.stats.painted++;
          lab.stats.latencies.push(ms);
          if (lab.stats.latencies.length > KEPT) lab.stats.latencies.shift();
          painted(ms);
        };
        port2.postMessage(0);
      });
    };
  };
})();
