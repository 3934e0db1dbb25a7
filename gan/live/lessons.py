"""`LESSONS`: settings of runs that teach something when watched, and what is told beside them.

A new one is an entry here, or, of translations, in `gan.live.translation_lessons`. `benchmarks/lessons.py` measures
whether it happens.
"""

from __future__ import annotations

from typing import Any

from gan.config import Config
from gan.errors import ConfigError
from gan.live import translation_lessons
from gan.live.lesson import OTHERS, Lesson, Story, kind_of
from gan.networks.precision import faster_precision
from gan.training.alarms import Cure

# Defaults of a run in the browser, for points and for pictures: small, and quick on one thread.
POINTS: dict[str, Any] = {
    "network": "points", "batch_size": 128, "z_dim": 2, "width": 32, "learning_rate": 2e-3, "critic_lr_ratio": 2.0,
    "beta1": 0.0, "beta2": 0.9, "gamma": 0.1, "ema_images": 12_800, "precision": "fp32", "anneal": 0.0,
    "images": 20_000_000, "sample_images": 16_000, "checkpoint_images": 64_000, "device": "cpu",
}  # fmt: skip
PICTURES: dict[str, Any] = {
    "network": "resnet", "batch_size": 16, "width": 32, "learning_rate": 8e-4, "gamma": 0.3, "ema_images": 2_000,
    "anneal": 0.0, "images": 5_000_000, "sample_images": 4_000, "checkpoint_images": 4_000, "device": "cpu",
}  # fmt: skip
_MODERN = {"loss": "relativistic", "penalty": "r1+r2"}
# An average over one image is the generator itself: it shows at once what happens to it.
_CLASSIC = {
    "loss": "nonsaturating", "penalty": "none", "learning_rate": 1e-3, "critic_lr_ratio": 1.0, "beta1": 0.5,
    "beta2": 0.999, "ema_images": 1,
}  # fmt: skip
_CONVOLUTIONS = {"network": "dcgan", "batch_size": 32, "learning_rate": 2e-4, "ema_images": 1}
_WGAN = {"loss": "wgan", "penalty": "none", "optimizer": "rmsprop", "learning_rate": 5e-4, "beta2": 0.99}
# The modern recipe as a cure of a run that trains: whatever else a lesson has set goes back, too.
_CURED = {
    **_MODERN, "clip": 0.0, "critic_steps": 1, "optimizer": "adam",
    **{name: POINTS[name] for name in ("gamma", "learning_rate", "critic_lr_ratio", "beta1", "beta2", "ema_images")},
}  # fmt: skip
_CURED_PICTURES = {
    **_CURED,
    "gamma": 1.0,
    "learning_rate": 4e-4,
    "critic_lr_ratio": 1.0,
    "beta2": 0.99,
    "ema_images": 2_000,
}
_TO_MODERN = "Switch to the modern recipe"

LESSONS: dict[str, Lesson] = {
    "modern": Lesson(
        "Modern",
        {"points": _MODERN, "pictures": _MODERN},
        points=Story(
            setup="Every fake is compared with a real one, and two penalties, R1 and R2, keep the critic gentle "
            "(2025).",
            question="Soon it has found every group. How many of the points will then lie well within one?",
            answers=("nearly all", "few, then ever more"),
            right=1,
            expect="The red points leave their heap and are in every grey group within hundreds of steps. Until nearly "
            "all lie well within one, as real points do, it takes tens of times as long: the number climbs slowly.",
            watch=("quality", "recall"),
            why="The loss compares pairs, so one good place is never enough: each real point has to be answered. The "
            "penalties flatten the critic around real and fake, so there is a slope to follow from everywhere.",
            steps={"grid": 5_000, OTHERS: 1_000},
        ),
        pictures=Story(
            setup="Every fake is compared with a real one, and two penalties, R1 and R2, keep the critic gentle "
            "(2025).",
            question="What comes first?",
            answers=("sharp pictures of one kind", "blurs of every kind"),
            right=1,
            expect="Grey noise turns into blurs of many kinds, which become sharper together.",
            watch=("frechet", "diversity"),
            why="The loss compares pairs, so one good picture is never enough. The penalties flatten the critic "
            "around real and fake, so that the generator is always told which way is better.",
            steps={"mnist-10k": 600, OTHERS: 500},
        ),
    ),
    "classic": Lesson(
        "Classic DCGAN",
        {"points": _CLASSIC, "pictures": {**_CLASSIC, **_CONVOLUTIONS}},
        points=Story(
            setup="The recipe of 2015: cross-entropy, Adam with momentum, and nothing that holds the critic back.",
            question="Once a group of points is found, is it kept?",
            answers=("yes", "no, groups come and go"),
            right=1,
            expect="Red points find groups and lose them again: the number goes up and down, and does not settle.",
            watch=("modes", "recall"),
            why="The critic grows steep wherever fakes gather, so they are pushed out of places that were right. "
            "Momentum carries both players past the point where they would agree.",
            cure=Cure(_TO_MODERN, _CURED),
            then="Penalties make the critic's colours smooth, momentum is gone, and group after group is found and "
            "held.",
            steps={OTHERS: 300},
        ),
        pictures=Story(
            setup="The recipe of 2015: cross-entropy, Adam with momentum, and nothing that holds the critic back.",
            question="Once a kind of picture is found, is it kept?",
            answers=("yes", "no, kinds come and go"),
            right=1,
            expect="Pictures appear soon, and change their minds: what was a good one becomes another.",
            watch=("diversity",),
            why="The critic grows steep wherever fakes gather, so they are pushed away from what was right. Momentum "
            "carries both players past the point where they would agree.",
            cure=Cure("Add R1 + R2", {"penalty": "r1+r2", "gamma": 1.0}),
            then="Pictures change less from moment to moment, and go on improving.",
            steps={"mnist-10k": 300, OTHERS: 200},
        ),
    ),
    "collapse": Lesson(
        "Collapse on purpose",
        {
            "points": {**_CLASSIC, "learning_rate": 2e-3, "critic_lr_ratio": 0.02, "beta1": 0.9},
            "pictures": {
                **_CLASSIC,
                **_CONVOLUTIONS,
                "conditional": False,
                "learning_rate": 1e-3,
                "critic_lr_ratio": 0.01,
            },
        },
        points=Story(
            setup="A generator that learns fifty times as fast as its critic.",
            question="How many of the groups of points will it hold at once?",
            answers=("fewer than half", "about half", "all"),
            right=0,
            expect="This is mode collapse: all red points gather in one heap or one streak. The critic slowly turns "
            "that place blue, and all of them move on, now and then out of the picture.",
            watch=("modes", "recall"),
            why="Whatever place the critic likes best just now pays most, and the fast generator sends every point "
            "there. Nothing in its loss asks for variety; the critic notices too late, and only moves the heap.",
            cure=Cure(_TO_MODERN, _CURED),
            then="Now each fake is compared with a real one, and the critic keeps up: the heap bursts and fills the "
            "groups.",
            steps={OTHERS: 200},
            cured={"grid": 5_000, OTHERS: 1_500},
            pace=0.0075,
        ),
        pictures=Story(
            setup="A generator that learns a hundred times as fast as its critic, and is not told the classes.",
            question="How many kinds of pictures will it make?",
            answers=("a few, over and over", "all"),
            right=0,
            expect="This is mode collapse: all pictures become nearly the same one. Now and then all of them change "
            "together.",
            watch=("classes_found", "diversity"),
            why="Whatever picture the critic likes best just now pays most, and the fast generator makes nothing "
            "else. Nothing in its loss asks for variety.",
            cure=Cure(_TO_MODERN, _CURED_PICTURES),
            then="Now each fake is compared with a real one, and the critic keeps up: pictures begin to differ.",
            steps={"mnist-10k": 200, OTHERS: 200},
            cured={"mnist-10k": 200},
            pace=0.05,
        ),
    ),
    "minimax": Lesson(
        "Vanishing gradient",
        {
            "points": {**_CLASSIC, "loss": "minimax", "learning_rate": 3e-2, "critic_lr_ratio": 0.5},
            "pictures": {
                **_CLASSIC,
                **_CONVOLUTIONS,
                "loss": "minimax",
                "learning_rate": 2e-5,
                "critic_lr_ratio": 100.0,
            },
        },
        points=Story(
            setup="The loss as first published in 2014, log(1 − D(fake)), and steps fifteen times too large.",
            question="The critic will soon be right about every point. Does that help the generator?",
            answers=("yes, it is told what is wrong", "no, it learns nothing"),
            right=1,
            expect="The first large steps throw the red points out of the picture. The critic is certain, and all "
            "stands still.",
            watch=("generator_gradient",),
            why="Where the critic is certain that a point is fake, log(1 − D) is flat: its slope is 0, and so is "
            "every step that follows it. No slope leads back.",
            cure=Cure("Use the non-saturating loss", {"loss": "nonsaturating"}),
            then="Only the formula has changed, to −log D(fake), which is steep exactly where the critic is certain: "
            "the gradient is back at the next step, and the points return.",
            steps={OTHERS: 200},
            cured={OTHERS: 300},
            pace=0.05,
        ),
        pictures=Story(
            setup="The loss as first published in 2014, log(1 − D(fake)), and a critic that learns a hundred times as "
            "fast.",
            question="The critic will soon be right about every picture. Does that help the generator?",
            answers=("yes, it is told what is wrong", "no, it learns nothing"),
            right=1,
            expect="The critic tells real from noise within seconds, and the pictures stay noise.",
            watch=("generator_gradient",),
            why="Where the critic is certain that a picture is fake, log(1 − D) is flat: its slope is 0, and so is "
            "every step that follows it.",
            cure=Cure("Use the non-saturating loss", {"loss": "nonsaturating"}),
            then="Only the formula has changed, to −log D(fake), which is steep where the critic is certain: the "
            "gradient is back at the next step. The critic is still far ahead, so pictures come slowly.",
            steps={"mnist-10k": 100, OTHERS: 100},
            cured={"mnist-10k": 10},
        ),
    ),
    "wgan": Lesson(
        "WGAN, clipped",
        {
            "points": {**_WGAN, "clip": 0.3, "critic_steps": 3, "critic_lr_ratio": 2.0},
            "pictures": {**_CONVOLUTIONS, **_WGAN, "clip": 0.03, "critic_steps": 5, "critic_lr_ratio": 1.0},
        },
        points=Story(
            setup="After each step, every weight of the critic is cut to a small box (WGAN, 2017).",
            question="It will reach every group of points. How many points will lie right inside one?",
            answers=("under a third", "about half", "nearly all"),
            right=0,
            expect="Points spread over the whole pattern and stay a blur around it.",
            watch=("quality", "precision"),
            why="With its weights in a box the critic can draw slow slopes alone. It sees where points are missing, "
            "and is blind to fine detail.",
            cure=Cure(_TO_MODERN, _CURED),
            then="The box is gone, and penalties bound the slope instead: points draw together into the groups.",
            steps={OTHERS: 300},
            cured={OTHERS: 1_500},
        ),
        pictures=Story(
            setup="After each step, every weight of the critic is cut to a small box (WGAN, 2017).",
            question="It is stable. Will its pictures become sharp?",
            answers=("yes, with patience", "no, they stay blurred"),
            right=1,
            expect="Shapes appear without drama, and stay soft.",
            watch=("frechet", "diversity"),
            why="With its weights in a box the critic can draw slow slopes alone. It sees the coarse shape, and is "
            "blind to fine detail.",
            cure=Cure(_TO_MODERN, _CURED_PICTURES),
            then="The box is gone, and penalties bound the slope instead: detail begins to count.",
            steps={"mnist-10k": 200, OTHERS: 250},
        ),
    ),
}
LESSONS |= translation_lessons.LESSONS


def story_of(preset: str, dataset: str) -> Story:
    """Return what a lesson tells beside a run on a data set; KeyError for a lesson that there is not, or not on it."""
    return LESSONS[preset].stories[kind_of(dataset)]


def settings(preset: str, dataset: str) -> dict[str, Any]:
    """Return every setting of a preset for a data set, to build a `Config` from; KeyError as `story_of`.

    Pictures train in the precision that is quicker on this machine.
    """
    kind = kind_of(dataset)
    own = {**LESSONS[preset].settings[kind], "dataset": dataset}
    if kind == "points":
        return {**POINTS, **own}
    defaults = PICTURES if kind == "pictures" else translation_lessons.defaults(dataset)
    return {**defaults, **own, "precision": faster_precision("cpu")}


def config_of(preset: str, dataset: str, changes: dict[str, Any]) -> Config:
    """Return the config of a preset with changes; ConfigError for a bad value, or for a lesson not taught on this."""
    if not LESSONS[preset].taught_on(dataset):
        taught = [name for name, lesson in LESSONS.items() if lesson.taught_on(dataset)]
        raise ConfigError(f"{preset} is no lesson on {dataset[:40]}: choose one of {', '.join(taught)}")
    return Config(**{**settings(preset, dataset), **changes})
