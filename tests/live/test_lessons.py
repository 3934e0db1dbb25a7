"""`gan.live.lessons`: what is told beside a run can be seen there, and its cure can be taken."""

from __future__ import annotations

import math

import pytest
import torch
from conftest import PLANE

from benchmarks import lessons as benchmark
from benchmarks.lessons import Course, Row
from gan.config import Config
from gan.data import DATASETS
from gan.data.points import DISTRIBUTIONS
from gan.live.lesson import OTHERS, Story, kind_of
from gan.live.lessons import LESSONS, config_of, story_of
from gan.live.run import SLOWEST
from gan.live.translation_lessons import WORLDS
from gan.live.viewers import viewer_of, watchable
from gan.live.views import PointViewer, _shades
from gan.training.trainer import Trainer
from gan.training.validation import prepare, with_changes

STORIES = {
    (name, data): lesson.stories[kind_of(data)]
    for data in ("ring", "mnist-10k", "flat-to-3d")
    for name, lesson in LESSONS.items()
    if kind_of(data) in lesson.stories
}
UNTROUBLED = {"modern", "cycle", "pairs", "cyclegan"}  # nothing to cure
MEASURED = {  # what a run's moments have
    "ring": {"modes", "quality", "generator_gradient"},
    "mnist-10k": {"diversity", "frechet", "classes_found", "generator_gradient"},
    "flat-to-3d": {"psnr", "cycle_error"},
}


@pytest.mark.parametrize(("name", "data"), STORIES)
def test_a_story_is_whole(name, data):
    story: Story = STORIES[name, data]
    for text in (story.setup, story.expect, story.why, story.then):
        assert not text or text.endswith((".", ").")), text
    assert story.question.endswith("?") and 0 <= story.right < len(story.answers) > 1
    assert MEASURED[data] & set(story.watch)
    known = set(DISTRIBUTIONS) | set(DATASETS) | set(WORLDS)
    assert set(story.steps) | set(story.cured) <= known | {OTHERS} and 0 <= story.pace <= SLOWEST
    assert bool(story.cure) == bool(story.then) == (name not in UNTROUBLED)
    assert OTHERS in story.steps, "how long it takes is told of any data"
    if story.cure:
        config = config_of(name, data, {})
        assert with_changes(config, story.cure.changes) != config, "a cure may be taken while a run trains"


def test_a_cure_leaves_what_the_modern_recipe_is():
    for name in ("collapse", "wgan"):
        cured = with_changes(config_of(name, "ring", {}), story_of(name, "ring").cure.changes)
        assert cured == config_of("modern", "ring", {})


def test_the_critics_colours_mean_the_same_at_all_times():
    logits, sides = torch.tensor([-1.0, 0.0, 1.0]), (torch.tensor([1.0, 3.0]), torch.tensor([-3.0, -1.0]))
    far = tuple(10 * side for side in sides)
    assert _shades(logits, *sides, "relativistic").tolist() == [31, 128, 225]
    assert _shades(logits, *far, "hinge").tolist() == [31, 128, 225]
    assert (
        _shades(100 * logits, *(100 * side for side in sides), "wgan").tolist()
        == _shades(logits, *sides, "wgan").tolist()
    )


def rows(*modes: int, of: int = 8, quality: float = 0.1, gradient: float = 1.0) -> list[Row]:
    return [Row(20 * i + 20, found, of, quality, gradient) for i, found in enumerate(modes)]


def test_a_lesson_is_met_when_it_happens_and_is_cured():
    assert benchmark.held_modes(Course(rows(0, 4, 1), rows(3, 7), 1.0, 1.0))[0]
    assert not benchmark.held_modes(Course(rows(0, 5, 1), rows(3, 7), 1.0, 1.0))[0]
    assert not benchmark.held_modes(Course(rows(0, 4, 1), rows(3, 6), 1.0, 1.0))[0]
    gone, back = rows(0, 0, gradient=9e-4), rows(0, gradient=0.2)
    assert benchmark.lost_gradient(Course(rows(0, 0) + gone, back, 1.0, 1.0))[0]
    assert not benchmark.lost_gradient(Course(gone + rows(0, 0, gradient=0.002), back, 1.0, 1.0))[0]
    assert not benchmark.lost_gradient(Course(gone, rows(0, gradient=0.05), 1.0, 1.0))[0]
    assert benchmark.kept_blurred(Course(rows(4, 8), rows(8), 1.0, 1.0))[0]
    assert not benchmark.kept_blurred(Course(rows(4, 7), rows(8), 1.0, 1.0))[0]
    assert not benchmark.kept_blurred(Course(rows(4, 8, quality=0.3), rows(8), 1.0, 1.0))[0]
    assert benchmark.found_all(Course(rows(4, 8, 7), [], 1.0, 1.0))[0]
    assert not benchmark.found_all(Course(rows(4, 7), [], 1.0, 1.0))[0]


RISES_AND_FALLS = (5, 4, 5, 4, 5, 4, 5, 4)


def test_what_comes_and_goes_is_held_by_the_cure():
    def of_points(*modes: int, cured: int = 7) -> bool:
        return benchmark.came_and_went(Course(rows(*modes), rows(0, 0, cured, cured), 1.0, 1.0))[0]

    assert of_points(*RISES_AND_FALLS)
    assert not of_points(5, 4, 5, 4, 5, 4, 5, 5), "three falls"
    assert not of_points(*RISES_AND_FALLS, cured=6), "under four fifths"
    assert not of_points(8, 7, 8, 7, 8, 7, 8, 7, cured=7), "as many as before"


def test_pictures_that_come_and_go_are_calmer_and_nearer_once_cured():
    def of_pictures(change: float, distance: float) -> bool:
        before = [Row(25, found, 10, math.nan, 1.0, frechet=10.0, change=20.0) for found in RISES_AND_FALLS]
        after = [Row(25, 9, 10, math.nan, 1.0, frechet=distance, change=change)] * 2
        return benchmark.came_and_went(Course(before, after, 1.0, 1.0))[0]

    assert of_pictures(14.9, 9.9)
    assert not of_pictures(15.0, 9.9) and not of_pictures(14.9, 10.0)


def test_pictures_of_clipped_weights_are_met_when_the_cure_brings_them_nearer():
    def of_pictures(distance: float) -> bool:
        return benchmark.TRIALS["wgan"].judge(
            Course(*([Row(25, 9, 10, math.nan, 1.0, frechet=one)] for one in (8.0, distance)), 1.0, 1.0)
        )[0]

    assert of_pictures(5.9) and not of_pictures(6.0)


def test_pictures_are_measured_by_how_much_they_change():
    trial = benchmark.Trial({"mnist-10k": 4}, {}, {"mnist-10k": 2}, benchmark.came_and_went)
    first, second = benchmark.watch("classic", "mnist-10k", 0, trial).trouble
    assert math.isnan(first.change) and 0 < second.change < 255 and first.frechet > 0


def test_a_translation_is_met_when_it_comes_near_and_its_cycle_holds():
    def course(psnr: float, error: float, cured: float) -> Course:
        rows = [Row(50, 0, 0, 1.0, 1.0, psnr, one) for one in (error, cured)]
        return Course(rows[:1], rows[1:], 1.0, 1.0, untouched=20.0)

    assert benchmark.came_nearer(course(22.0, 9.0, 9.0))[0] and not benchmark.came_nearer(course(21.9, 9.0, 9.0))[0]
    assert benchmark.lost_itself(course(20.0, 15.0, 10.0))[0] and not benchmark.lost_itself(course(20.0, 14.9, 10.0))[0]


def test_a_lesson_is_watched_with_its_cure():
    trial = benchmark.Trial({"ring": 6}, {"ring": 4}, {"ring": 2}, benchmark.lost_gradient)
    course = benchmark.watch("minimax", "ring", 0, trial)
    assert [row.step for row in course.trouble] == [2, 4, 6] and [row.step for row in course.cured] == [2, 4]
    assert course.first > 0 and course.trouble[0].of == 8


def test_points_outside_lie_at_the_edge_of_the_picture():
    config, data = prepare(Config(**PLANE))
    trainer, viewer = Trainer(config, data), PointViewer("ring")
    with torch.no_grad():
        trainer.average.layers[-1].bias.copy_(torch.tensor([100.0, 0.0]))
    assert (viewer.look(trainer).arrays["points"][:, 0] == 32_767).all()


@pytest.mark.parametrize("data", ["ring", "two-moons", "mnist-10k", "emoji", "beard-close-up", "grey-to-colour"])
def test_what_can_be_watched_is_what_a_run_measures(data):
    config, training = prepare(config_of("cycle" if kind_of(data) == "translations" else "modern", data, {}))
    measured = viewer_of(training, data).measure(Trainer(config, training))
    watched = {name for story in STORIES.values() for name in story.watch} - {"generator_gradient"}
    assert set(watchable(data)) == watched & set(measured)
