// Pictures that the visitor keeps: each with its address, so with all edits, and small as it is; stored in the browser.
(() => {
  const lab = window.latentLab;
  const STORE = "latent-lab-kept";
  const MOST = 48;
  const LONGEST = 400_000; // letters of a picture
  const PICTURE = /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/;

  /** @type {KeptPicture[] | null} */
  let kept = null;

  lab.parseKept = (text) => {
    try {
      const given = JSON.parse(text ?? "");
      const list = Array.isArray(given) ? given : given.kept;
      return list
        .filter((/** @type {any} */ one) => {
          const { part, picture } = one ?? {};
          return (
            typeof picture === "string" &&
            picture.length < LONGEST &&
            PICTURE.test(picture) &&
            typeof part?.model === "string"
          );
        })
        .slice(0, MOST)
        .map((/** @type {any} */ { part, picture }) => {
          const texts = Object.entries(part).filter(([, value]) => typeof value === "string" && value.length < 9000);
          return { part: lab.tabPart("explore", /** @type {[string, string][]} */ (texts)), picture };
        });
    } catch {
      return [];
    }
  };

  const load = () => {
    try {
      return lab.parseKept(localStorage.getItem(STORE) ?? "[]");
    } catch {
      return []; // storage may be forbidden in a frame
    }
  };

  /** @type {(list: KeptPicture[]) => void} */
  const store = (list) => {
    kept = list;
    try {
      localStorage.setItem(STORE, JSON.stringify(list));
    } catch {
      // they last as long as the page
    }
    window.dispatchEvent(new Event("latentlab:kept"));
  };

  /** @type {(one: KeptPicture) => string} */
  const key = ({ part }) => JSON.stringify(Object.entries(part).sort());

  lab.kept = {
    all: () => (kept ??= load()),
    add: (more) => {
      const have = new Set(lab.kept.all().map(key));
      const fresh = more.filter((one) => !have.has(key(one)) && have.add(key(one)));
      const list = [...lab.kept.all(), ...fresh].slice(0, MOST);
      const added = list.length - lab.kept.all().length;
      store(list);
      return added;
    },
    remove: (at) => store(lab.kept.all().filter((_, i) => i !== at)),
    clear: () => store([]),
  };
})();
