"""When a run has gone wrong: the known troubles of GANs, each recognised by a number."""

from __future__ import annotations

import torch
from torch import Tensor

WON = 0.98  # share of pairs told apart, on average, from which the critic has won
MEMORY = 0.9  # of the running average of that share, per report
REPORTS = 30  # before it is believed
EXPLODED = 4.0  # spread, over that of real pictures, that nothing which learns has
LOST = 0.5  # share of its best spread to which a generator may fall before it counts as collapsing
NARROW, LATE = 0.35, 50_000  # least spread, over that of real pictures, once so many images were shown


def spread(pictures: Tensor) -> float:
    """Mean distance between two of the pictures (N, ...), N at least 2, on the values' own scale."""
    return float(torch.pdist(pictures.flatten(1).float()).mean())


class Watch:
    """Sees a run's numbers and says what is wrong: (kind, sentence) when a trouble begins, None while it lasts."""

    def __init__(self) -> None:
        self._accuracy, self._reports, self._best = 0.5, 0, 0.0
        self._on: set[str] = set()

    def accuracy(self, share: float) -> tuple[str, str] | None:
        """share: of real pictures that score above the fake one beside them, in one step, in [0, 1]."""
        self._reports += 1
        self._accuracy += (1 - MEMORY) * (share - self._accuracy)
        wrong = self._reports >= REPORTS and self._accuracy > WON
        return self._once(
            "critic-won",
            wrong,
            f"the critic tells {self._accuracy:.1%} of all pairs apart, and the generator may learn little from it: "
            "raise --gamma, lower --critic-lr-ratio, or set --augment color,translation,cutout",
        )

    def diversity(self, share: float, shown: int) -> tuple[str, str] | None:
        """share: spread of generated over that of real pictures; shown: images."""
        if share > EXPLODED or "exploded" in self._on:
            return self._once(
                "exploded",
                share > EXPLODED,
                f"what is generated differs {share:.0f} times as much as what is real: the steps are too large, lower "
                "--learning-rate",
            )
        self._best = max(self._best, share)
        wrong = share < LOST * self._best or (shown >= LATE and share < NARROW)
        return self._once(
            "diversity",
            wrong,
            f"generated pictures differ {share:.0%} as much as real ones (best so far {self._best:.0%}), the mark of "
            "mode collapse: try --loss relativistic with --penalty r1+r2, or a higher --gamma",
        )

    def _once(self, kind: str, wrong: bool, sentence: str) -> tuple[str, str] | None:
        new = wrong and kind not in self._on
        (self._on.add if wrong else self._on.discard)(kind)
        return (kind, sentence) if new else None
