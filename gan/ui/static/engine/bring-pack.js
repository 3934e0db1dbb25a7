// A model's weights on their way here: from the server, from a file beside the page, or from the page itself.
(() => {
  const lab = window.latentLab;
  const STALLED = 10_000; // ms without a byte of a download

  lab.packs = new Map();

  /** @type {(text: string) => ArrayBuffer} */
  const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

  /** Read a file to its end; it may be slow, but must not stall. @type {BringPack} */
  const download = async (address, bytes, progress) => {
    const late = new AbortController();
    let timer = 0;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => late.abort(), STALLED);
    };
    wait();
    try {
      const response = await fetch(new URL(address, document.baseURI), { signal: late.signal, priority: "low" });
      if (!response.ok || !response.body) throw new Error("the server does not send the model's weights");
      const file = new Uint8Array(bytes);
      const reader = response.body.getReader();
      let at = 0;
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (at + part.value.length > bytes) throw new Error("the model's weights arrived damaged");
        file.set(part.value, at);
        at += part.value.length;
        progress(at / bytes);
        wait();
      }
      if (at < bytes) throw new Error("the model's weights arrived cut off");
      return file.buffer;
    } catch (error) {
      if (late.signal.aborted) throw new Error("the model's weights stopped coming");
      if (error instanceof TypeError) throw new Error("the model's weights did not arrive");
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };

  /** A page that was opened as a file may read no other file, but run one: it puts the weights into `lab.packs`. */
  /** @type {(address: string) => Promise<string>} */
  const run = (address) =>
    new Promise((resolve, reject) => {
      const script = lab.createElement("script", { src: String(new URL(`${address}.js`, document.baseURI)) });
      const fail = () => reject(new Error("the file with the model's weights is not beside this page, or damaged"));
      script.addEventListener("error", fail);
      script.addEventListener("load", () => {
        const text = lab.packs.get(address);
        lab.packs.delete(address);
        script.remove();
        if (text === undefined) fail();
        else resolve(text);
      });
      document.head.append(script);
    });

  /** @type {(text: string, bytes: number) => ArrayBuffer} */
  const whole = (text, bytes) => {
    const file = decode(text);
    if (file.byteLength !== bytes) throw new Error("the model's weights are cut off");
    return file;
  };

  lab.inflatePack = async (file) => {
    try {
      const inflated = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
      const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
      const half = Math.ceil(bytes.length / 2);
      return Uint8Array.from(bytes, (_, i) => bytes[i % 2 ? half + (i >> 1) : i >> 1]).buffer;
    } catch {
      throw new Error("the model's weights are damaged");
    }
  };

  lab.bringPack = async (address, bytes, progress) => {
    if (address.startsWith("#")) return whole(document.querySelector(address)?.textContent ?? "", bytes);
    if (location.protocol === "file:") return whole(await run(address), bytes);
    return download(address, bytes, progress);
  };
})();
