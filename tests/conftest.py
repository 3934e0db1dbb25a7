"""Shared fixtures: small real model folders, made by the real training loop in seconds."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from gan.config import PRESETS, Config  # noqa: E402


def small(**changes) -> Config:
    """A config that trains in about a second; keyword arguments change it."""
    base = {**PRESETS["smoke"], "images": 64, "batch_size": 16, "device": "cpu"}
    return dataclasses.replace(Config(**base), **changes)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """A complete model folder: 28 x 28 grey, 10 classes, hardly trained. Read only: copy it before damaging it."""
    from gan.loop import train

    out = tmp_path_factory.mktemp("models") / "tiny"
    list(train(small(), out))
    return out


@pytest.fixture(scope="session")
def tiny_emoji_folder(tmp_path_factory) -> Path:
    """A complete model folder: 32 x 32 colour, conditional, hardly trained. Read only."""
    from gan.loop import train

    out = tmp_path_factory.mktemp("models") / "tiny-emoji"
    list(train(small(dataset="emoji"), out))
    return out
