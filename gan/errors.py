"""Every error that is meant for the user: one class for each kind of cause, each message with its cure.

A command line prints the message and exits with status 1; the browser shows it. Any other exception is a fault of the
program.
"""

from __future__ import annotations


class ConfigError(ValueError):
    """Raised for a setting that is out of range, of the wrong type, unknown, or at odds with another one."""


class DataError(ValueError):
    """Raised for data that cannot be used; the message names the value or the file."""


class FolderError(ValueError):
    """Raised for a model folder that cannot be used; the message names the file and the fault."""


class HubError(ValueError):
    """Raised for whatever the Hugging Face Hub refuses or cannot do."""


class TrainingError(RuntimeError):
    """Raised when training cannot go on; the last checkpoint is untouched.

    trouble: what happened. advice: what to do about it on a command line; the page has its own.
    """

    def __init__(self, trouble: str, advice: str = "") -> None:
        self.trouble, self.advice = trouble, advice
        super().__init__(f"{trouble}: {advice}" if advice else trouble)


class Diverged(TrainingError):
    """Raised for losses or weights that are not finite. where: which of them, as in "critic loss"."""

    def __init__(self, shown: int, where: str) -> None:
        self.where = where
        super().__init__(
            f"{where} not finite after {shown:,} images",
            "resume from the last checkpoint with a lower --learning-rate, or start again with a higher --gamma, or "
            "with --penalty r1+r2 where there is none",
        )


def for_page(error: Exception) -> str:
    """Return an error's message without what only a command line can do."""
    return error.trouble if isinstance(error, TrainingError) else str(error)
