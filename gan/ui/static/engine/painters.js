// Where a picture is drawn: by this browser once it has the model's weights, until then and where it cannot by the
// server. Replies are the same from both, so whoever asks need not know.
(() => {
  const lab = window.latentLab;
  const AGAIN = 60_000; // ms after which one that went wrong is tried again
  const PART = 16; // frames of a walk that are drawn before the worker's other tasks have their turn
  const DRAWN = new Set(["seed", "label", "truncation", "sliders", "named", "raw", "partner", "border"]); // controls that the engine knows

  /** @type {Engine | undefined} */
  let engine;
  /**
   * What is known of a model. failed: when its weights could not be used, in ms. arriving: while they are fetched.
   * @type {Map<string, { state: PainterState, failed: number, arriving?: Promise<string> }>}
   */
  const models = new Map();

  /** @type {(model: string, server: PackServer) => Promise<"ready" | "server">} */
  const load = async (model, server) => {
    const { connection } = /** @type {{ connection?: { saveData?: boolean } }} */ (navigator);
    if (!lab.worker || (connection?.saveData && !lab.site)) return "server"; // nothing went wrong
    const reply = await server.pack({ model });
    if (reply.error !== undefined || reply.busy) throw new Error("the server does not send the model's weights");
    if (reply.address === null) return "server";
    engine ??= lab.engine(String(new URL(lab.worker, document.baseURI)));
    await engine.start();
    const progress = (/** @type {number} */ share) => server.progress?.(model, share);
    const file = await lab.bringPack(reply.address, reply.bytes, progress);
    const { forgotten } = await engine.load(model, reply.squeezed ? await lab.inflatePack(file) : file);
    forgotten.forEach((other) => models.delete(other));
    return "ready";
  };

  lab.loadPainter = async (model, server, again = AGAIN) => {
    const { state = "failed", failed = -Infinity, arriving } = models.get(model) ?? {};
    if (arriving) return arriving;
    if (state !== "failed" || performance.now() - failed < again) return "";
    const fetchAll = async () => {
      try {
        models.set(model, { state: await load(model, server), failed });
        return "";
      } catch (error) {
        models.set(model, { state: "failed", failed: performance.now() });
        return error instanceof Error ? error.message : String(error);
      }
    };
    const why = fetchAll();
    models.set(model, { state: "loading", failed, arriving: why });
    return why;
  };

  lab.painterState = (model) => models.get(model)?.state ?? "server";

  /** Whether the engine knows every control that is not at its default. @type {(request: Record<string, any>) => boolean} */
  const isKnown = (request) =>
    (request.edits ?? []).every((/** @type {any} */ edit) => !edit || isKnown(edit)) &&
    lab.controls.every((control) => {
      const value = request[control.name];
      return DRAWN.has(control.name) || value === undefined || lab.codecs[control.kind].format(value, control) === "";
    });

  /**
   * Draw here where that works, else ask the server.
   * @type {<T>(request: any, here: (engine: Engine) => Promise<any>, there: () => Promise<T>) => Promise<T>}
   */
  const paint = async (request, here, there) => {
    if (!engine || models.get(request.model)?.state !== "ready" || !isKnown(request)) return there();
    try {
      return await here(engine);
    } catch {
      models.set(request.model, { state: "failed", failed: performance.now() });
      return there();
    }
  };

  /** @type {(drawn: EnginePixels) => PackedImages} */
  const reply = ({ size, count, pixels, ms, acting = null }) => ({
    ...{ n: count, h: size, w: size, c: 4, p: "" },
    ...{ pixels, here: ms, acting },
  });

  /** @type {(engine: Engine, request: Pick<GridRequest, "model" | "seeds" | "label"> & { truncation: any, edits?: any[] }) => Promise<EnginePixels>} */
  const drawSeeds = (engine, { model, seeds, label, truncation, edits = [] }) =>
    engine.draw(
      model,
      seeds.map((seed, i) => ({ ...(edits[i] ?? { label, truncation }), seed })),
    );

  /** All frames of a walk in parts, then its keyframes. @type {(engine: Engine, request: WalkRequest) => Promise<Sheet>} */
  const drawWalk = async (engine, request) => {
    const { model, seeds, frames } = request;
    const parts = [];
    for (let from = 0; from < frames; from += PART) {
      parts.push(await engine.walk(model, request, from, Math.min(frames, from + PART)));
    }
    parts.push(await drawSeeds(engine, request));
    const cells = parts.flatMap((part) => lab.decodeImages(reply(part)));
    const columns = Math.ceil(Math.sqrt(cells.length));
    return { size: parts[0].size, frames, keys: seeds.length, columns, sheet: "", cells };
  };

  lab.paintPictures = ({ picture, grid }) => ({
    picture: (request) =>
      paint(
        request,
        async (to) => reply(await to.draw(String(request.model), [/** @type {any} */ (request)])),
        () => picture(request),
      ),
    grid: (request) =>
      paint(
        request,
        async (to) => reply(await drawSeeds(to, request)),
        () => grid(request),
      ),
  });

  lab.packTranslation = ({ pixels, ...rest }) => ({ ...rest, picture: lab.base64(pixels) });

  lab.paintTranslations = ({ translate }) => ({
    translate: (request) =>
      paint(
        request,
        async (to) => reply(await to.translate(request.model, request)),
        () => translate({ ...lab.packTranslation(request), follows: true }),
      ),
  });

  lab.drawHere = async (model, states) => {
    if (!engine || models.get(model)?.state !== "ready" || !states.every(isKnown)) return null;
    try {
      return lab.decodeImages(reply(await engine.draw(model, /** @type {any[]} */ (states))));
    } catch {
      return null; // the next picture finds out why
    }
  };

  lab.paintWalks = ({ walk }) => ({
    walk: (request) =>
      paint(
        request,
        (to) => drawWalk(to, request),
        () => walk(request),
      ),
  });
})();
