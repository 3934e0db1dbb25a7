// The strip of kept pictures: open one again, compare it with what is shown, put it into a film, take it away.
(() => {
  const lab = window.latentLab;

  /** @type {(part: AddressPart) => string} */
  const words = ({ model, seed, ...rest }) => {
    const edits = Object.keys(rest).filter((key) => key !== "label" && key !== "names").length;
    return `${model}, seed ${seed}${edits ? ", edited" : ""}`;
  };

  lab.keptStrip = (root, { open, compare, smooth, status, changed }) => {
    const find = lab.finder(root);
    const list = find(".ll-kept-list");

    /** label: what it says and of which picture. @type {(text: string, does: string, label: string, act: () => void) => HTMLElement} */
    const tool = (text, does, label, act) => {
      const attributes = { type: "button", class: "ll-button", "data-kept": does, "aria-label": label };
      const button = lab.createElement("button", attributes, text);
      button.addEventListener("click", act);
      return button;
    };

    /** @type {(one: KeptPicture, i: number) => HTMLElement} */
    const card = (one, i) => {
      const said = `kept picture ${i + 1} (${words(one.part)})`;
      const image = lab.createElement("img", { src: one.picture, alt: "" });
      const attributes = {
        type: "button",
        class: "ll-kept-picture",
        "aria-label": `Open ${said}`,
        title: words(one.part),
      };
      const thumb = lab.createElement("button", attributes, image);
      thumb.addEventListener("click", () => open(one));
      const tools = lab.createElement(
        "span",
        { class: "ll-kept-tools" },
        tool("Compare", "compare", `Compare ${said} with the one shown`, () => compare(one)),
        tool("To film", "film", `To film: ${said} as a keyframe`, () => lab.addKeyframe(one.part)),
        tool("Remove", "remove", `Remove ${said}`, () => {
          lab.kept.remove(i);
          const left = list.children[Math.min(i, list.children.length - 1)];
          const next = left?.querySelector("[data-kept=remove]") ?? file;
          if (next instanceof HTMLElement) next.focus();
        }),
      );
      return lab.createElement("li", {}, thumb, tools);
    };

    const render = () => {
      const all = lab.kept.all();
      list.replaceChildren(...all.map(card));
      find(".ll-kept-none").hidden = all.length > 0;
      root.querySelectorAll("[data-export]").forEach((button) => {
        if (button instanceof HTMLButtonElement) button.disabled = !all.length;
      });
      changed(all.length);
    };
    window.addEventListener("latentlab:kept", render);
    render();

    /** @type {Record<string, () => void>} */
    const exports = {
      grid: () => lab.saveKeptGrid(lab.kept.all(), smooth()),
      zip: () => lab.saveKeptZip(lab.kept.all()),
      json: () => lab.saveKeptList(lab.kept.all()),
    };
    root.addEventListener("click", (event) => exports[lab.closest(event, "[data-export]")?.dataset.export ?? ""]?.());
    const file = find("[data-kept=open]", HTMLInputElement);
    file.addEventListener("change", async () => {
      const found = lab.parseKept((await file.files?.[0]?.text()) ?? "");
      file.value = "";
      const added = lab.kept.add(found);
      status(found.length ? `${lab.count(added, "picture")} added.` : "There are no kept pictures in this file.");
    });
    return {
      /** Go to the one that was kept last. */
      show: () => {
        const newest = list.lastElementChild;
        newest?.scrollIntoView({ block: "center" });
        newest?.querySelector("button")?.focus({ preventScroll: true });
      },
    };
  };
})();
