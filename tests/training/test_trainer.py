"""`gan.training.trainer`: settings that the data decides, a step of either player, and settings changed on the way."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from conftest import PLANE, assert_same, small, translation

from gan.config import Config
from gan.data import DATASETS
from gan.errors import ConfigError
from gan.networks import NETWORKS, build
from gan.training.rng import shuffled_indices
from gan.training.step import critic_step
from gan.training.trainer import Trainer
from gan.training.validation import prepare

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.mark.parametrize("name", [n for n, source in DATASETS.items() if not source.download])
def test_prepare_fills_in_what_the_data_decides(name):
    config, dataset = prepare(small(dataset=name))
    assert (config.resolution, config.channels) == (DATASETS[name].resolution, dataset.images.shape[1])
    assert config.classes == dataset.classes
    bigger, dataset = prepare(small(dataset=name, resolution=64))
    assert bigger.resolution == 64 == dataset.images.shape[-1]


@pytest.mark.parametrize("network", NETWORKS)
def test_only_conditional_networks_keep_the_classes(network):
    config, dataset = prepare(small(network=network))
    assert dataset.classes == tuple("0123456789")
    assert config.classes == (dataset.classes if NETWORKS[network].conditional else ())
    trainer = Trainer(config, dataset)
    assert (trainer.class_weights is None) != NETWORKS[network].conditional
    if trainer.class_weights is not None:
        assert torch.equal(trainer.class_weights.argmax(1), dataset.labels)


def test_trainer_shows_pictures_in_order_across_epochs():
    config, dataset = prepare(small(batch_size=48))
    dataset = dataclasses.replace(dataset, images=dataset.images[:100], labels=dataset.labels[:100])
    trainer = Trainer(config, dataset)
    shown = []
    for _ in range(9):
        shown.append(trainer.batches.next_indices(trainer.shown, 48))
        trainer.shown += 48
    assert torch.equal(torch.cat(shown), shuffled_indices(config.seed, 100, 0, 9 * 48))


def test_several_critic_steps_show_as_many_batches():
    config, dataset = prepare(small(critic_steps=3))
    trainer = Trainer(config, dataset)
    seen = []
    real = trainer.batches.decode
    trainer.batches.decode = lambda index: seen.append(index) or real(index)
    trainer.advance()
    assert trainer.shown == 48 and torch.equal(torch.cat(seen), shuffled_indices(config.seed, 10_000, 0, 48))


def test_the_players_can_move_one_at_a_time():
    config, dataset = prepare(small(images=160, precision="fp32"))
    trainer = Trainer(config, dataset)

    def moved(move):
        before = trainer.snapshot()
        results = trainer.advance(move)
        after = trainer.snapshot().tensors
        changed = {k.split(".")[0] for k in after if not torch.equal(after[k], before.tensors[k])}
        return [r is not None for r in results], trainer.shown - before.shown, changed

    assert moved("critic") == ([True, False], 16, {"critic", "critic_optimizer"})
    assert moved("generator") == ([False, True], 0, {"generator", "generator_optimizer", "average"})
    results, shown, changed = moved("both")
    assert results == [True, True] and shown == 16 and len(changed) == 5


def test_critic_learns_to_tell_real_from_fake():
    """A sign turned round anywhere between data and optimiser would make the gap negative."""
    config = small(images=1600, learning_rate=1e-3, gamma=0.1, precision="fp32")
    config, dataset = prepare(config)
    trainer = Trainer(config, dataset)
    results = [trainer.advance("critic")[0] for _ in range(25)]
    assert results[-1].real_logit - results[-1].fake_logit > 1
    assert results[-1].critic_loss < 0.5


def test_anneal_lets_the_learning_rate_fall_over_the_last_share():
    config, dataset = prepare(small(images=160, anneal=0.5, learning_rate=1e-3, critic_lr_ratio=2.0))
    trainer = Trainer(config, dataset)
    rates = []
    for shown in (0, 80, 120, 144, 160, 400):
        trainer.shown = shown
        trainer._set_rates()
        rates.append([o.param_groups[0]["lr"] for o in trainer.optimizers.values()])
    expected = [1e-3, 1e-3, 5e-4, 2e-4, 0, 0]
    assert rates == [[pytest.approx(r), pytest.approx(2 * r)] for r in expected]


def test_a_lazy_penalty_is_taken_in_every_third_step_and_reported_until_the_next(monkeypatch):
    config, dataset = prepare(small(images=160, precision="fp32", gamma=0.5, penalty_every=3))
    trainer, weights, taken = Trainer(config, dataset), [], []

    def spied(players, parts, weight):
        weights.append(weight)
        result = critic_step(players, parts, weight)
        taken.append(float(result.penalty))
        return result

    monkeypatch.setattr("gan.training.trainer.critic_step", spied)
    reported = [float(trainer.advance()[0].penalty) for _ in range(5)]
    assert weights == [1.5, 0, 0, 1.5, 0]
    assert [p > 0 for p in taken] == [True, False, False, True, False]
    assert reported == [taken[0]] * 3 + [taken[3]] * 2
    trainer.rewind(trainer.snapshot())
    assert trainer.advance()[0].penalty == 0  # not one of before


@pytest.mark.parametrize("every", [1, 2])
def test_an_interrupted_run_of_points_goes_on_from_a_snapshot_bit_for_bit(every):
    config, dataset = prepare(
        Config(
            dataset="grid", network="points", batch_size=64, penalty_every=every, precision="fp32", device="cpu"
        )  # fmt: skip
    )
    first, second = Trainer(config, dataset), Trainer(config, dataset)
    for _ in range(3):
        first.advance()
    middle = first.snapshot()
    for _ in range(3):
        first.advance()
    second.rewind(middle)
    for _ in range(3):
        second.advance()
    assert_same(first.snapshot().tensors, second.snapshot().tensors)
    assert first.shown == second.shown == 6 * 64


OTHER = {
    "loss": "wgan", "penalty": "r1", "gamma": 0.3, "penalty_every": 2, "clip": 0.5, "augment": "none",
    "batch_size": 8, "critic_steps": 3, "optimizer": "sgd", "learning_rate": 1e-3, "critic_lr_ratio": 2.0, "beta1": 0.5,
    "beta2": 0.9, "ema_images": 1, "augment_target": 0.5, "augment_images": 64, "content": 3.0, "identity": 1.0,
    "change": 0.5, "cycle_noise": 20.0,
}  # fmt: skip
OF_TRANSLATIONS = {"content", "identity", "change", "cycle_noise"}
OF_PICTURES = {"augment", "augment_target", "augment_images"}  # points are not augmented


def test_every_setting_that_may_change_on_the_way_is_tested():
    assert set(OTHER) == {f.name for f in dataclasses.fields(Config) if f.metadata.get("live")}


@pytest.mark.parametrize("setting", sorted(set(OTHER) - OF_PICTURES))
def test_a_setting_changed_on_the_way_acts_from_the_next_step_on(setting):
    config, dataset = prepare(translation() if setting in OF_TRANSLATIONS else Config(**PLANE))
    kept, changed = Trainer(config, dataset), Trainer(config, dataset)
    for t in (kept, changed):
        t.advance()
        t.advance()
    assert getattr(changed.config, setting) != OTHER[setting]
    assert_same(kept.snapshot().tensors, changed.snapshot().tensors)
    changed.change(**{setting: OTHER[setting]})
    assert getattr(changed.config, setting) == OTHER[setting]
    kept.advance()
    changed.advance()
    before, after = kept.snapshot().tensors, changed.snapshot().tensors
    assert set(before) != set(after) or any(not torch.equal(before[k], after[k]) for k in before)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"width": 32}, "width cannot change while a run goes on"),
        ({"seed": 3, "gamma": 2.0}, "seed cannot change"),
        ({"gamma": -1.0}, "gamma must be in"),
        ({"loss": "nope"}, "loss must be one of minimax"),
        ({"what": 1}, "unknown field 'what'"),
        ({"clip": 0.1, "penalty": "gp"}, "choose one of them"),
        ({"augment": "cutout"}, "set augment to none"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(settings, words):
    config, dataset = prepare(Config(**PLANE))
    trainer = Trainer(config, dataset)
    with pytest.raises(ConfigError, match=words):
        trainer.change(**settings)
    assert trainer.config == config


def test_after_a_change_of_optimiser_a_run_can_still_go_back():
    config, dataset = prepare(Config(**PLANE))
    trainer = Trainer(config, dataset)
    trainer.advance()
    good = trainer.snapshot()
    trainer.change(optimizer="rmsprop")
    trainer.advance()
    trainer.rewind(good)
    assert_same(
        {k: v for k, v in good.tensors.items() if "optimizer" not in k},
        {k: v for k, v in trainer.tensors().items() if "optimizer" not in k},
    )
    trainer.advance()


CLASSIC = {"network": "dcgan", "loss": "nonsaturating", "penalty": "none", "precision": "fp32"}


def steps(trainer: Trainer, count: int = 2) -> dict[str, torch.Tensor]:
    for _ in range(count):
        trainer.advance()
    return trainer.snapshot().tensors


@pytest.fixture(scope="module")
def alone(loaded):
    """(config, data, state) of two runs that differ by their seed, each with nothing else going on."""
    made = []
    for seed in (1, 2):
        config, dataset = prepare(small(seed=seed, **CLASSIC), dataset=loaded("mnist-10k"))
        made.append((config, dataset, steps(Trainer(config, dataset))))
    return made


def test_runs_that_take_turns_are_each_what_they_are_alone(alone):
    trainers = [Trainer(config, dataset) for config, dataset, _ in alone]
    for _ in range(2):
        for trainer in trainers:
            trainer.advance()
            torch.randn(3)
    for trainer, (*_, expected) in zip(trainers, alone, strict=True):
        assert_same(trainer.snapshot().tensors, expected)


def test_runs_in_threads_are_each_what_they_are_alone(alone):
    stop = threading.Event()

    def disturb() -> None:
        while not stop.is_set():
            torch.manual_seed(0)
            torch.randn(64)

    with ThreadPoolExecutor() as pool:
        noise = pool.submit(disturb)
        runs = [pool.submit(lambda config, data: steps(Trainer(config, data)), *one[:2]) for one in alone]
        try:
            states = [run.result() for run in runs]
        finally:
            stop.set()
        noise.result()
    for state, (*_, expected) in zip(states, alone, strict=True):
        assert_same(state, expected)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("critic_norm", ["none", "spectral"])
def test_a_run_draws_none_of_the_processs_random_numbers(network, critic_norm):
    before = torch.get_rng_state()
    config, dataset = prepare(small(**CLASSIC | {"network": network, "critic_norm": critic_norm}))
    steps(Trainer(config, dataset), 1)
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_begin_as_torchs_own_generator_would_have_them():
    config, dataset = prepare(small(seed=3, **CLASSIC))
    torch.manual_seed(3)
    expected = build(config)
    trainer = Trainer(config, dataset)
    for made, other in zip((trainer.generator, trainer.critic), expected, strict=True):
        assert_same(dict(made.state_dict()), dict(other.state_dict()))
