// Plain words for the names of attributes, as `gan.ui.server.wording` has them.
(() => {
  const lab = window.latentLab;

  lab.inOrder = (names) => {
    const known = Object.keys(lab.words);
    const place = (/** @type {number} */ i) => known.indexOf(names[i]) + 1 || known.length + 1;
    return names.map((_, i) => i).sort((a, b) => place(a) - place(b) || a - b);
  };

  lab.sliderWords = (name) => (Object.hasOwn(lab.words, name) ? lab.words[name] : name.replaceAll("_", " "));
})();
