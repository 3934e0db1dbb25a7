// Models made in this browser tab, which Explore, Interpolate and Publish offer beside the server's own.
(() => {
  const lab = window.latentLab;

  lab.sessionModels = [];

  lab.addSessionModel = (model) => {
    lab.sessionModels.push(model);
    window.dispatchEvent(new Event("latentlab:model"));
  };

  lab.forEachSessionModel = (add) => {
    let seen = 0;
    const catchUp = () => {
      while (seen < lab.sessionModels.length) add(lab.sessionModels[seen++]);
    };
    catchUp();
    window.addEventListener("latentlab:model", catchUp);
  };
})();
