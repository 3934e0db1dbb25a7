// The game as a picture: what flows where, in the order of the step that was just made, where there is time to see it.
(() => {
  const lab = window.latentLab;
  const BEAT = 600; // ms of a phase, at most
  const LEAST = 50; // and at least: a step that the next one follows sooner is not shown
  /** @type {Record<string, string[]>} */
  const PHASES = { critic: ["c1", "c2", "c3"], generator: ["g1", "g2", "g3"] };
  // The words of a game that makes fakes from noise, and of one that translates pictures.
  const WORDS = {
    source: ["noise", "picture"],
    maker: ["generator", "translator"],
    made: ["The generator makes fakes from noise.", "The translator makes fakes from pictures."],
    again: ["New noise, new fakes.", "It translates once more."],
    learns: ["generator", "translator"],
    step: ["Generator", "Translator"],
  };
  /** What a translator learns from besides its critic. @type {Record<string, string>} */
  const BESIDES = {
    cycle: ", and from what does not come back",
    removal: ", and from what does not come back",
    contrastive: ", and to keep each place apart from the others",
    paired: ", and from the true one",
  };

  lab.game = (box) => {
    /** @type {string[]} */
    let left = []; // phases
    let [timer, beat] = [0, BEAT];
    let pairs = false; // whether the generator's step reads real ones

    /** Light what belongs to a phase, and nothing for "". @type {(phase: string) => void} */
    const light = (phase) =>
      box.querySelectorAll("[data-phase]").forEach((part) => {
        const of = part.getAttribute("data-phase")?.split(" ") ?? [];
        part.classList.toggle("ll-on", of.includes(phase) || (pairs && phase === "g2" && of.includes("p2")));
      });

    const next = () => {
      const phase = left.shift();
      light(phase ?? "");
      timer = phase ? window.setTimeout(next, beat) : 0;
    };

    return {
      show: ({ loss, penalty, gamma, clip, critic_steps: times, objective, content }) => {
        for (const [name, words] of Object.entries(WORDS)) {
          lab.finder(box)(`[data-at=${name}]`, Element).textContent = words[objective ? 1 : 0];
        }
        lab.finder(box)("[data-at=besides]").textContent = (content && BESIDES[objective]) || "";
        const held = [
          penalty !== "none" && gamma ? ` Its slopes are held down (${penalty}).` : "",
          clip ? ` Its weights are cut to ±${clip}.` : "",
        ];
        lab.finder(box)("[data-at=held]").textContent = held.join("");
        lab.finder(box)("[data-at=times]").textContent = times > 1 ? `, ${times} times` : "";
        pairs = loss === "relativistic";
        box.classList.toggle("ll-pairs", pairs);
      },
      step: (move, ms) => {
        const phases = move === "both" ? [...PHASES.critic, ...PHASES.generator] : PHASES[move];
        beat = Math.min(BEAT, ms / phases.length);
        clearTimeout(timer);
        left = beat < LEAST ? [] : phases.slice();
        next();
      },
    };
  };
})();
