"""`gan.live.translation_views` and `translation_lessons`: what is seen of a translator that learns."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from conftest import translation

from gan.data import load_domains, load_pairs
from gan.data.domains import of_pairs
from gan.errors import ConfigError
from gan.live.export import film
from gan.live.history import Moment
from gan.live.run import Run
from gan.live.translation_lessons import LESSONS, WORLDS
from gan.live.translation_views import MEASURED, SHOWN
from gan.live.viewers import viewer_of
from gan.training.trainer import Trainer
from gan.training.validation import prepare, with_changes


def seen(**changes):
    config, data = prepare(translation(**changes))
    return Trainer(config, data), viewer_of(data, config.dataset)


def db(a: np.ndarray, b: np.ndarray) -> float:
    error = ((a.astype(float) - b) / 255) ** 2
    return float((10 * np.log10(1 / error.reshape(len(a), -1).mean(1))).mean())


def test_pictures_are_seen_with_what_they_become_and_what_comes_back():
    trainer, viewer = seen(learning_rate=0.01, ema_images=1)
    behind, first, at_first = viewer.backdrop(), viewer.look(trainer).arrays, viewer.measure(trainer)
    given, truth = behind.arrays["a"], behind.arrays["truth"]
    held_out = {picture.tobytes() for picture in load_pairs("tiny", split="test").a.permute(0, 2, 3, 1).numpy()}
    assert {picture.tobytes() for picture in given} <= held_out, "training does not see them"
    assert given.shape == (SHOWN, 28, 28, 3) and np.array_equal(truth, given + 100)
    for name in ("to_b", "back_a"):
        assert np.array_equal(first[name], given), "a translator begins as the identity"
    assert at_first["cycle_error"] == 0 and at_first["psnr"] == pytest.approx(behind.numbers["psnr_untouched"])

    trainer.advance()
    view, model = viewer.look(trainer), trainer.model()
    there, back = model.there_and_back(given)
    assert np.array_equal(view.arrays["to_b"], there) and np.array_equal(view.arrays["back_a"], back)
    there, back = model.there_and_back(behind.arrays["b"], "a")
    assert np.array_equal(view.arrays["to_a"], there) and np.array_equal(view.arrays["back_b"], back)
    numbers = viewer.measure(trainer)
    pictures, wanted = (images.permute(0, 2, 3, 1).numpy() for images in (viewer.a, viewer.truth))
    made, returned = model.there_and_back(pictures)
    assert len(pictures) == MEASURED and numbers["psnr"] == pytest.approx(db(made, wanted), abs=1e-3)
    assert numbers["cycle_error"] == pytest.approx(np.abs(returned.astype(float) - pictures).mean(), abs=0.02)


@pytest.mark.parametrize(
    ("changes", "ways"), [({}, True), ({"objective": "paired"}, False), ({"network": "cyclegan"}, True)]
)
def test_the_critic_is_seen_judging_whatever_it_looks_at(changes, ways):
    trainer, viewer = seen(**changes)
    view = viewer.look(trainer)
    assert ("back_a" in view.arrays) == ("cycle_error" in viewer.measure(trainer)) == ways
    judged, heat = view.arrays["judged"], view.arrays["heat"]
    assert judged.shape == (16, 28, 28, 3) and heat.shape == (16, 28, 28)
    assert np.array_equal(judged[8:14], view.arrays["to_b"]) and (heat.reshape(16, -1).max(1) == 255).all()
    model, pictures = trainer.model(), viewer.a[:8].permute(0, 2, 3, 1).numpy()
    inputs = np.concatenate([pictures, pictures]) if changes.get("objective") == "paired" else None
    assert view.numbers["scores"] == pytest.approx(model.critic_score(judged, "b", inputs), abs=2e-3)


def test_two_sets_that_are_no_pairs_are_seen_without_a_truth():
    data = dataclasses.replace(load_domains("", "tiny", False), name="mine")
    config, data = prepare(translation(dataset="tiny", mirror=True), dataset=data)
    trainer, viewer = Trainer(config, data), viewer_of(data, "mine")
    assert set(viewer.backdrop().arrays) == {"a", "b"} and viewer.backdrop().numbers == {}
    assert set(viewer.measure(trainer)) == {"cycle_error", "accuracy_real", "accuracy_fake"}


def test_colours_are_measured_where_there_were_none():
    config, data = prepare(translation(dataset="grey-to-colour", resolution=32))
    trainer, viewer = Trainer(config, data), viewer_of(data, "grey-to-colour")
    untouched, found = viewer.backdrop().numbers["colour_distance_untouched"], viewer.measure(trainer)
    assert found["colour_distance"] == pytest.approx(untouched) and untouched > 0.3 and "psnr" not in found


def test_outlines_have_a_truth_though_they_are_grey():
    outlines = of_pairs(load_pairs("sketch-one-palette", 32, split="test"), paired=True)
    found = viewer_of(outlines, "sketch-one-palette").backdrop().numbers
    assert 5 < found["psnr_untouched"] < 15 and "colour_distance_untouched" not in found


def test_looking_does_not_change_the_run():
    (one, viewer), (other, _) = seen(), seen()
    for _ in range(2):
        one.advance()
        viewer.look(one)
        viewer.measure(one)
        other.advance()
    a, b = one.snapshot().tensors, other.snapshot().tensors
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_the_cycle_can_be_asked_for_while_a_run_goes_on():
    """What a step minimises follows the settings: asked for late is asked for all the same."""
    cure = LESSONS["no-cycle"].translations.cure
    without = translation(content=0.0, identity=0.0, change=0.0)
    trainer, _ = seen(content=0.0, identity=0.0, change=0.0)
    _, result = trainer.advance()
    assert float(result.generator_content) == 0
    trainer.change(**cure.changes)
    _, result = trainer.advance()
    assert float(result.generator_content) > 0 and trainer.config.content == cure.changes["content"]
    assert with_changes(without, cure.changes) != without


def test_a_run_translates_and_is_filmed():
    run = Run([translation(images=64)])
    run.start()
    run.join(60)
    assert run.error is None and len(run.moments()) > 1
    frames = film(run.moments(), run.backdrop)
    assert frames[0].shape == (3 * 28, SHOWN * 28, 3) and np.array_equal(
        frames[0][:28, :28], run.backdrop.arrays["a"][0]
    )
    assert run.size > run.data.inputs.nbytes + run.data.images.nbytes
    last = run.moments()[-1]
    there_alone = {name: array for name, array in last.sides[0].arrays.items() if name != "back_a"}
    duel = Moment(0, 0, 0, 0.0, (last.sides[0], dataclasses.replace(last.sides[0], arrays=there_alone)))
    assert film([duel], run.backdrop)[0].shape == (3 * 28, 2 * SHOWN * 28, 3)


def test_a_duel_of_pairs_and_two_sets_is_refused():
    with pytest.raises(ConfigError, match="one side of the duel learns from pairs"):
        Run([translation(), translation(objective="paired")])


def test_worlds_are_pairs_and_their_lessons_fit_in():
    for name in WORLDS:
        pairs = load_pairs(name, 32, split="test")
        assert pairs.a.shape == pairs.b.shape and pairs.a.shape[1:] == (3, 32, 32) and pairs.conditions is None
