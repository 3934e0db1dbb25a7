"""How a run can fail, said so that it can be helped."""

from __future__ import annotations


class TrainingError(RuntimeError):
    """Training cannot go on; the message says what happened and what to try. The last checkpoint is untouched."""


class Diverged(TrainingError):
    """Raised for losses or weights that are not finite. where: which, as in "critic loss"."""

    def __init__(self, shown: int, where: str) -> None:
        self.where = where
        super().__init__(
            f"{where} not finite after {shown:,} images: resume from the last checkpoint with a lower "
            "--learning-rate, or start again with a higher --gamma, or with --penalty r1+r2 where there is none"
        )
