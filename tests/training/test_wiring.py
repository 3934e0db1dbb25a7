"""`training.trainer` and `training.step` together: what reaches which network, in which numbers, and when."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from conftest import PLANE, small
from step_players import LinearCritic, Shift, players
from torch import Tensor, nn

from gan.config import Config
from gan.networks import NETWORKS
from gan.training import schedule
from gan.training.augment import Augmentation
from gan.training.losses import LOSSES
from gan.training.penalties import PENALTIES
from gan.training.step import Batch, CriticResult, GeneratorResult, critic_step, generator_step
from gan.training.trainer import Trainer
from gan.training.validation import prepare

pytestmark = pytest.mark.usefixtures("read_once")


@contextmanager
def watched(*modules: nn.Module) -> Iterator[list[tuple[nn.Module, tuple, Tensor]]]:
    """Record (module, arguments, output) of every call, in order."""
    calls: list[tuple[nn.Module, tuple, Tensor]] = []
    hooks = [m.register_forward_hook(lambda m, given, out: calls.append((m, given, out.detach()))) for m in modules]
    yield calls
    for hook in hooks:
        hook.remove()


def trainer_of(config: Config) -> Trainer:
    return Trainer(*prepare(config))


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize(("loss", "penalty"), [("relativistic", "r1+r2"), ("nonsaturating", "r1"), ("wgan-gp", "gp")])
@pytest.mark.parametrize("network", [n for n, pair in NETWORKS.items() if pair.conditional])
def test_every_picture_comes_with_its_own_class(network, loss, penalty, accumulate):
    config = small(
        network=network, loss=loss, penalty=penalty, batch_size=16, accumulate=accumulate, precision="fp32",
        conditional=True,
    )  # fmt: skip
    trainer = trainer_of(config)
    known: dict[bytes, Tensor] = {}
    for index in trainer.batches.next_indices(0, 16).split(1):
        known[trainer.batches.decode(index)[0].numpy().tobytes()] = trainer.class_weights[index][0]
    assert len({tuple(y.tolist()) for y in known.values()}) > 3
    labels, asked = [y.tolist() for y in known.values()], []
    shown = {"real": 0, "fake": 0, "between": 0}
    with watched(trainer.generator, trainer.critic) as calls:
        trainer.advance()
    real = set(known)
    for module, (x, y), out in calls:
        for row, label, made in zip(x.detach(), y, out, strict=True):
            if module is trainer.generator:
                known[made.numpy().tobytes()] = label
                continue
            mine = known.get(key := row.numpy().tobytes())
            shown["between" if mine is None else "real" if key in real else "fake"] += 1
            assert mine is None or torch.equal(mine, label)
        asked += y.tolist() if module is trainer.generator else []
    assert shown == {
        "real": 16 * (1 + LOSSES[loss].generator_reads_real), "fake": 32, "between": 16 if penalty == "gp" else 0
    }  # fmt: skip
    assert asked == labels * 2  # in both steps one fake for each real picture, of its class


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", ["relativistic", "nonsaturating"])
def test_the_critic_sees_nothing_unaugmented_and_each_side_with_its_own_numbers(loss, penalty, split):
    torch.manual_seed(0)
    generator, critic = Shift(), LinearCritic(torch.randn(4))
    augmentations = (Augmentation(1, lambda x, u: x + 100 * u.view(-1, 1, 1, 1)),)
    p = players(generator, critic, LOSSES[loss](), penalty, augmentations=augmentations, split_real_fake=split)
    given = Batch(torch.randn(3, 1, 2, 2), None, torch.randn(3, 4), torch.rand(3), 1 + torch.rand(2, 3, 1))
    real = given.real + 100 * given.augment_numbers[0].view(-1, 1, 1, 1)

    def seen(step) -> tuple[Tensor, Tensor]:
        with watched(generator, critic) as calls:
            step()
        raw = next(out for module, _, out in calls if module is generator)
        rows = torch.cat([x.detach() for module, (x, _), _ in calls if module is critic])
        return rows, raw + 100 * given.augment_numbers[1].view(-1, 1, 1, 1)

    def holds(rows: Tensor, wanted: Tensor) -> bool:
        return all((rows - row).abs().amax((1, 2, 3)).min() < 1e-4 for row in wanted)

    rows, fake = seen(lambda: critic_step(p, [given], 0.5))
    assert len(rows) == (9 if penalty == "gp" else 6) and holds(rows, real) and holds(rows, fake)
    assert rows.mean((1, 2, 3)).min() > 90
    rows, fake = seen(lambda: generator_step(p, [given]))
    assert len(rows) == (6 if LOSSES[loss].generator_reads_real else 3) and holds(rows, fake)
    assert holds(rows, real) == LOSSES[loss].generator_reads_real


@pytest.fixture
def spied(monkeypatch):
    """Record what the trainer hands to both steps: [(player, batches, weight of the penalty, rate, beta2), ...]."""
    calls = []

    def critic(p, parts, weight):
        calls.append(("critic", parts, weight, *_rates(p.critic_optimizer)))
        return CriticResult(*torch.zeros(8))

    def generator(p, parts):
        calls.append(("generator", parts, None, *_rates(p.generator_optimizer)))
        return GeneratorResult(*torch.zeros(2))

    monkeypatch.setattr("gan.training.trainer.critic_step", critic)
    monkeypatch.setattr("gan.training.trainer.generator_step", generator)
    return calls


def _rates(optimizer: torch.optim.Optimizer) -> tuple[float, float]:
    (group,) = optimizer.param_groups
    return group["lr"], group["betas"][1]


def test_random_numbers_are_fresh_and_from_their_distributions(spied):
    trainer = trainer_of(Config(**PLANE | {"dataset": "grid", "batch_size": 512, "z_dim": 8, "network": "points"}))
    trainer.advance()
    trainer.advance()
    parts = [parts[0] for _, parts, *_ in spied]
    for batch in parts:
        assert abs(float(batch.z.mean())) < 0.1 and 0.9 < float(batch.z.std()) < 1.1
        assert 0 <= batch.mix.min() < 0.02 and 0.98 < batch.mix.max() < 1 and 0.25 < batch.mix.std() < 0.33
    for name in ("z", "mix"):
        drawn = [getattr(batch, name) for batch in parts]
        assert not any(torch.equal(a, b) for i, a in enumerate(drawn) for b in drawn[:i])
    pictures = trainer_of(small(augment="color,cutout", batch_size=64))
    spied.clear()
    pictures.advance()
    first, second = (parts[0].augment_numbers for _, parts, *_ in spied)
    assert first.shape == (2, 64, 5) and 0 <= first.min() < 0.02 and 0.98 < first.max() < 1
    assert len({tuple(v.flatten().tolist()) for v in (*first, *second)}) == 4


FINAL = {"learning_rate": 1e-3, "gamma": 0.1, "beta2": 0.99, "ema_images": 10}
START = {"learning_rate": 4e-3, "gamma": 2.0, "beta2": 0.5, "ema_images": 1}


@pytest.mark.parametrize("moving", START)
@pytest.mark.parametrize("critic_steps", [1, 2])
def test_each_schedule_reaches_the_step_and_the_average(spied, monkeypatch, moving, critic_steps):
    """Each alone, so that none can hide behind another; the average counts all pictures of a step."""
    config = Config(
        **PLANE | FINAL | {f"{moving}_start": START[moving], "burn_in": 20 * 16},
        images=1000 * 16, anneal=0.0, critic_lr_ratio=3.0, critic_steps=critic_steps, penalty="r1",
    )  # fmt: skip
    decays = []
    monkeypatch.setattr(
        "gan.training.ema.decay_for", lambda half, shown, batch: decays.append((half, shown, batch)) or 0.5
    )
    trainer = trainer_of(config)
    for _ in range(6):
        spied.clear()
        decays.clear()
        before = trainer.shown
        trainer.advance()
        rate, beta2 = schedule.learning_rate(config, before), schedule.beta2(config, before)
        *critics, generator = spied
        assert len(critics) == critic_steps
        for i, (player, _, weight, *found) in enumerate(critics):
            assert player == "critic" and weight == pytest.approx(schedule.gamma(config, before + 16 * i))
            assert found == pytest.approx([3 * rate, beta2])
        assert generator[0] == "generator" and generator[3:] == pytest.approx((rate, beta2))
        assert decays == [
            (pytest.approx(schedule.ema_images(config, trainer.shown)), trainer.shown, 16 * critic_steps)
        ]  # fmt: skip
    along = [getattr(schedule, moving)(config, shown) for shown in (0, trainer.shown)]
    assert along[0] == pytest.approx(START[moving]) and along[1] != pytest.approx(along[0])


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_both_players_compute_in_the_configs_precision(network, precision):
    trainer = trainer_of(small(network=network, precision=precision))
    layers = [  # the last ones: the first may keep fp32
        [m for m in player.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d))][-1]
        for player in (trainer.generator, trainer.critic)
    ]
    with watched(*layers) as calls:
        trainer.advance()
    assert {module for module, *_ in calls} == set(layers)
    assert {out.dtype for *_, out in calls} == {{"bf16": torch.bfloat16, "fp32": torch.float32}[precision]}
    assert {p.dtype for p in (*trainer.generator.parameters(), *trainer.critic.parameters())} == {torch.float32}


@pytest.mark.parametrize("network", [n for n, pair in NETWORKS.items() if pair.critic_batch_norm])
@pytest.mark.parametrize("critic_norm", ["none", "batch", "spectral"])
def test_a_critic_that_normalises_batches_is_given_real_and_fake_separately(network, critic_norm):
    config = small(
        network=network, critic_norm=critic_norm, loss="nonsaturating", penalty="none", batch_size=8, precision="fp32"
    )
    trainer = trainer_of(config)
    with watched(trainer.critic) as calls:
        trainer.advance("critic")
    assert [len(given[0]) for _, given, _ in calls] == ([8, 8] if critic_norm == "batch" else [16])


def test_settings_that_are_watched_here_are_all_that_have_a_start():
    starts = {f.name.removesuffix("_start") for f in dataclasses.fields(Config) if f.name.endswith("_start")}
    assert starts == set(START) == set(FINAL)
