// Calling the server. Gradio's client resolves to `undefined` whatever goes wrong; here every call ends and says how.
(() => {
  const lab = window.latentLab;
  const PATIENCE = 20_000; // ms until a call without a reply counts as lost
  const LONG_PATIENCE = 180_000; // for those that carry files or make them
  const LONG = new Set(["begin", "film", "open", "take", "walk"]);

  /**
   * Call, and keep hold of the response that Gradio's client reads the reply from: it has no other way to be aborted,
   * and the client drops what the server says beside an error. The client fetches before it waits for anything.
   * @type {<T>(call: () => Promise<T>, signal: AbortSignal) => { reply: Promise<T>, response?: Promise<Response> }}
   */
  const observe = (call, signal) => {
    const { fetch } = window;
    /** @type {Promise<Response> | undefined} */
    let response;
    window.fetch = (address, options) => (response = fetch(address, { ...options, signal }));
    try {
      const reply = call();
      return { reply, response };
    } finally {
      window.fetch = fetch;
    }
  };

  /**
   * What a refusal means: too many at once is busy, and a fault of the request has a sentence. Throws where it may be
   * the connection's.
   * @type {(response: Response) => Promise<{ busy: true } | { error: string }>}
   */
  const readRefusal = async (response) => {
    if (response.status === 429 || response.status === 503) return { busy: true };
    if (response.ok || response.status >= 500) throw new Error(`no reply, status ${response.status}`);
    const { detail } = await response.json().catch(() => ({}));
    return { error: typeof detail === "string" ? detail : `the server refused this (status ${response.status})` };
  };

  /** @type {(call: () => Promise<any>, patience: number) => Promise<any>} */
  const complete = async (call, patience) => {
    const late = new AbortController();
    let timer = 0;
    const deadline = new Promise((_, reject) => {
      timer = setTimeout(() => {
        late.abort();
        reject(new Error(`no reply within ${patience / 1000} seconds`));
      }, patience);
    });
    const { reply, response } = observe(call, late.signal);
    const outcome = async () => {
      const value = await reply;
      if (value && typeof value === "object") return value;
      if (!response) throw new Error("no reply");
      return readRefusal(await response);
    };
    try {
      return await Promise.race([outcome(), deadline]);
    } finally {
      clearTimeout(timer);
    }
  };

  lab.calls = (server) => {
    /** @type {Record<string, any>} */
    const functions = {};
    for (const [name, call] of Object.entries(server)) {
      functions[name] = (/** @type {any} */ payload) =>
        complete(() => call(payload), LONG.has(name) ? LONG_PATIENCE : PATIENCE);
    }
    return /** @type {typeof server} */ (functions);
  };
})();
