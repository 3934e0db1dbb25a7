"""`gan.evaluation.loss_curve`: the losses that are read from a log, and the curve that is drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image, ImageColor

from gan.evaluation.loss_curve import COLOURS, draw, read_distances, read_losses, short, write_curve


def log_of(tmp_path, *events) -> None:
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events) + '{"event": "step')


def stepped(shown: int, critic: object = 0.5, generator: object = 1.0) -> dict:
    return {"event": "stepped", "shown": shown, "critic_loss": critic, "generator_loss": generator}


def test_losses_are_read_in_order_and_other_lines_are_skipped(tmp_path):
    others = [3, [], {}, {"event": "stepped"}, stepped(48, None), stepped(48, "x"), {"event": "sampled", "shown": 1}]
    log_of(tmp_path, stepped(16), *others, stepped(32, 0.25, 2.0))
    assert read_losses(tmp_path / "log.jsonl") == [(16, 0.5, 1.0), (32, 0.25, 2.0)]
    assert read_losses(tmp_path / "none.jsonl") == []


def test_what_was_thrown_away_on_resuming_is_not_drawn(tmp_path):
    log_of(tmp_path, stepped(16), stepped(32), stepped(48), {"event": "started", "shown": 32}, stepped(40, 9.0))
    assert [p[0] for p in read_losses(tmp_path / "log.jsonl")] == [16, 32, 40]


def test_what_a_rollback_threw_away_is_not_drawn(tmp_path):
    fell = {"event": "alarmed", "shown": 32, "kind": "non-finite", "message": "back"}
    won = {"event": "alarmed", "shown": 32, "kind": "critic-won", "message": "say"}
    log_of(tmp_path, stepped(16), stepped(32), stepped(48), fell, stepped(40, 9.0), won, stepped(48))
    assert [p[0] for p in read_losses(tmp_path / "log.jsonl")] == [16, 32, 40, 48]


def test_distances_are_read_as_losses_are(tmp_path):
    def evaluated(shown, distance=3.0, floor=1.0):
        return {"event": "evaluated", "shown": shown, "frechet_distance": distance, "frechet_floor": floor}

    others = [stepped(16), evaluated(20, "x"), {"event": "evaluated", "shown": 24}]
    log_of(tmp_path, evaluated(16), *others, evaluated(32, 2.0), {"event": "started", "shown": 16}, evaluated(48))
    assert read_distances(tmp_path / "log.jsonl") == [(16, 3.0, 1.0), (48, 3.0, 1.0)]


def test_distances_are_drawn_below_with_a_ring_around_the_least():
    losses = [(0, 1.0, 1.0), (100, 1.0, 1.0)]
    falling = draw(losses, [(shown, 9.0 - shown / 20, 1.0) for shown in range(20, 101, 20)])
    rising = draw(losses, [(shown, 4.0 + shown / 20, 1.0) for shown in range(20, 101, 20)])
    assert falling.size == rising.size == (1200, 1200) != draw(losses).size
    assert np.array_equal(np.asarray(falling)[:600], np.asarray(draw(losses)))
    red = [
        (np.abs(np.asarray(p)[700:].astype(int) - ImageColor.getrgb(COLOURS["generated"])).sum(-1) < 30).sum(0)
        for p in (falling, rising)
    ]
    left, right = slice(290, 306), slice(1150, 1169)  # where the first and the last were measured
    assert red[0][right].sum() > 2 * red[0][left].sum() and red[1][left].sum() > 2 * red[1][right].sum()


@pytest.mark.parametrize("distances", [[(50, 0.0, 0.0)], [(10**30, 1.0, 1.0), (5, 1e300, 1.0)], [(1, 3.0, 1e300)]])
def test_any_finite_distances_can_be_drawn(distances):
    assert np.asarray(draw([(0, 1.0, 1.0), (100, 1.0, 1.0)], distances)).std() > 1


def rows_of(picture: Image.Image, colour: str) -> np.ndarray:
    """The mean row, a column, of the pixels of that colour left of the legend; NaN where there are none."""
    pixels = np.asarray(picture).astype(int)
    near = np.abs(pixels - ImageColor.getrgb(colour)).sum(-1) < 30
    near[:84] = False
    with np.errstate(invalid="ignore"):
        return (near * np.arange(len(near))[:, None]).sum(0) / near.sum(0)


def test_each_curve_goes_where_its_loss_goes():
    points = [(i, 1.0, 3.0 - 2 * i / 100_000) for i in range(0, 100_001, 100)]
    picture = draw(points)
    assert picture.size == (1200, 600)
    critic, generator = (rows_of(picture, COLOURS[name]) for name in ("critic", "generator"))
    assert np.nanstd(critic) < 1  # a flat line
    assert np.nanmax(generator) - np.nanmin(generator) > 250  # from the top down to the critic's
    seen = generator[~np.isnan(generator)]
    assert (np.diff(seen) > -1).all() and seen[0] < seen[-1]


@pytest.mark.parametrize(
    "points",
    [
        [(0, 1.0, 1.0), (1, 1.0, 1.0)],
        [(0, -1e9, 1e9), (5, 1e-9, 0.0)],
        [(10**9, 0.1, 0.2), (2 * 10**9, 0.2, 0.1)],
        [(i, (-1.0) ** i, 5.0) for i in range(5000)],
    ],
)
def test_any_finite_losses_can_be_drawn(points):
    assert np.asarray(draw(points)).std() > 1


def test_a_log_of_fewer_than_two_steps_gives_no_picture(tmp_path):
    for events in ([], [stepped(16)], [stepped(16), stepped(16)]):
        log_of(tmp_path, *events)
        assert not write_curve(tmp_path) and not (tmp_path / "curve.png").exists()


def test_a_run_draws_its_own(tiny_folder):
    with Image.open(tiny_folder / "curve.png") as picture:
        assert picture.format == "PNG" and picture.size == (1200, 600)
    assert "![Losses over the images shown](curve.png)" in (tiny_folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1000, "1 k"), (1_234_567, "1.23 M"), (2 * 10**10, "20 G")]
)
def test_counts_are_short(count, text):
    assert short(count) == text
