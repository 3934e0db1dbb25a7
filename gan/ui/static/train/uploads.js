// Files that the visitor chooses, as the server takes them.
(() => {
  const lab = window.latentLab;

  /** @type {(file: File) => Promise<string>} */
  const base64 = (file) =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
      reader.onerror = reject;
      reader.readAsDataURL(file);
    });

  lab.readUploads = (files) => Promise.all(files.map(async (file) => ({ name: file.name, data: await base64(file) })));
})();
