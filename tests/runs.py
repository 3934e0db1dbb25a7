"""Training runs for tests: whole, in parts, stopped."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from safetensors.torch import load_file

from gan import train
from gan.config import Config
from gan.training import loop
from gan.training.control import Control
from gan.training.events import Done

MODEL = {
    "config.json", "model.safetensors", "critic.safetensors", "directions.safetensors", "metrics.json", "samples.png",
    "README.md",
}  # fmt: skip
FINISHED = MODEL | {"log.jsonl", "checkpoint"}


class stop_after(Control):
    """A control that stops a run after some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def next(self) -> str | None:
        self.left -= 1
        return None if self.left < 0 else super().next()


def final(out: Path, config: Config, **kwargs) -> dict[str, torch.Tensor]:
    """Train to the end; return all tensors of the last checkpoint."""
    events = list(loop.train(config, out, **kwargs))
    assert isinstance(events[-1], Done)
    return read_state(out)


def read_state(out: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of the checkpoint in a model folder."""
    return load_file(out / "checkpoint" / "state.safetensors")


def train_parts(out: Path, config: Config, lengths: tuple[int, ...]) -> list[int]:
    """Train in parts of so many steps, then to the end; return the images shown at the end of each."""
    ends = []
    for i, steps in enumerate((*lengths, None)):
        stop = stop_after(steps) if steps else Control()
        *_, done = loop.train(config, out, resume=i > 0, control=stop)
        assert done.stopped == (steps is not None)
        ends.append(done.shown)
    return ends


def refused(capsys, *flags: str) -> str:
    """Return the one line with which `train.py` refuses these flags."""
    assert train.main(list(flags)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"train\.py: error: [^\n]+\n", captured.err)
    return captured.err
