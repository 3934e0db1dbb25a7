"""`gan.training.schedule`: what changes along a run."""

from __future__ import annotations

import math

import pytest

from gan.config import Config
from gan.training import ema, schedule


def test_burn_in_is_half_a_cosine():
    assert schedule.burn_in(2.0, 0.2, 0, 1000) == pytest.approx(2.0)
    assert schedule.burn_in(2.0, 0.2, 500, 1000) == pytest.approx(1.1)
    assert schedule.burn_in(2.0, 0.2, 250, 1000) == pytest.approx(0.2 + 1.8 * (1 + math.sqrt(0.5)) / 2)
    assert schedule.burn_in(2.0, 0.2, 1000, 1000) == schedule.burn_in(2.0, 0.2, 10**9, 1000) == 0.2


@pytest.mark.parametrize(("final", "start", "length"), [(0, 5, 100), (2, 5, 100), (2, 1, 100), (2, 0, 100), (2, 5, 0)])
def test_max_gamma_is_reached_and_never_passed(final, start, length):
    config = Config(gamma=float(final), gamma_start=float(start), burn_in=length)
    assert max(schedule.gamma(config, shown) for shown in range(length + 2)) == schedule.max_gamma(config)


@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_lazy_penalty_weighs_as_much_as_one_in_every_step(every):
    config = Config(gamma=0.3, batch_size=8, penalty_every=every)
    weights = [schedule.penalty_weight(config, 8 * step) for step in range(10)]
    assert weights[0] == pytest.approx(0.3 * every) and [w > 0 for w in weights] == [i % every == 0 for i in range(10)]
    assert sum(weights) == pytest.approx(10 * 0.3)
    assert [schedule.penalty_due(config, 8 * step) for step in range(10)] == [w > 0 for w in weights]


@pytest.mark.parametrize(("start", "length"), [(0.0, 1000), (5.0, 0)])
def test_no_start_or_no_length_is_constant(start, length):
    assert [schedule.burn_in(start, 0.2, shown, length) for shown in (0, 1, 999, 5000)] == [0.2] * 4


FINAL = {"learning_rate": 1e-4, "gamma": 0.1, "beta2": 0.99, "ema_images": 5000}
START = {"learning_rate": 2e-4, "gamma": 1.0, "beta2": 0.9, "ema_images": 10}


@pytest.mark.parametrize("name", FINAL)
def test_each_setting_goes_from_its_own_start_to_its_own_end(name):
    config = Config(images=10_000, anneal=0.0, burn_in=1000, **FINAL, **{f"{k}_start": v for k, v in START.items()})
    along = [getattr(schedule, name)(config, shown) for shown in (0, 300, 700, 1000, 9000)]
    assert along[0] == pytest.approx(START[name]) and along[-2:] == [FINAL[name]] * 2
    assert along[:4] == sorted(along[:4], reverse=START[name] > FINAL[name]) and len(set(along[:4])) == 4


def test_anneal_multiplies_the_burn_in():
    config = Config(images=1000, anneal=0.5, learning_rate=1e-3, learning_rate_start=3e-3, burn_in=1000)
    assert schedule.learning_rate(config, 0) == pytest.approx(3e-3)
    assert schedule.learning_rate(config, 500) == pytest.approx(2e-3)
    assert schedule.learning_rate(config, 750) == pytest.approx(schedule.burn_in(3e-3, 1e-3, 750, 1000) / 2)
    assert schedule.learning_rate(config, 1000) == schedule.learning_rate(config, 2000) == 0


def test_a_start_from_nothing_is_one_image_or_a_tiny_number():
    config = Config(burn_in=1000, ema_images_start=1, gamma_start=1e-9, learning_rate_start=1e-7, beta2_start=1e-9)
    assert ema.decay_for(schedule.ema_images(config, 0), 10**6, 16) < 1e-4
    assert schedule.gamma(config, 0) == pytest.approx(0, abs=1e-8) and schedule.beta2(config, 0) < 1e-8
    assert schedule.learning_rate(config, 0) < 1e-6
