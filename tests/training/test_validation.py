"""`gan.training.validation`: contradictory settings are refused; a resumed run keeps what decides its weights."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from conftest import PLANE, small

from gan import data
from gan.config import Config
from gan.data.points import load_points
from gan.errors import ConfigError
from gan.networks import NETWORKS, POINT_NETWORKS
from gan.training.validation import check_options, check_resumed, prepare

BATCH_NORM = {"network": "dcgan", "critic_norm": "batch"}
LATER = {"gamma": 0.0, "gamma_start": 5.0, "burn_in": 100}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({**BATCH_NORM, **LATER}, "needs each logit to depend on its own picture"),
        ({"penalty": "gp", "clip": 0.1, **LATER}, "choose one of them"),
        ({"critic_norm": "spectral", "clip": 0.1}, "clip bounds weights that spectral normalisation rescales"),
        ({"network": "points", "critic_norm": "batch"}, "does not support: set critic_norm to none or spectral"),
        ({"loss": "wgan-gp", "penalty": "none"}, "loss wgan-gp has no bound on the critic"),
        ({"loss": "wgan-gp", "penalty": "gp", "gamma": 0.0}, "loss wgan-gp has no bound on the critic"),
        ({"loss": "wgan-gp", "penalty": "gp", **LATER}, "loss wgan-gp has no bound on the critic to the end"),
        ({"loss": "wgan", "penalty": "none"}, "loss wgan has no bound on the critic"),
        ({"loss": "wgan", "penalty": "none", "gamma": 5.0}, "loss wgan has no bound on the critic"),
        ({"gamma_start": 5.0}, "gamma_start would have no effect: set burn_in"),
        ({"beta2_start": 0.5, "learning_rate_start": 1e-3}, "learning_rate_start and beta2_start would have no effect"),
        ({"burn_in": 100}, "burn_in has nothing to change: set one of learning_rate_start, gamma_start"),
        ({"network": "dcgan", "accumulate": 16}, "accumulate must be at most 8 for batch_size 16, got 16"),
        ({"network": "mlp", "critic_norm": "batch", "penalty": "none", "accumulate": 16}, "two pictures in every part"),
    ],
)
def test_contradictions_are_refused_with_the_reason(settings, words):
    with pytest.raises(ConfigError, match=words):
        check_options(Config(**settings))


@pytest.mark.parametrize(
    "settings",
    [
        {**BATCH_NORM, "penalty": "none"},
        {"loss": "wgan-gp", "penalty": "gp", **LATER, "gamma": 0.1},
        {"loss": "wgan", "penalty": "none", "clip": 0.01},
        {"loss": "wgan", "penalty": "none", "critic_norm": "spectral"},
        {"loss": "wgan", "penalty": "r1+r2"},
        {"loss": "hinge", "penalty": "none"},
        {"network": "dcgan", "accumulate": 8},
        {"network": "mlp", "accumulate": 16},
        {"accumulate": 16},
    ],
)
def test_what_only_looks_like_a_contradiction_is_not_refused(settings):
    assert check_options(Config(**settings)) is None


@pytest.mark.parametrize("network", NETWORKS | POINT_NETWORKS)
@pytest.mark.parametrize("critic_norm", ["none", "batch"])
def test_two_pictures_a_part_are_needed_just_where_there_is_batch_normalisation(network, critic_norm):
    from gan.networks import build

    config = Config(network=network, critic_norm=critic_norm, penalty="none", accumulate=16)
    try:
        players = build(dataclasses.replace(config, resolution=28, channels=1))
        check_options(config)
        refused = False
    except ConfigError as error:
        if "does not support" in str(error):
            return
        refused = True
    assert refused == any(
        isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for player in players for m in player.modules()
    )


@pytest.mark.parametrize("precision", ["fp32", "auto"])
@pytest.mark.parametrize("dataset", ["mnist", "ring"])
def test_a_device_that_is_not_there_is_refused_before_data_is_looked_for(monkeypatch, dataset, precision):
    for name in ("data.load", "training.validation.load_points"):
        monkeypatch.setattr(f"gan.{name}", lambda *_, **__: pytest.fail("looked for"))
    network = "points" if dataset == "ring" else "resnet"
    with pytest.raises(ConfigError, match="tpu"):
        prepare(Config(dataset=dataset, network=network, device="tpu", precision=precision))


def test_data_that_is_there_already_is_not_read_again(monkeypatch):
    pictures, points = data.load("mnist-10k"), load_points("ring")
    for name in ("data.load", "training.validation.load_points"):
        monkeypatch.setattr(f"gan.{name}", lambda *_, **__: pytest.fail("read again"))
    config, held = prepare(small(dataset="uploaded"), dataset=pictures)
    assert held is pictures and (config.resolution, config.channels, config.classes) == (28, 1, pictures.classes)
    config, held = prepare(Config(**PLANE), dataset=points)
    assert held is points and config.classes == ()


@pytest.mark.parametrize(
    ("before", "now", "may"),
    [
        ("/old/cats", "/new/cats", True), ("uploaded", "/home/me/cats", True), ("cats", "dogs", True),
        ("mnist", "/new/mnist", False), ("/old/cats", "emoji", False), ("ring", "grid", False),
    ],
)  # fmt: skip
def test_a_folder_may_have_moved_and_nothing_else(before, now, may):
    old, new = Config(dataset=before), Config(dataset=now)
    if may:
        return check_resumed(old, new)
    with pytest.raises(ConfigError, match="--dataset cannot change in a resumed run"):
        check_resumed(old, new)


@pytest.mark.parametrize(
    "setting", [{"accumulate": 2}, {"critic_lr_ratio": 0.5}, {"gamma": 2.0}, {"learning_rate": 1e-5}], ids=str
)
def test_what_cures_and_alarms_advise_may_change_on_resume(setting):
    assert check_resumed(Config(), Config(**setting)) is None
    with pytest.raises(ConfigError, match="--seed cannot change"):
        check_resumed(Config(), Config(**setting, seed=1))
