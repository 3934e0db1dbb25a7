"""When a run has gone wrong: the known troubles of GANs, each recognised by a number."""

from __future__ import annotations

import torch
from torch import Tensor

WON = 0.998  # share of pairs told apart from which the critic has won; emoji trains well at up to .995
WINDOW = 10_000  # images of which that share is the average, however fast they are shown
EXPLODED = 4.0  # diversity_ratio that nothing which learns has
LOST = 0.5  # share of its best diversity_ratio, at most 1, to which a generator may fall before it counts as collapsing
NARROW, LATE = 0.35, 50_000  # least diversity_ratio, once so many images were shown
FEW = 6  # modes of a mixture of points, below which a generator's count as collapsed


def diversity_ratio(made: Tensor, real: Tensor, groups: Tensor) -> float:
    """How different generated pictures or points (N, ...) are from each other, over the same of real ones.

    real: as many, on the same scale, each of the class of the generated one in its row; groups: those classes, int64
    (N,), all 0 where there are none. Compared within classes is the mean distance of a picture to the one most like
    it. A point of a mixture has neighbours in its mode whatever happens, so that of a point goes to the neighbour that
    is farther than a `FEW`th of all. 1 where there is nothing to compare.

    Measured at 64 pictures and 1,000 points: other real ones score .93 to 1.07; the shipped models .93 to 1.03 (emoji
    .69 to .72, never below .68 since image 20,000 of its training); one picture per class 0, under noise of 8 of 255
    levels .11 to .15; two pictures in all 0 to .10; latents at .3 of their length .43. Points of up to five modes of
    the ring or the grid, of up to three times their width: .15 at most (2 of 8: .02; 2 of 25: .03); points anywhere in
    the square .74 to 1.45.
    """
    apart = [[_apart(of[groups == group]) for of in (made, real)] for group in groups.unique()]
    pairs = [(m, r) for m, r in apart if len(m) > 0]
    if not pairs:
        return 1.0
    ours, theirs = (torch.cat(side).mean() for side in zip(*pairs, strict=True))
    return float(ours / theirs.clamp_min(1e-8))


def _apart(pictures: Tensor) -> Tensor:
    # (N,) distances as `diversity_ratio` has them; none of fewer than two.
    flat, nth = pictures.flatten(1).float(), max(len(pictures) // FEW, 1) if pictures.ndim == 2 else 1
    if len(flat) < 2:
        return flat.new_empty(0)
    far = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")  # the other mode sees twins apart
    return far.kthvalue(nth + 1, 1).values  # the first is the picture itself


class AlarmMonitor:
    """Sees a run's numbers and says what is wrong: (kind, sentence) when a trouble begins, None while it lasts.

    Not kept in checkpoints: a resumed run measures falls from the best that it has seen itself, and `NARROW` holds for
    it all the same.
    """

    def __init__(self) -> None:
        self._told_apart, self._images, self._best = 0.0, 0, 0.0
        self._on: set[str] = set()

    def accuracy(self, share: float, images: int) -> tuple[str, str] | None:
        """share: of real pictures that score above the fake one beside them, in [0, 1], on average over so many images
        since the last call.
        """
        self._told_apart, self._images = self._told_apart + share * images, self._images + images
        if self._images < WINDOW:
            return None
        average, self._told_apart, self._images = self._told_apart / self._images, 0.0, 0
        return self._once(
            "critic-won",
            average > WON,
            f"the critic tells {average:.1%} of all pairs apart, and the generator may learn little from it: "
            "raise --gamma (start again with --penalty r1+r2 where there is none), lower --critic-lr-ratio, or set "
            "--augment color,translation,cutout",
        )

    def diversity(self, share: float, shown: int) -> tuple[str, str] | None:
        """share: as `diversity_ratio` gives it; shown: images."""
        if share > EXPLODED or "exploded" in self._on:
            return self._once(
                "exploded",
                share > EXPLODED,
                f"what is generated differs {share:.0f} times as much as what is real: the steps are too large, lower "
                "--learning-rate",
            )
        self._best = max(self._best, min(share, 1.0))
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
