"""`gan.training.alarms` and `diversity`: every alarm goes off when it should, once, and not before."""

from __future__ import annotations

import itertools

import pytest
import torch

from gan import data
from gan.config import Config
from gan.data.points import DISTRIBUTIONS, MIXTURES, load_points
from gan.live.lesson import kind_of
from gan.live.lessons import LESSONS, config_of
from gan.models.latent import class_of
from gan.models.model import load
from gan.training.alarms import (
    ACCURACY_WINDOW,
    COLLAPSE_RATIO,
    CURES,
    LOW_DIVERSITY,
    LOW_DIVERSITY_FROM,
    AlarmMonitor,
    alarmed,
    cures,
)  # fmt: skip
from gan.training.diversity import diversity_ratio
from gan.training.validation import check_resumed, with_changes

SHIPPED = {"mnist": "mnist-10k", "fashion-mnist": "fashion-mnist-10k", "emoji": "emoji"}


def test_diversity_is_the_mean_distance_to_the_nearest_of_the_same_class_over_that_of_real_ones():
    made = torch.tensor([0.0, 3.0, 4.0, 7.0, 7.5]).view(5, 1, 1, 1)
    real = torch.tensor([0.0, 2.0, 4.0, 5.0, 100.0]).view(5, 1, 1, 1)
    groups = torch.tensor([0, 0, 0, 1, 2])  # single ones are left out
    assert diversity_ratio(made, real, groups) == pytest.approx((3 + 1 + 1) / (2 + 2 + 2))
    assert diversity_ratio(made, real, torch.arange(5)) == 1
    assert diversity_ratio(torch.ones(6, 1, 2, 2), torch.rand(6, 1, 2, 2), torch.zeros(6)) == 0
    assert diversity_ratio(made, torch.ones(5, 1, 1, 1), groups) == 1, "equal real ones: nothing to compare with"


def test_copies_and_pictures_that_hardly_differ_make_no_ratio_large():
    """Otherwise one picture that differs among twenty that do not would make generated ones differ endlessly."""
    noise = torch.randint(0, 256, (40, 8, 8, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    groups = torch.zeros(40, dtype=torch.int64)
    twins = noise[:20].repeat(2, 1, 1, 1)
    assert diversity_ratio(noise, twins, groups) == pytest.approx(1, abs=0.1)
    assert diversity_ratio(noise, torch.cat([noise[:1].expand(39, -1, -1, -1), noise[1:2]]), groups) < 2
    flat = torch.full((40, 8, 8, 3), 128, dtype=torch.uint8)
    flat[range(40), 0, 0, 0] = torch.arange(40, dtype=torch.uint8)
    assert diversity_ratio(noise, flat, groups) == 1


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request):
    """Return (64 pictures of a shipped model, their classes, as many real ones, as many others)."""
    model, real = load(f"weights/{request.param}", "cpu"), data.load(SHIPPED[request.param])
    groups = torch.tensor([class_of(seed, len(model.classes)) for seed in range(64)])
    chosen = torch.zeros(2, 64, dtype=torch.int64)
    for group in groups.unique():
        chosen[:, groups == group] = (real.labels == group).nonzero()[: 2 * int((groups == group).sum()), 0].view(2, -1)
    pictures = real.images.permute(0, 2, 3, 1)
    return torch.from_numpy(model.sample(range(64))), groups, pictures[chosen[0]], pictures[chosen[1]]


def test_healthy_models_and_real_pictures_are_far_from_collapse(shipped):
    made, groups, real, other = shipped
    assert diversity_ratio(other, real, groups) > 0.85
    assert 0.6 < diversity_ratio(made, real, groups) < 1.2


def test_repeated_pictures_are_seen_within_classes_and_without(shipped):
    made, groups, real, _ = shipped
    first = torch.stack([made[groups == group][0] for group in groups])
    noise = 8 * torch.randn(first.shape, generator=torch.Generator().manual_seed(0))
    assert diversity_ratio(first, real, groups) < 1e-6
    assert diversity_ratio((first + noise).clamp(0, 255), real, groups) < COLLAPSE_RATIO * LOW_DIVERSITY
    assert diversity_ratio(made[torch.arange(64) % 2], real, groups) < COLLAPSE_RATIO * LOW_DIVERSITY
    assert diversity_ratio(made[torch.arange(64) % 2], real, torch.zeros(64)) < 1e-6


@pytest.mark.parametrize("distribution", MIXTURES)
def test_lost_modes_are_seen_however_wide_they_are(distribution):
    mixture, real = MIXTURES[distribution], load_points(distribution).images[:1000]
    for modes, width in itertools.product((1, 2, 5, len(mixture.centres)), (0.3, 1.0, 3.0)):
        source = torch.Generator().manual_seed(0)
        centres = mixture.centres[torch.randperm(len(mixture.centres), generator=source)[:modes]]
        made = centres[torch.randint(modes, (1000,), generator=source)]
        made = made + width * mixture.sd * torch.randn(1000, 2, generator=source)
        diversity, complete = diversity_ratio(made, real, torch.zeros(1000)), modes == len(mixture.centres)
        healthy, collapsed = 0.8 < diversity < 1.3, diversity < COLLAPSE_RATIO * LOW_DIVERSITY
        assert healthy if complete else collapsed, f"{modes} modes of {width} times their width: {diversity}"


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_points_all_over_the_place_are_no_collapse_and_no_explosion(distribution):
    real = load_points(distribution).images
    wild = (2 * torch.rand(1000, 2, generator=torch.Generator().manual_seed(0)) - 1) * real.abs().max()
    assert 0.6 < diversity_ratio(wild, real[:1000], torch.zeros(1000)) < 1.6
    assert 0.85 < diversity_ratio(real[1000:2000], real[:1000], torch.zeros(1000)) < 1.15


@pytest.mark.parametrize("images", [16, 1_000, 3 * ACCURACY_WINDOW])
def test_a_critic_that_always_wins_is_reported_once_and_again_after_a_recovery(images):
    """However many images lie between two reports: a fast machine raises the alarm where a slow one does."""
    monitor, calls = AlarmMonitor(), -(-ACCURACY_WINDOW // images)
    seen = [monitor.check_accuracy(1.0, images) for _ in range(4 * calls)]
    assert [i for i, alarm in enumerate(seen) if alarm] == [calls - 1]
    assert seen[calls - 1][0] == "critic-won" and "in 100.0% of all pairs" in seen[calls - 1][1]
    assert not any(monitor.check_accuracy(0.6, images) for _ in range(calls))
    again = [monitor.check_accuracy(1.0, images) for _ in range(3 * calls)]
    assert [alarm[0] for alarm in again if alarm] == ["critic-won"]


def test_a_good_critic_is_no_alarm():
    monitor = AlarmMonitor()
    assert not any(monitor.check_accuracy(share, ACCURACY_WINDOW // 8) for share in [1.0, 0.9375] * 100)


@pytest.mark.parametrize(
    ("shares", "alarms"),
    [
        ([0.1, 0.3, 0.6, 0.9, 1.0, 0.8], []),  # an ordinary run
        ([0.9, 1.0, 0.49, 0.4], [2]),  # collapse
        ([0.9, 0.2, 0.9, 0.2], [1, 3]),  # twice
        ([0.1] * 8, [2]),  # never spread at all, which counts from `LOW_DIVERSITY_FROM` on
    ],
)
def test_collapse_is_a_drop_from_the_best_or_never_rising(shares, alarms):
    monitor = AlarmMonitor()
    seen = [monitor.check_diversity(share, i * 25_000) for i, share in enumerate(shares)]
    assert [i for i, s in enumerate(seen) if s] == alarms
    assert all(s[0] == "diversity" and "collapse" in s[1] for s in filter(None, seen))
    assert LOW_DIVERSITY_FROM == 2 * 25_000


def test_an_explosion_is_an_alarm_of_its_own_once_and_no_collapse_when_it_is_over():
    monitor = AlarmMonitor()
    seen = [monitor.check_diversity(share, 1000) for share in (0.9, 50.0, 60.0, 1.1, 0.9)]
    assert [s and s[0] for s in seen] == [None, "exploded", None, None, None]
    assert seen[1][1] == "generated pictures differ 50 times as much as real ones"
    assert monitor.check_diversity(0.2, 2000)[0] == "diversity"


def test_a_moment_of_too_much_diversity_makes_no_collapse_of_a_healthy_run():
    monitor = AlarmMonitor()
    assert [monitor.check_diversity(share, 200_000) for share in (3.9, 1.0, 0.7)] == [None] * 3
    assert monitor.check_diversity(0.45, 200_000)[0] == "diversity"


def test_points_are_not_called_pictures():
    of = {name: AlarmMonitor(name) for name in ("ring", "emoji")}
    messages = {
        name: [monitor.check_accuracy(1.0, ACCURACY_WINDOW)[1], monitor.check_diversity(50.0, 0)[1]]
        for name, monitor in of.items()
    }
    assert all("point" in message and "picture" not in message for message in messages["ring"])
    assert all("picture" in message and "point" not in message for message in messages["emoji"])


@pytest.mark.parametrize("kind", CURES)
@pytest.mark.parametrize(
    ("lesson", "dataset"),
    [
        (lesson, dataset)
        for lesson in LESSONS
        for dataset in ("ring", "emoji", "flat-to-3d")
        if kind_of(dataset) in LESSONS[lesson].settings
    ],
)
def test_every_cure_can_be_taken_while_the_run_goes_on_and_changes_something(kind, dataset, lesson):
    config = config_of(lesson, dataset, {})
    for cure in cures(kind, config):
        changed = with_changes(config, cure.changes)
        assert changed != config, cure
        assert cure not in cures(kind, changed), "what has been taken is not offered again"


@pytest.mark.parametrize(
    ("lesson", "kind", "first"),
    [
        ("minimax", "exploded", "use the non-saturating loss"),  # the lesson's point is its loss, not its steps
        ("minimax", "critic-won", "use the non-saturating loss"),
        ("collapse", "diversity", "let the critic learn as fast as the generator"),
        ("classic", "critic-won", "add the penalty"),
        ("classic", "diversity", "use the relativistic loss and add the penalty"),
        ("modern", "critic-won", "double the penalty's weight"),
        ("modern", "exploded", "halve the learning rate"),
    ],
)
def test_the_first_cure_is_what_the_lesson_is_about(lesson, kind, first):
    assert cures(kind, config_of(lesson, "ring", {}))[0].words == first


def test_a_penalty_is_not_advised_where_it_is_refused():
    for changes in ({"critic_norm": "batch", "network": "dcgan"}, {"penalty": "r1+r2"}):
        config = config_of("classic", "emoji", changes)
        assert not [cure for kind in CURES for cure in cures(kind, config) if "penalty" in cure.changes]
    zero = config_of("classic", "emoji", {"penalty": "r1", "gamma": 0.0})
    assert {"penalty": "r1+r2", "gamma": 1.0} in [cure.changes for cure in cures("critic-won", zero)]


def test_a_command_line_is_told_the_flags_and_which_of_them_a_resumed_run_takes():
    classic = Config(loss="nonsaturating", penalty="none")
    event = alarmed(640, "critic-won", "the critic has won", classic)
    assert (event.shown, event.kind, event.message) == (640, "critic-won", "the critic has won")
    assert event.advice == (
        "resume with --critic-lr-ratio 0.5 or --augment color,translation,cutout, or start again with --penalty r1+r2"
    )
    assert alarmed(0, "exploded", "", Config()).advice == "resume with --learning-rate 0.0002"
    check_resumed(classic, Config(loss="nonsaturating", penalty="none", critic_lr_ratio=0.5))
    assert alarmed(0, "refused", "", classic).advice == ""
