// Copying a link.
(() => {
  const lab = window.latentLab;

  /** Copy where a browser has no clipboard, as over plain http: by the command that does it for a selected text. */
  const copySelected = (/** @type {string} */ text) => {
    const focused = document.activeElement;
    const field = lab.createElement("textarea", { readonly: "" });
    Object.assign(field.style, { position: "fixed", top: "0", opacity: "0" });
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return copied;
  };

  /** @type {(text: string) => Promise<boolean>} */
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copySelected(text);
    }
  };

  lab.copyLink = async (link, announce, button, copied = "Link copied.") => {
    const label = (button.dataset.label ??= button.textContent ?? "");
    if (await copy(link)) {
      announce(copied);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = label), 1600);
    } else announce(`The browser does not allow copying. The link is ${link}`);
  };

  lab.copyDrawingLink = (link, { base, strokes }, isDrawn, announce, button) => {
    const ownPicture = base && base.row === undefined;
    const lost = ownPicture ? "your own picture" : strokes.length && !isDrawn ? "a drawing as long as this" : "";
    return lab.copyLink(link, announce, button, lost ? `Link copied, but a link cannot hold ${lost}.` : undefined);
  };
})();
