// Making and finding elements.
(() => {
  const lab = window.latentLab;

  lab.createElement = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    node.append(...children);
    return node;
  };

  lab.finder =
    (root) =>
    (/** @type {string} */ selector, /** @type {any} */ type = HTMLElement) => {
      const found = root.querySelector(selector);
      if (found instanceof type) return /** @type {any} */ (found);
      throw new Error(`the page has no ${type.name} that matches ${selector}`);
    };

  lab.closest = (/** @type {Event} */ event, /** @type {string} */ selector, /** @type {any} */ type = HTMLElement) => {
    const found = event.target instanceof Element ? event.target.closest(selector) : null;
    return /** @type {any} */ (found instanceof type ? found : null);
  };
})();
