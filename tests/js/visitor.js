// A visitor of the page without a server, in browsers that nobody steers: goes through its tabs and tells what happened.
(() => {
  const PATIENCE = 50_000; // ms for each thing waited for
  const wrong = [];
  addEventListener("error", (event) => wrong.push(String(event.message)));
  addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));
  document.addEventListener("securitypolicyviolation", (event) => wrong.push(`policy: ${event.violatedDirective}`));

  const frame = () => new Promise(requestAnimationFrame);
  const tell = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });

  /** Wait until something is there, and return it. */
  const there = async (what, look) => {
    const end = performance.now() + PATIENCE;
    while (performance.now() < end) {
      const found = look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`not there: ${what}`);
  };
  const one = (selector) => there(selector, () => document.querySelector(selector));

  /** The pixels of a canvas, and how many colours they have. */
  const seen = (selector) => {
    const canvas = document.querySelector(selector);
    const { data } = latentLab.context(canvas).getImageData(0, 0, canvas.width, canvas.height);
    return { pixels: [...data], colours: new Set(new Uint32Array(data.buffer)).size };
  };

  // What it does, in this order; what each returns is told under its name.
  const steps = {
    gallery: async () => {
      (await there("samples", () => document.querySelectorAll("#ll-gallery .ll-wall button")[5])).click();
      await one("#ll-explore .ll-screen:not(.ll-blank) canvas");
      const { pixels } = seen("#ll-explore .ll-screen canvas");
      return {
        pixels,
        where: document.querySelector("#ll-explore [data-where]").textContent,
        address: location.search,
      };
    },
    drag: async () => {
      const slider = await one("#ll-explore input[type=range]");
      let paints = 0;
      const { putImageData } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.putImageData = function (...all) {
        paints++;
        return putImageData.apply(this, all);
      };
      const before = seen("#ll-explore .ll-screen canvas").pixels;
      const begun = performance.now();
      for (let i = 0; i < 90; i++) {
        slider.value = String(+slider.min + ((+slider.max - +slider.min) * i) / 89);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await frame();
      }
      const seconds = (performance.now() - begun) / 1000;
      CanvasRenderingContext2D.prototype.putImageData = putImageData;
      await there("another picture", () => String(seen("#ll-explore .ll-screen canvas").pixels) !== String(before));
      return { paints, seconds };
    },
    interpolate: async () => {
      document.querySelector("#tab-interpolate-button").click();
      await one("#ll-interpolate .ll-scrub:enabled");
      return seen("#ll-interpolate canvas").colours;
    },
    train: async () => {
      document.querySelector("#tab-train-button").click();
      (await one("#ll-train [data-train=begin]:enabled")).click();
      await there("modes", () => /[1-8] of 8/.test(document.querySelector("#ll-train").innerText));
      return seen("#ll-train .ll-screens canvas").colours;
    },
    translate: async () => {
      document.querySelector("#tab-translate-button").click();
      await one("#ll-translate .ll-made .ll-screen:not(.ll-blank) canvas");
      return seen("#ll-translate .ll-result").colours;
    },
  };

  addEventListener("load", async () => {
    try {
      for (const [name, step] of Object.entries(steps)) await tell(name, await step());
      await tell("wrong", wrong);
      await tell("done", null);
    } catch (error) {
      await tell("failed", `${error}; before: ${wrong.join("; ")}`);
    }
  });
})();
