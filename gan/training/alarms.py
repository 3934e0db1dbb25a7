"""Alarms: the known troubles of GAN training, each recognised by one number that passes a threshold."""

from __future__ import annotations

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

    Not stored in checkpoints: a resumed run compares with the best diversity since it was resumed.
    """

    def __init__(self) -> None:
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
            f"the critic (discriminator) scores the real picture higher in {average:.1%} of all pairs, and the "
            "generator may learn little from it: raise --gamma (start again with --penalty r1+r2 if there is no "
            "penalty), lower --critic-lr-ratio, or set --augment color,translation,cutout",
        )

    def check_diversity(self, diversity: float, shown: int) -> tuple[str, str] | None:
        """Check for mode collapse and for pictures far off. diversity: `diversity_ratio`, after `shown` images."""
        if diversity > EXPLODED_DIVERSITY or "exploded" in self._active:
            return self._begin(
                "exploded",
                diversity > EXPLODED_DIVERSITY,
                f"generated pictures differ {diversity:.0f} times as much as real ones: the steps are too large, lower "
                "--learning-rate",
            )
        self._best_diversity = max(self._best_diversity, min(diversity, 1.0))
        collapsing = diversity < COLLAPSE_RATIO * self._best_diversity
        return self._begin(
            "diversity",
            collapsing or (shown >= LOW_DIVERSITY_FROM and diversity < LOW_DIVERSITY),
            f"generated pictures differ {diversity:.0%} as much as real ones (best so far {self._best_diversity:.0%}), "
            "a sign of mode collapse: try --loss relativistic with --penalty r1+r2, or a higher --gamma",
        )

    def _begin(self, kind: str, wrong: bool, message: str) -> tuple[str, str] | None:
        new = wrong and kind not in self._active
        (self._active.add if wrong else self._active.discard)(kind)
        return (kind, message) if new else None
