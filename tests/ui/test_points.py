"""Training of points in the browser, run by Node: number for number what torch's trainer does."""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from typing import Any

import browser_engine
import numpy as np
import pytest
import torch
from conftest import drawing_name

from gan.config import Config
from gan.data.points import DISTRIBUTIONS, distribution_of, load_points
from gan.live.lessons import LESSONS, config_of
from gan.live.views import PointViewer, _shades
from gan.networks import points
from gan.training.alarms import CURES, cures
from gan.training.losses import LOSSES
from gan.training.optimizers import OPTIMIZERS
from gan.training.penalties import PENALTIES, squared_gradient
from gan.training.rng import shuffled_indices
from gan.training.trainer import Trainer
from gan.training.validation import check_options, prepare
from gan.ui.server import train_form

LOCAL = train_form.menus(server=False)["local"]
SMALL = {"width": 16, "batch_size": 16}
OF_POINTS = [name for name, lesson in LESSONS.items() if "points" in lesson.settings]
NEAR = 1e-6  # relative, of gradients
engine = partial(browser_engine.engine, program="points")


def configs(preset: str = "modern", dataset: str = "ring", **changes: Any) -> tuple[dict[str, Any], Config]:
    """Return the settings of a lesson as the worker has them, and as torch's trainer has them."""
    settings = {**LOCAL["presets"][preset], **SMALL, "seed": 3, "dataset": dataset, **changes}
    fields = {name: value for name, value in settings.items() if name in {f.name for f in dataclasses.fields(Config)}}
    return settings, config_of(preset, dataset, fields)


@pytest.fixture(scope="module")
def ring():
    return load_points("ring")


def parameters(trainer: Trainer) -> np.ndarray:
    """Return all weights of generator and critic, one after the other."""
    networks = (trainer.generator, trainer.critic)
    return np.concatenate([p.detach().numpy().ravel() for n in networks for p in n.parameters()])


def test_seeds_of_steps_and_the_order_of_points_are_numpys_and_torchs():
    entropies = [[0, 0, 0], [1, 2, 3], [2**32 - 1, 77, 1]]
    mixed, order = engine(
        {"job": "seeds", "entropies": entropies}, {"job": "order", "seed": 5, "n": 1000, "shown": 1990, "count": 30}
    )
    assert mixed["mixed"] == [int(np.random.SeedSequence(e).generate_state(1)[0]) for e in entropies]
    assert order["order"] == shuffled_indices(5, 1000, 1990, 30).tolist()


def test_the_points_that_are_learnt_are_the_same(tmp_path):
    cells = np.random.default_rng(1).random((64, 64)) < 0.05
    names = ["ring", "grid", "swiss-roll", "two-moons", drawing_name(cells)]
    jobs = [{"job": "world", "name": name, "out": str(tmp_path / str(i))} for i, name in enumerate(names)]
    for i, (name, told) in enumerate(zip(names, engine(*jobs), strict=True)):
        theirs, known = load_points(name).images.numpy(), distribution_of(name)
        ours = np.fromfile(tmp_path / str(i), np.float32).reshape(theirs.shape)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6)
        assert told["extent"] == known.extent and told.get("sd") == getattr(known, "sd", None)
        if "centres" in told:
            np.testing.assert_allclose(told["centres"], known.centres.flatten(), rtol=0, atol=1e-6)


def gradients(config: Config, weight: float, generator: np.ndarray, critic: np.ndarray, batch: np.ndarray):
    """Return autograd's gradients in double precision of both networks, flat, and the loss's and penalty's values."""
    makes = points.Generator(config).double()
    judges = (points.FourierCritic if config.network == "points-fourier" else points.Critic)(config).double()
    for network, values in ((makes, generator), (judges, critic)):
        torch.nn.utils.vector_to_parameters(torch.from_numpy(values).double(), network.parameters())
    n, loss, penalty = config.batch_size, LOSSES[config.loss](), PENALTIES[config.penalty]
    real, z, mix = (t.double() for t in torch.from_numpy(batch).split([2 * n, 2 * n, n]))
    real, fake = real.view(n, 2), makes(z.view(n, 2))
    made = fake.detach()
    value, x = torch.zeros(()), {"real": real, "fake": made, "mix": real + mix[:, None] * (made - real)}
    if penalty:
        at = torch.cat([x[name] for name in penalty.gradient_at]).requires_grad_(True)
        value = penalty(squared_gradient(judges(at), at).double())
    first = loss.critic(judges(real), judges(made))
    (first + weight * value).backward()
    of_critic = torch.cat([p.grad.flatten() for p in judges.parameters()])
    second = loss.generator(judges(real), judges(fake))
    second.backward()
    of_generator = torch.cat([p.grad.flatten() for p in makes.parameters()])
    return of_critic.numpy(), of_generator.numpy(), first.item(), value.item(), second.item()


def test_gradients_are_those_of_autograd(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "float", lambda tensor: tensor)  # the networks stay in double precision
    (known_here,) = engine({"job": "known"})  # what was added to torch's alone is refused with a sentence
    assert set(known_here["losses"]) <= set(LOSSES) and set(known_here["penalties"]) <= set(PENALTIES)
    combinations = [(loss, "none") for loss in known_here["losses"]]
    combinations += [("relativistic", penalty) for penalty in known_here["penalties"]]
    combinations += [("wgan-gp", "gp"), ("hinge", "r1")]
    cases = [
        (network, *combination) for network in ("points", "points-fourier") for combination in combinations
    ]  # fmt: skip
    jobs, known = [], []
    for i, (network, loss, penalty) in enumerate(cases):
        # An odd batch, of which no rows of four are whole; a weight that makes the penalty as large as the loss.
        settings, config = configs(network=network, loss=loss, penalty=penalty, batch_size=13, clip=1.0)
        weight = 0.7 if penalty != "none" else 0.0
        jobs.append({"job": "gradients", "config": settings, "weight": weight, "out": str(tmp_path / str(i))})
        known.append((config, weight))
    worst = 0.0
    for i, told in enumerate(engine(*jobs)):
        config, weight = known[i]
        read = {part: np.fromfile(tmp_path / f"{i}.{part}", np.float32) for part in ("critic", "generator", "batch")}
        weights = np.fromfile(tmp_path / f"{i}.weights", np.float32)
        generator, critic = np.split(weights, [len(read["generator"])])
        of_critic, of_generator, first, value, second = gradients(config, weight, generator, critic, read["batch"])
        for ours, theirs in ((read["critic"], of_critic), (read["generator"], of_generator)):
            worst = max(worst, np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
        assert [told[k] for k in ("critic_loss", "penalty", "generator_loss")] == pytest.approx(
            [first, value, second], rel=2e-5, abs=2e-6
        )
        lengths = [np.linalg.norm(of_critic), np.linalg.norm(of_generator)]
        assert [told["critic_gradient"], told["generator_gradient"]] == pytest.approx(lengths, rel=1e-5)
    assert worst < NEAR


# Plain gradient descent keeps rounding as small as it is; Adam makes a step of a gradient that is nothing but rounding.
SGD = {"optimizer": "sgd", "learning_rate": 0.02, "beta1": 0.5}


def test_a_run_is_the_servers_run_step_by_step(tmp_path, ring):
    """Through changes of batch, loss and penalty, several critic steps, lazy penalties, clipping and single moves."""
    moves = ["both"] * 8 + ["critic", "generator", "both"]
    changes = {
        2: {"batch_size": 24, "critic_steps": 2, "penalty_every": 2},
        4: {"loss": "wgan", "penalty": "gp", "gamma": 1.0},
        6: {"penalty": "none", "clip": 0.15, "beta1": 0.0, "critic_lr_ratio": 0.5},
    }
    cases = [configs(network=network, **SGD) for network in ("points", "points-fourier")]
    jobs = [
        {"job": "steps", "config": settings, "moves": moves, "changes": changes, "out": str(tmp_path / str(i))}
        for i, (settings, _) in enumerate(cases)
    ]
    for i, told in enumerate(engine(*jobs)):
        config, data = prepare(cases[i][1], dataset=ring)
        trainer = Trainer(config, data)
        before = parameters(trainer)
        losses = []
        for k, move in enumerate(moves):
            trainer.change(**changes.get(k, {}))
            critic, generator = trainer.advance(move)
            losses.append([float(r[0]) for r in (critic, generator) if r])
        after = parameters(trainer)
        ours = np.fromfile(tmp_path / str(i), np.float32)
        assert np.abs(ours - after).max() < 3e-6 < 0.05 < np.abs(after - before).max()
        assert told["state"]["shown"] == trainer.shown and told["state"]["step"] == trainer.step
        found = [[r[k] for k in ("critic_loss", "generator_loss") if k in r] for r in told["told"]]
        for one, other in zip(found, losses, strict=True):
            assert one == pytest.approx(other, abs=2e-5)


@pytest.mark.parametrize("beta1", [0.0, 0.6])
def test_optimisers_are_torchs(tmp_path, beta1):
    source = torch.Generator().manual_seed(1)
    steps = [torch.randn(72, generator=source) * 10.0 ** (i - 2) for i in range(5)]
    asked = {"rate": 0.01, "beta1": beta1, "beta2": 0.9, "gradients": [g.tolist() for g in steps]}
    engine(*({"job": "optimise", "optimizer": name, "out": str(tmp_path / name), **asked} for name in OPTIMIZERS))
    for name, spec in OPTIMIZERS.items():
        weights = torch.zeros(72, requires_grad=True)
        optimizer = spec.build([weights], 0.01, beta1, 0.9)
        for gradient in steps:
            weights.grad = gradient.clone()
            optimizer.step()
        ours = np.fromfile(tmp_path / name, np.float32)
        np.testing.assert_allclose(ours, weights.detach().numpy(), rtol=3e-6, atol=1e-7)


@pytest.mark.parametrize("dataset", ["ring", "two-moons"])
def test_what_is_seen_and_measured_is_what_the_server_shows(tmp_path, dataset):
    settings, config = configs(dataset=dataset, **SGD)
    (told,) = engine({"job": "view", "config": settings, "moves": ["both"] * 6, "out": str(tmp_path / "v")})
    trainer, viewer = Trainer(*prepare(config)), PointViewer(dataset)
    for _ in range(6):
        trainer.advance()
    view, backdrop = viewer.look(trainer), viewer.backdrop()
    # The map's colours come from 200 points of each kind here.
    with torch.no_grad():
        made = trainer.average(viewer.latents(range(600), 2))[:200]
        heat, real, fake = (trainer.critic(x) for x in (viewer.cells, viewer.real[:200], made))
    view.arrays["heat"] = _shades(heat, real, fake, trainer.config.loss).reshape(32, 32)
    expected = {**backdrop.arrays, **view.arrays}
    assert told["shapes"] == {name: [array.dtype.name, *array.shape] for name, array in expected.items()}
    for name, array in expected.items():
        ours = np.fromfile(tmp_path / f"v.{name}", array.dtype).reshape(array.shape).astype(int)
        assert np.abs(ours - array).max() <= (12 if name == "arrows" else 1), name  # a quantile, here of one value
    assert told["backdrop"] == pytest.approx(backdrop.numbers)
    middle_real, middle_fake = real.mean(), fake.mean()
    shares = [float((real > middle_fake).float().mean()), float((fake < middle_real).float().mean())]
    assert [told["numbers"][name] for name in ("accuracy_real", "accuracy_fake")] == pytest.approx(shares, abs=0.006)
    theirs = viewer.measure(trainer)
    theirs = {k: None if v == float("inf") else v for k, v in theirs.items()}
    assert told["measured"].keys() == theirs.keys()
    for name, value in theirs.items():
        assert told["measured"][name] == (value if value is None else pytest.approx(value, abs=2e-3)), name


def test_settings_are_refused_with_the_servers_sentences():
    bad = [
        {"gamma": -1.0}, {"gamma": 1e5}, {"width": 24}, {"width": 256}, {"batch_size": 1}, {"batch_size": 4096},
        {"critic_steps": 0}, {"learning_rate": 2.0}, {"loss": "wgan", "penalty": "none"},
        {"clip": 0.1, "penalty": "gp", "gamma": 1.0}, {"loss": "wgan-gp", "penalty": "r1", "gamma": 0.0},
    ]  # fmt: skip
    plan = {"dataset": "ring", "seed": 0}
    jobs = [
        {"job": "config", "about": LOCAL, "plan": {**plan, "sides": [{"preset": "modern", "changes": changes}]}}
        for changes in bad
    ]
    for changes, told in zip(bad, engine(*jobs), strict=True):
        with pytest.raises(ValueError) as refusal:
            check_options(train_form.config("modern", "ring", changes, 0))
        assert told["error"].replace("10000,", "10000.0,") in (str(refusal.value), *_as_numbers(str(refusal.value)))


def _as_numbers(text: str) -> list[str]:
    """Return a sentence of Python's as JavaScript writes its numbers: 1 for 1.0."""
    plain = re.sub(r"(\d)\.0\b", r"\1", text)
    return [plain, plain.replace("1e-07", "1e-7")]


def test_what_only_the_server_knows_is_refused_with_a_sentence():
    sides = [{"preset": "modern", "changes": {}}]
    changed = [{"preset": "modern", "changes": changes} for changes in ({"loss": "new"}, {"critic_norm": "spectral"})]
    plans = [{"dataset": "ring", "seed": 0, "sides": [side]} for side in changed]
    plans += [
        {"dataset": name, "seed": 0, "sides": sides} for name in ("emoji", "__proto__", "ink:", "ink:" + "A" * 683)
    ]
    plans += [{"dataset": "ring", "seed": seed, "sides": sides} for seed in (-1, 0.5, "1")]
    plans += [{"dataset": "ring", "seed": 0, "sides": [{"preset": "toString", "changes": {}}]}]
    plans += [{"dataset": "ring", "seed": 0, "sides": [{"preset": "modern", "changes": {"images": 5}}]}]
    told = engine(*({"job": "config", "about": LOCAL, "plan": plan} for plan in plans))
    words = ["loss new is known to the server alone", "critic_norm spectral", "emoji is known", "__proto__ is known"]
    words += ["got 0 bytes: draw it again", "draw more", "seed must be", "seed must be", "seed must be", "no lesson"]
    words += ["images is not a setting that can be changed here"]
    for reply, expected in zip(told, words, strict=True):
        assert expected in reply["error"]
    (reply,) = engine({"job": "changed", "config": configs()[0], "settings": {"width": 32}, "rules": LOCAL["rules"]})
    assert reply["error"] == "width cannot change while a run goes on: start a new one"


def test_every_lesson_and_world_of_the_menus_can_be_learnt():
    jobs = []
    for dataset in DISTRIBUTIONS:
        for preset in OF_POINTS:
            plan = {"dataset": dataset, "seed": 0, "sides": [{"preset": preset, "changes": SMALL}]}
            jobs.append({"job": "config", "about": LOCAL, "plan": plan})
    found = [reply["config"] for reply in engine(*jobs)]
    made = engine(*({"job": "steps", "config": config, "moves": ["both"] * 2} for config in found))
    for reply in made:
        assert all(np.isfinite(list(numbers.values())).all() for numbers in reply["told"])


def test_alarms_have_the_servers_cures():
    asked, expected = [], []
    variants = [{}, {"gamma": 0.0}, {"critic_lr_ratio": 0.07}, {"loss": "minimax"}, {"penalty": "none"}]
    for preset in OF_POINTS:
        for changes in variants:
            if preset == "wgan" and changes.get("penalty") == "none":
                continue
            settings, config = configs(preset, **changes)
            for kind in (*CURES, "refused"):
                asked.append({"kind": kind, "config": settings})
                expected.append([{"words": cure.words, "changes": cure.changes} for cure in cures(kind, config)])
    assert engine({"job": "cures", "asked": asked})[0]["found"] == expected


def test_a_run_that_is_not_finite_goes_back_and_at_last_gives_up():
    settings, _ = configs(learning_rate=1.0, critic_lr_ratio=100.0, optimizer="sgd", width=64)
    (news,) = engine({"job": "run", "config": settings, "about": LOCAL, "steps": 400})
    assert news["done"] and "gave up after 3 rollbacks" in news["error"]
    assert [alarm["message"].partition(" ")[0] for alarm in news["alarms"]] == ["losses"] * 4
    assert "back to point 0, with 0.5 times the learning rate" in news["alarms"][0]["message"]
    assert [len(alarm["cures"]) for alarm in news["alarms"]][:2] == [0, 0]  # of a kind the newest has them


def test_a_fault_ends_a_run_with_a_sentence_and_its_record_stays():
    settings, _ = configs()
    (news,) = engine({"job": "run", "config": settings, "about": LOCAL, "steps": 20, "took": 20, "breaks": 10})
    assert news["done"] and news["error"] == "this browser cannot go on with it (out of memory)"
    assert len(news["kept"]) > 1


def test_the_record_of_a_run_stays_bounded():
    settings, _ = configs(batch_size=2)
    (news,) = engine({"job": "run", "config": settings, "about": LOCAL, "steps": 260, "took": 40})
    numbers = [number for number, _ in news["kept"]]
    assert 60 <= len(numbers) <= 121 and numbers[0] == 0 and numbers == sorted(numbers)
    assert numbers[-2] - numbers[-3] > 1, "the more there are, the fewer are kept"
    assert [point["number"] for point in news["curve"]] == numbers
    assert news["moment"]["steps"] <= 260 and not news["alarms"]
