// The alarms of a run, newest first, each with what may help against it on a button; folded once something was done.
(() => {
  const lab = window.latentLab;
  const LISTED = 3;

  /** @type {(words: string) => string} */
  const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

  lab.alarmList = (list, cure) => {
    let listed = ""; // what the list was made of, to leave it alone while it is read

    /** @type {(alarm: Alarm, title: string, training: boolean) => HTMLElement} */
    const item = ({ side, shown, message, answered, cures }, title, training) => {
      const text = `${title && `${title}: `}at ${lab.whole(shown)} shown, ${message}.`;
      const words = cures.map((one) => one.words).join(", or ");
      if (!training) return lab.createElement("li", {}, capital(text), words && ` Next time, ${words}.`);
      const buttons = cures.map((one) => {
        const button = lab.createElement("button", { type: "button", class: "ll-button" }, capital(one.words));
        button.addEventListener("click", () => cure(side, one));
        return button;
      });
      const bar = lab.createElement("span", { class: "ll-bar" }, ...buttons);
      if (!answered) return lab.createElement("li", {}, capital(text), ...(cures.length ? [bar] : []));
      const more = lab.createElement("summary", {}, "If it lasts, try more");
      return lab.createElement(
        "li",
        { class: "ll-answered" },
        `${capital(text)} Settings were changed since.`,
        ...(cures.length ? [lab.createElement("details", {}, more, bar)] : []),
      );
    };

    return {
      show: (alarms, { training, titles }) => {
        const newest = alarms.slice(-LISTED).reverse();
        const text = JSON.stringify([newest, training, titles]);
        if (text === listed) return;
        listed = text;
        const focused = list.contains(document.activeElement);
        list.replaceChildren(...newest.map((alarm) => item(alarm, titles?.[alarm.side] ?? "", training)));
        if (focused) list.focus(); // its button may be gone
      },
    };
  };
})();
