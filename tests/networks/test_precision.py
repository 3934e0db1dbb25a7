"""`gan.networks.precision`: the choice follows the measurement, which disturbs nothing; bf16 spoils no gradient."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections import defaultdict

import pytest
import torch
from conftest import PLANE, small
from step_players import players
from torch import Tensor, nn

from gan import data, load
from gan.config import Config
from gan.live import lessons
from gan.networks import NETWORKS, POINT_NETWORKS, build, precision
from gan.networks.precision import DTYPES, faster_precision
from gan.presets import PRESETS
from gan.training import augment, validation
from gan.training.checkpoint import read_state
from gan.training.events import Started
from gan.training.loop import train
from gan.training.step import Batch, critic_step, generator_step
from gan.training.validation import prepare

SECONDS = {"bf16": {torch.bfloat16: 1.0, torch.float32: 2.0}, "fp32": {torch.bfloat16: 2.0, torch.float32: 1.0}}


@pytest.fixture(params=SECONDS)
def faster(request, monkeypatch):
    """Make a processor on which one precision is faster; return that precision."""
    monkeypatch.setattr(precision, "_measure_seconds", lambda device, kind: SECONDS[request.param][kind])
    faster_precision.cache_clear()
    yield request.param
    faster_precision.cache_clear()


def test_what_takes_less_time_is_chosen(faster):
    assert faster_precision("cpu") == faster


def test_the_fastest_of_several_rounds_counts(monkeypatch):
    times = {torch.bfloat16: iter([9.0, 9.0, 1.0, 9.0]), torch.float32: iter([2.0, 2.0, 2.0, 2.0])}
    monkeypatch.setattr(precision, "_measure_seconds", lambda device, kind: next(times[kind]))
    faster_precision.cache_clear()
    assert faster_precision("cpu") == "bf16"
    faster_precision.cache_clear()


def test_a_run_whose_precision_is_slower_here_notes_it(faster):
    config = Config(**{**PRESETS["smoke"], "images": 16, "device": "cpu"})
    for kind in DTYPES:
        events = train(dataclasses.replace(config, precision=kind), None)
        started = next(event for event in events if isinstance(event, Started))
        events.close()
        notes = [note for note in started.notes if "--precision fp32" in note]
        assert len(notes) == (kind == "bf16" and faster == "fp32")


def test_auto_becomes_what_is_faster_where_the_run_starts_and_stays_that(faster, tmp_path, monkeypatch):
    config = Config(**{**PRESETS["smoke"], "images": 32, "device": "cpu", "precision": "auto"})
    assert Config().precision == "auto" and prepare(config)[0].precision == faster
    assert prepare(Config(**{**PLANE, "precision": "auto"}))[0].precision == "fp32"
    list(train(config, tmp_path / "run"))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["precision"] == faster
    held = read_state(tmp_path / "run" / "checkpoint").config
    assert held.precision == faster
    monkeypatch.setattr(validation, "faster_precision", lambda device: pytest.fail("measured again"))
    *_, done = train(dataclasses.replace(held, images=48), tmp_path / "run", resume=True)
    assert done.shown == 48


def test_live_pictures_take_the_faster_one_and_points_are_exact(faster):
    assert lessons.config_of("modern", "mnist-10k", {}).precision == faster
    assert lessons.config_of("modern", "mnist-10k", {"precision": "bf16"}).precision == "bf16"
    assert lessons.config_of("modern", "ring", {}).precision == "fp32"


def test_measuring_draws_no_random_number_and_works_where_gradients_are_off():
    before = torch.get_rng_state()
    faster_precision.cache_clear()
    with torch.inference_mode():
        assert faster_precision("cpu") in DTYPES
    assert torch.equal(torch.get_rng_state(), before)


def test_bf16_gives_every_layer_of_a_trained_pair_the_direction_of_fp32(subtests):
    """Of the shipped digits, whose critic is far from its start: only there does rounding outweigh the rest."""
    model, digits = load("weights/mnist", "cpu"), data.load("mnist-10k")
    layout = {"memory_format": torch.channels_last}
    pair = model.generator.to(**layout), model.critic.to(**layout)
    chosen = torch.arange(16) * 600
    batch = batch_of(digits.images[chosen] / 127.5 - 1, torch.eye(10)[digits.labels[chosen]], model.z_dim)
    for penalty, augmented in [("gp", "none"), ("r1+r2", "translation")]:
        with subtests.test(penalty=penalty, augment=augmented):
            assert_directions_agree(pair, batch, penalty, augmented, gamma=0.1)


@pytest.mark.parametrize("network", [*NETWORKS, *POINT_NETWORKS])
def test_bf16_gives_every_layer_of_a_new_pair_the_direction_of_fp32(network, subtests):
    classes = ("a", "b") if network in NETWORKS and NETWORKS[network].conditional else ()
    torch.manual_seed(0)
    pair = build(small(network=network, width=32, classes=classes, resolution=28, channels=3))
    real = torch.rand(32, 3, 28, 28) * 2 - 1 if network in NETWORKS else torch.randn(32, 2)
    batch = batch_of(real, torch.eye(2)[torch.arange(32) % 2] if classes else None, 100)
    for penalty in ["none", "r1+r2", "gp"]:
        with subtests.test(penalty=penalty):
            assert_directions_agree(pair, batch, penalty)


@pytest.mark.parametrize("network", POINT_NETWORKS)
def test_points_are_made_and_read_in_fp32(network):
    generator, critic = build(small(network=network, width=16))
    ends = []
    for layer in (generator.layers[-1], critic.layers[0]):
        layer.register_forward_hook(lambda layer, given, out: ends.append(out.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        critic(generator(torch.randn(4, 100)))
    assert ends == [torch.float32, torch.float32]


def batch_of(real: Tensor, y: Tensor | None, z_dim: int) -> Batch:
    source = torch.Generator().manual_seed(0)
    z, mix = torch.randn(len(real), z_dim, generator=source), torch.rand(len(real), generator=source)
    return Batch(real, y, z, mix, torch.rand(2, len(real), 2, generator=source))


def assert_directions_agree(pair, batch: Batch, penalty: str, augmented: str = "none", gamma: float = 1.0) -> None:
    """Compare the gradients of one step of each player in bf16 with those in fp32, layer by layer.

    Not parameter by parameter: a bias may be a single number, whose sign is rounding where its pixels cancel.
    """
    exact, rounded = (gradients(pair, batch, penalty, augmented, gamma, bf16) for bf16 in (False, True))
    for name, g in exact.items():
        if g.abs().max() > 1e-5:  # a loss of differences does not move the last bias
            cosine = nn.functional.cosine_similarity(g, rounded[name], dim=0)
            assert cosine > (0.95 if name.startswith("critic") else 0.9), (name, cosine)


def gradients(pair, batch: Batch, penalty: str, augmented: str, gamma: float, bf16: bool) -> dict[str, Tensor]:
    generator, critic = (copy.deepcopy(player).requires_grad_(True) for player in pair)
    p = players(generator, critic, penalty=penalty, augmentations=augment.parse(augmented))
    p.autocast = torch.autocast("cpu", torch.bfloat16, enabled=bf16)
    torch.manual_seed(0)  # dropout
    generator_step(p, [batch])
    fake = pair[0](batch.z, batch.y).detach()  # the same in both: they decide more than rounding does
    p.generator = lambda z, y: fake
    critic_step(p, [batch], gamma)
    named = [
        (f"{role}.{k}", q.grad)
        for role, m in (("generator", generator), ("critic", critic))
        for k, q in m.named_parameters()
    ]
    layers: dict[str, list[Tensor]] = defaultdict(list)
    for name, g in named:
        if g is not None:
            layers[name.rpartition(".")[0]].append(g.flatten().double())
    return {name: torch.cat(parts) for name, parts in layers.items()}
