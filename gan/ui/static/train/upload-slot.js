// A place for pictures of one's own: a button to choose them, what was chosen, and how much may be.
(() => {
  const lab = window.latentLab;

  lab.uploadSlot = (element, limits, problem) => {
    const find = lab.finder(element);
    const input = find("input", HTMLInputElement);
    const told = find("[role=status]");
    /** @type {Upload[] | null} */
    let files = null;
    let turn = 0;
    let preparing = false;
    const most = `${lab.count(limits.files, "picture")} and ${lab.megabytes(limits.bytes)}`;
    find("[data-at=uploadLimits]").textContent = `Up to ${most}. Large pictures are made smaller before they are sent.`;
    input.addEventListener("change", async () => {
      const now = ++turn;
      /** @type {(done: number, of: number) => void} */
      const progress = (done, of) => {
        if (now === turn) told.textContent = `Preparing ${lab.whole(done + 1)} of ${lab.whole(of)}…`;
      };
      files = null;
      preparing = true;
      problem("");
      const read = await lab.readUploads([...(input.files ?? [])], limits, progress);
      if (now !== turn) return;
      preparing = false;
      files = read.uploads ?? null;
      told.textContent = read.summary ?? "none chosen";
      if (read.error) problem(lab.notices.error(read.error));
    });
    return {
      files: () => files ?? [],
      preparing: () => preparing,
      show: (shown) => void (element.hidden = !shown),
    };
  };
})();
