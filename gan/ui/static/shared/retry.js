// Calling a busy or unreachable server again, with growing pauses.
(() => {
  const lab = window.latentLab;
  const TRIES = 10;

  lab.callWithRetry = async (call, announce, { repeatable = true } = {}) => {
    for (let pause = 150, tries = 0; tries < TRIES; tries++, pause = Math.min(3000, pause * 2)) {
      try {
        const reply = await call();
        if (!reply.busy) return reply;
        pause = Math.max(pause, 1000 * (reply.after ?? 0));
        announce(lab.notices.busy);
      } catch {
        if (!repeatable) return { error: "the connection was lost; please try again" };
        announce(lab.notices.lost);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return { error: "the server did not answer; please reload the page" };
  };
})();
