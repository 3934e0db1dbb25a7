// The choice of classes: a row of chips, or, where a picture has several classes, one for each group of them.
(() => {
  const lab = window.latentLab;
  const FROM_SEED = "from seed";

  lab.classChoice = (box, { name, caption, choose }) => {
    /** @type {KnownClasses} */
    let known = { classes: [], groups: [] };
    /** @type {number[]} */
    let chosen = [];

    /** Take a wish of the visitor's. @type {(wished: number[]) => void} */
    const wish = (wished) => {
      const label = lab.fitLabel(known.groups.length ? wished : (wished[0] ?? null), known);
      show(label);
      choose(label);
    };

    /** The indices of a group's classes. @type {(place: number) => number[]} */
    const members = (place) => {
      const before = known.groups.slice(0, place).reduce((sum, { size }) => sum + size, 0);
      return Array.from({ length: known.groups[place].size }, (_, i) => before + i);
    };

    /** @type {(indices: number[]) => [string, string][]} */
    const entries = (indices) => [["", FROM_SEED], ...indices.map(pair)];
    /** @type {(index: number) => [string, string]} */
    const pair = (index) => [String(index), known.classes[index]];

    /** A row of chips for one group. @type {(group: ClassGroup, place: number) => HTMLElement} */
    const row = (group, place) => {
      const own = members(place);
      const chips = lab.createElement("div", { class: "ll-chips" });
      const others = () => chosen.filter((index) => !own.includes(index));
      if (group.most === 1) {
        lab.radioChips(chips, `${name}-${place}`, entries(own), null, (value) =>
          wish(value === "" ? others() : [...others(), Number(value)]),
        );
      } else {
        lab.checkChips(chips, `${name}-${place}`, entries(own), (value, on) => {
          if (value === "") return wish(others());
          const index = Number(value);
          wish(on ? [...chosen, index] : chosen.filter((one) => one !== index));
        });
      }
      const limit = group.most === 1 ? [] : [lab.createElement("span", { class: "ll-limit" }, `up to ${group.most}`)];
      const title = lab.createElement("legend", {}, group.name, ...limit);
      return lab.createElement("fieldset", { class: "ll-class-group" }, title, chips);
    };

    /** @type {ClassChoice["build"]} */
    const build = ({ classes, groups }) => {
      known = { classes, groups };
      chosen = [];
      const rows = groups.map(row);
      if (!groups.length) {
        rows.push(lab.createElement("div", { class: "ll-chips" }));
        const all = entries(classes.map((_, index) => index));
        lab.radioChips(rows[0], name, all, null, (value) => wish(value === "" ? [] : [Number(value)]));
      }
      box.hidden = !classes.length;
      box.replaceChildren(lab.createElement("legend", {}, caption), ...rows);
    };

    /** @type {ClassChoice["show"]} */
    const show = (label) => {
      chosen = [label ?? []].flat();
      const groups = known.groups.length
        ? known.groups.map((_, place) => members(place))
        : [known.classes.map((_, i) => i)];
      const rows = box.querySelectorAll(".ll-chips");
      groups.forEach((own, place) => {
        const picked = own.filter((index) => chosen.includes(index));
        const full = picked.length >= (known.groups[place]?.most ?? 1);
        rows[place]?.querySelectorAll("input").forEach((input) => {
          input.checked = input.value === "" ? !picked.length : picked.includes(Number(input.value));
          input.disabled = input.type === "checkbox" && full && !input.checked && input.value !== "";
        });
      });
    };

    return { build, show };
  };
})();
