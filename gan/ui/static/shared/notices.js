// Sentences for visitors, and the two lines of a tab in which they appear.
(() => {
  const lab = window.latentLab;

  lab.notices = {
    busy: "The server is busy. Trying again…",
    lost: "The connection is lost. Trying again…",
    error: (text) => `Sorry: ${text}.`,
    sentence: (text) => `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/[^.]$/, "$&.")}`,
    // A page without a server says by its replies what it cannot draw.
    serverDoes: (what, why) => (lab.site ? "" : `The server ${what}, because ${why}.`),
  };

  /** @type {(line: HTMLElement, text: string) => void} */
  const write = (line, text) => {
    if (line.textContent !== text) line.textContent = text; // what stays the same is not read out again
  };

  lab.notifier = (root) => {
    const find = lab.finder(root);
    const [problems, news] = [find(".ll-problem"), find(".ll-status")];
    return {
      problem: (text) => write(problems, text),
      status: (text) => write(news, text),
      recovered: () => {
        if ([lab.notices.busy, lab.notices.lost].includes(problems.textContent ?? "")) write(problems, "");
      },
    };
  };
})();
