// Knobs of a MIDI controller on sliders: touch a slider, press Learn, turn a knob. The browser remembers which is whose.
(() => {
  const lab = window.latentLab;
  const STORE = "latent-lab-knobs";
  const CONTROL_CHANGE = 0xb0; // a message's first byte, with the channel in its lower half
  const TOP = 127; // of a knob
  const STILL = 300; // ms without a turn before a knob counts as let go
  const NO_MIDI = "This browser has no Web MIDI. Chrome, Edge, Opera and Firefox on a computer have it.";
  const REFUSED = "The browser did not allow MIDI. Allow it for this page, then press Learn again.";
  const NO_DEVICE = "No MIDI controller is connected. Plug one in: it is found at once.";

  /** Knobs by the key of their slider: [channel, controller]. @type {() => Map<string, [number, number]>} */
  const stored = () => {
    try {
      const entries = Object.entries(JSON.parse(localStorage.getItem(STORE) ?? "{}"));
      return new Map(entries.filter(([, knob]) => Array.isArray(knob) && knob.every((one) => Number.isInteger(one))));
    } catch {
      return new Map(); // nothing stored, or storage is forbidden in a frame
    }
  };

  lab.knobValue = (turned, { low, high, step }) => {
    const value = low + (turned / TOP) * (high - low);
    return Number((low + Math.round((value - low) / step) * step).toFixed(lab.decimals(step)));
  };

  lab.midiKnobs = (element, { list, learn, say }) => {
    const knobs = stored();
    let touched = ""; // key of the slider that was touched last
    let learning = "";
    /** @type {MIDIAccess | null} */
    let access = null;
    /** @type {Map<string, number>} */
    const timers = new Map(); // of knobs that turn

    /** @type {(key: string) => HTMLInputElement | null} */
    const sliderOf = (key) => element.querySelector(`input[data-slider="${CSS.escape(key)}"]`);
    /** @type {(key: string) => string} */
    const wordsOf = (key) => sliderOf(key)?.getAttribute("aria-label") ?? key.split(":").slice(1).join(":");

    const store = () => {
      try {
        localStorage.setItem(STORE, JSON.stringify(Object.fromEntries(knobs)));
      } catch {
        // they last as long as the page
      }
    };
    const render = () => {
      learn.textContent = learning ? "Cancel" : "Learn";
      learn.setAttribute("aria-pressed", String(learning !== ""));
      const rows = [...knobs].map(([key, [channel, controller]]) => {
        const said = `knob ${controller}${channel ? ` of channel ${channel + 1}` : ""}: ${wordsOf(key)}`;
        const attributes = { type: "button", class: "ll-button", "aria-label": `Forget ${said}`, title: "Forget" };
        const forget = lab.createElement("button", attributes, "×");
        forget.addEventListener("click", () => {
          knobs.delete(key);
          store();
          render();
          learn.focus();
        });
        return lab.createElement("li", {}, said, forget);
      });
      list.replaceChildren(...rows);
      list.hidden = !rows.length;
    };

    /** @type {(channel: number, controller: number, turned: number) => void} */
    const turn = (channel, controller, turned) => {
      if (learning) {
        for (const [key, knob] of knobs) if (knob[0] === channel && knob[1] === controller) knobs.delete(key);
        knobs.set(learning, [channel, controller]);
        store();
        say(`Knob ${controller} now moves ${wordsOf(learning)}.`);
        learning = "";
        render();
      }
      for (const [key, knob] of knobs) {
        const input = sliderOf(key);
        if (knob[0] !== channel || knob[1] !== controller || !input || input.disabled) continue;
        const [low, high, step] = [input.min, input.max, input.step].map(Number);
        input.value = String(lab.knobValue(turned, { low, high, step }));
        input.dispatchEvent(new Event("input", { bubbles: true }));
        clearTimeout(timers.get(key));
        timers.set(
          key,
          setTimeout(() => input.dispatchEvent(new Event("change", { bubbles: true })), STILL),
        );
      }
    };
    const listen = () => {
      for (const port of access?.inputs.values() ?? []) {
        port.onmidimessage = ({ data }) => {
          if (data && (data[0] & 0xf0) === CONTROL_CHANGE) turn(data[0] & 0x0f, data[1], data[2]);
        };
      }
    };

    /** Ask for the controllers; why there are none, or "". @type {() => Promise<string>} */
    const connect = async () => {
      if (!navigator.requestMIDIAccess) return NO_MIDI;
      try {
        access ??= await navigator.requestMIDIAccess();
      } catch {
        return REFUSED;
      }
      access.onstatechange = listen;
      listen();
      return access.inputs.size ? "" : NO_DEVICE;
    };

    learn.addEventListener("click", async () => {
      if (learning) {
        learning = "";
        say("");
        return render();
      }
      if (!sliderOf(touched)) return say("Touch a slider first: the knob will be for that one.");
      const wished = touched; // the focus may go elsewhere meanwhile
      const why = await connect();
      if (why && why !== NO_DEVICE) return say(why);
      learning = wished;
      say(`${why} Now turn a knob: it will move ${wordsOf(wished)}.`.trim());
      render();
    });
    for (const kind of ["pointerdown", "focusin", "input"]) {
      element.addEventListener(kind, (event) => {
        const { slider } = lab.closest(event, "input[data-slider]")?.dataset ?? {};
        if (slider !== undefined && event.isTrusted) touched = slider;
      });
    }

    /** Knobs that were learnt before work at once where the visitor need not be asked again. */
    const resume = async () => {
      const query = /** @type {any} */ ({ name: "midi" });
      const permission = knobs.size ? await navigator.permissions?.query(query).catch(() => null) : null;
      if (permission?.state === "granted") await connect();
    };
    render();
    void resume();
    return { render };
  };
})();
