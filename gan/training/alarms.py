"""Alarms: the known troubles of GAN training, each recognised by one number that passes a threshold, and their cures.

An alarm says what is the matter, in words that a terminal and the page share. What to do about it is a list of cures:
settings, which a terminal names as flags (`advice`) and the page offers as buttons.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gan.config import Config
from gan.data.points import is_points
from gan.training.augment import AUGMENTATIONS
from gan.training.events import Alarmed

# Share of pairs in which the real picture scores higher; above it the critic (discriminator) has won. Emoji trains well
# at up to .995.
CRITIC_WON_ACCURACY = 0.998
ACCURACY_WINDOW = 10_000  # images over which that share is averaged, however fast they are shown
EXPLODED_DIVERSITY = 4.0  # `diversity_ratio` above any that a generator which learns has
COLLAPSE_RATIO = 0.5  # of the best `diversity_ratio` so far, taken as at most 1; below it a generator is collapsing
LOW_DIVERSITY = 0.35  # least `diversity_ratio` of a healthy run
LOW_DIVERSITY_FROM = 50_000  # images shown from which on `LOW_DIVERSITY` holds


class AlarmMonitor:
    """Watches a run's numbers and returns (kind, message) when a trouble begins, None while it lasts.

    dataset: its name, because generated points are no pictures. Not stored in checkpoints: a resumed run compares with
    the best diversity since it was resumed.
    """

    def __init__(self, dataset: str = "") -> None:
        self._noun = "point" if is_points(dataset) else "picture"
        self._weighted_accuracy, self._images, self._best_diversity = 0.0, 0, 0.0
        self._active: set[str] = set()

    def check_accuracy(self, accuracy: float, images: int) -> tuple[str, str] | None:
        """Check whether the critic (discriminator) has won.

        accuracy: share of real pictures that score above the fake one beside them, in [0, 1], on average over so many
        images since the last call.
        """
        self._weighted_accuracy, self._images = self._weighted_accuracy + accuracy * images, self._images + images
        if self._images < ACCURACY_WINDOW:
            return None
        average, self._weighted_accuracy, self._images = self._weighted_accuracy / self._images, 0.0, 0
        return self._begin(
            "critic-won",
            average > CRITIC_WON_ACCURACY,
            f"the critic (discriminator) scores the real {self._noun} higher in {average:.1%} of all pairs, and the "
            "generator may learn little from it",
        )

    def check_diversity(self, diversity: float, shown: int) -> tuple[str, str] | None:
        """Check for mode collapse and for pictures far off. diversity: `diversity_ratio`, after `shown` images."""
        if diversity > EXPLODED_DIVERSITY or "exploded" in self._active:
            return self._begin(
                "exploded",
                diversity > EXPLODED_DIVERSITY,
                f"generated {self._noun}s differ {diversity:,.0f} times as much as real ones",
            )
        self._best_diversity = max(self._best_diversity, min(diversity, 1.0))
        collapsing = diversity < COLLAPSE_RATIO * self._best_diversity
        return self._begin(
            "diversity",
            collapsing or (shown >= LOW_DIVERSITY_FROM and diversity < LOW_DIVERSITY),
            f"generated {self._noun}s differ {diversity:.0%} as much as real ones (best so far "
            f"{self._best_diversity:.0%}), a sign of mode collapse",
        )

    def _begin(self, kind: str, wrong: bool, message: str) -> tuple[str, str] | None:
        new = wrong and kind not in self._active
        (self._active.add if wrong else self._active.discard)(kind)
        return (kind, message) if new else None


@dataclass(frozen=True)
class Cure:
    """Something to try. words: in the imperative; changes: the settings that do it."""

    words: str
    changes: dict[str, Any]


def alarmed(shown: int, kind: str, message: str, config: Config) -> Alarmed:
    """Return the event of an alarm, with what to do about it on a command line."""
    return Alarmed(shown, kind, message, advice(cures(kind, config)))


def cures(kind: str, config: Config) -> list[Cure]:
    """List what may help against an alarm of a kind in a run with this config, the likeliest first."""
    return [cure for find in CURES.get(kind, ()) if (cure := find(config))]


def advice(found: Sequence[Cure]) -> str:
    """Return cures as the flags of a command that resumes the run, or starts it again; "" for none."""
    live = {f.name for f in dataclasses.fields(Config) if f.metadata.get("resumable")}
    resumed = [_flags(cure) for cure in found if live.issuperset(cure.changes)]
    renewed = [_flags(cure) for cure in found if not live.issuperset(cure.changes)]
    parts = (f"{verb} with {' or '.join(flags)}" for verb, flags in (("resume", resumed), ("start again", renewed)))
    return ", or ".join(part for part, flags in zip(parts, (resumed, renewed), strict=True) if flags)


def _flags(cure: Cure) -> str:
    values = {name: f"{value:g}" if isinstance(value, float) else value for name, value in cure.changes.items()}
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in values.items())


def _penalised(config: Config) -> bool:
    return config.penalty != "none" and config.gamma > 0


def _add_penalty(config: Config) -> Cure | None:
    if _penalised(config) or config.critic_norm == "batch":  # which mixes the pictures that a penalty tells apart
        return None
    return Cure("add the penalty", {"penalty": "r1+r2", **({} if config.gamma else {"gamma": 1.0})})


def _raise_gamma(config: Config) -> Cure | None:
    if not _penalised(config) or config.gamma > 100:
        return None
    return Cure("double the penalty's weight", {"gamma": 2 * config.gamma})


def _saturation(config: Config) -> Cure | None:
    return Cure("use the non-saturating loss", {"loss": "nonsaturating"}) if config.loss == "minimax" else None


def _relativistic(config: Config) -> Cure | None:
    if config.loss == "relativistic":
        return None
    penalty = _add_penalty(config)
    words = "use the relativistic loss" + (" and add the penalty" if penalty else "")
    return Cure(words, {"loss": "relativistic", **(penalty.changes if penalty else {})})


def _equal_rates(config: Config) -> Cure | None:
    ratio = {"critic_lr_ratio": 1.0}
    return Cure("let the critic learn as fast as the generator", ratio) if config.critic_lr_ratio < 1 else None


def _slower_critic(config: Config) -> Cure | None:
    ratio = config.critic_lr_ratio / 2
    return Cure("halve the critic's learning rate", {"critic_lr_ratio": ratio}) if ratio >= 0.05 else None


def _slower(config: Config) -> Cure | None:
    rate = config.learning_rate / 2
    return Cure("halve the learning rate", {"learning_rate": rate}) if rate > 1e-6 else None


def _augment(config: Config) -> Cure | None:
    if config.augment != "none" or is_points(config.dataset):
        return None
    return Cure("augment the pictures", {"augment": ",".join(AUGMENTATIONS)})


# By kind of alarm. Each returns a cure that this config has not taken yet and may take while it trains, or None.
CURES: dict[str, tuple[Callable[[Config], Cure | None], ...]] = {
    "critic-won": (_saturation, _add_penalty, _raise_gamma, _slower_critic, _augment),
    "diversity": (_equal_rates, _relativistic, _raise_gamma),
    "exploded": (_saturation, _add_penalty, _slower),
    "non-finite": (_add_penalty,),  # a rollback has lowered the learning rate
    "gave-up": (_add_penalty, _slower),
}
