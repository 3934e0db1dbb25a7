"""Folders of models that find pictures, for tests: hardly trained, with an encoder and a judge as ignorant."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

import gan
from gan.editing.judge import JudgeNetwork, judge_features, write_judge
from gan.models.directions import Directions, Slider, write_directions
from gan.models.heads import Head, write_head
from gan.models.taught_on import ENCODER
from gan.networks.encoder import Encoder

FIGURES = {"encoder": 12.0, "encoder_low": 3.0, "latent": 13.0, "latent_low": 3.0, "map": 20.0, "map_low": 3.0}


def write_editor(folder: Path, out: Path) -> Path:
    """Copy a model folder to `out`; write an encoder and a judge with random weights into it, and a named slider."""
    shutil.copytree(folder, out)
    model = gan.load(out, "cpu")
    torch.manual_seed(0)
    write_head(out, ENCODER, Encoder(model.config), FIGURES)
    blank = torch.zeros(1, model.channels, model.resolution, model.resolution, dtype=torch.uint8)
    write_judge(out, Head(JudgeNetwork(judge_features(model, blank).shape[1]), {"damage": 0.99, "made": 0.6}))
    slant = Directions(model.directions, model.variance, torch.randn(1, model.z_dim) / 4, (Slider("slant", 0.9, 2.5),))
    write_directions(out / "directions.safetensors", slant)
    return out
