"""`LESSONS` of translation, and `WORLDS`, the pairs that the Train tab offers to translate between.

A new world is an entry in `WORLDS`, a new lesson one in `LESSONS`. Networks and pictures are small, so that one sees
them learn on one thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan.live.lesson import OTHERS, Lesson, Story
from gan.live.uploads import SETS
from gan.presets import PRESETS, TRANSLATION
from gan.training.alarms import Cure


@dataclass(frozen=True)
class World:
    """Pairs of `gan.data.PAIRS` that can be watched.

    title: for a menu; settings: over the defaults; near: the number that tells how near translations are to the truth.
    """

    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    near: str = "psnr"


WORLDS: dict[str, World] = {
    "beard-close-up": World("Beard off", {"mirror": True}),
    "sketch-one-palette": World("Sketch to face", {"change": 0.0, "mirror": True}),
    "flat-to-3d": World("Flat to 3-D", {"change": 0.0}),
    "grey-to-colour": World("Grey to colour", {"change": 0.0, "mirror": True}, near="colour_distance"),
}
_CYCLE = {"content": 3.0, "identity": 0.0, "change": 0.5}
_DEFAULTS: dict[str, Any] = {
    **TRANSLATION, **_CYCLE, "gamma": 0.05, "resolution": 32, "width": 32, "batch_size": 16, "learning_rate": 2e-3,
    "ema_images": 500, "burn_in": 2_000, "learning_rate_start": 2e-4, "anneal": 0.0, "images": 5_000_000,
    "sample_images": 4_000, "checkpoint_images": 4_000, "device": "cpu",
}  # fmt: skip
# CycleGAN's own recipe, in batches of 16 in place of 4, since steps cost more than pictures here.
_CYCLEGAN = {name: value for name, value in PRESETS["cyclegan"].items() if TRANSLATION.get(name) != value} | {
    "content": 10.0, "change": 0.0, "anneal": 0.0, "batch_size": 16, "augment": "none",
}  # fmt: skip

LESSONS: dict[str, Lesson] = {
    "cycle": Lesson(
        "With the cycle",
        {"translations": {}},
        translations=Story(
            setup="Two sets, and nothing that is in both. One network goes there, another comes back, and "
            "each picture has to come back as it was (CycleGAN, 2017).",
            question="Nobody shows it what any picture should become. Will it find out?",
            answers=("no, it needs pairs", "yes, from the two sets alone"),
            right=1,
            expect="What the sets differ in goes from the second row. The third row stays as the first.",
            watch=("psnr", "colour_distance", "cycle_error"),
            why="The critic tells what the second set has in common. The way back makes sure that nothing else goes: "
            "what is lost on the way there cannot be found again.",
            steps={OTHERS: 400},
        ),
    ),
    "no-cycle": Lesson(
        "Without the cycle",
        {"translations": {"content": 0.0, "identity": 0.0, "change": 0.0}},
        translations=Story(
            setup="The same two sets and networks, and critics that say whether a translation could be of its set. "
            "Nothing asks that it come back.",
            question="Will a translation still be of the picture that it was made of?",
            answers=("yes, why change the rest?", "no, it drifts away"),
            right=1,
            expect="Translations take on the look of the second set and lose their own: colours run, and the way back "
            "ends elsewhere. The cycle error grows.",
            watch=("cycle_error",),
            why="A critic sees whether a picture could belong to its set, never which one it was made of. So any "
            "picture of that set is as good as the right one.",
            cure=Cure("Ask for the way back", dict(_CYCLE)),
            then="Each picture has to come back as it was: the cycle error falls, and the third row is the first "
            "again.",
            steps={OTHERS: 200},
            cured={OTHERS: 100},
        ),
        except_on=("sketch-one-palette",),  # how a hand wobbled cannot come back with the cycle either
    ),
    "pairs": Lesson(
        "With pairs",
        {"translations": {"objective": "paired", "content": 10.0, "change": 0.0}},
        translations=Story(
            setup="Each picture comes with the very one that it should become: that distance counts, and a critic that "
            "sees both (pix2pix, 2017).",
            question="How much sooner does it get there than with two sets alone?",
            answers=("hardly", "several times"),
            right=1,
            expect="The second row becomes the last within a few hundred steps.",
            watch=("psnr", "colour_distance"),
            why="Every pixel is told its value, where a cycle only asks that nothing be lost. But pairs are what one "
            "seldom has: hence the cycle.",
            steps={OTHERS: 200},
        ),
    ),
    "cyclegan": Lesson(
        "CycleGAN, 2017",
        {"translations": _CYCLEGAN},
        translations=Story(
            setup="The recipe as first published: a network that paints the picture anew, normalised, against a critic "
            "of patches. Ours adds a change to the picture instead.",
            question="What will its first translations look like?",
            answers=("like the picture given", "like nothing yet"),
            right=1,
            expect="It first has to learn to paint a picture at all; only then can it begin to translate.",
            watch=("psnr", "colour_distance", "cycle_error"),
            why="A network that starts as the identity has only the difference to learn, and cannot turn colours "
            "around, the commonest trouble of the first recipe.",
            steps={OTHERS: 50},
        ),
    ),
}


def defaults(dataset: str) -> dict[str, Any]:
    """Return every setting of a run on two sets that a lesson does not change."""
    if dataset == SETS[1]:
        return {**_DEFAULTS, "source": SETS[0]}
    return {**_DEFAULTS, **(WORLDS[dataset].settings if dataset in WORLDS else {})}
