"""`gan.evaluation.metrics.neighbours`: nearest rows, memorisation and copies, and the sheet of both."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gan.evaluation.metrics.neighbours import copied, memorisation, nearest, nearest_distances, pixels, write_rows


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_nearest_agrees_with_sorting_all_distances():
    queries, base = normal(1500, 3), normal(40, 3, seed=1)  # more queries than fit a slice
    distances, found = nearest(queries, base, 4)
    every = np.linalg.norm(queries.numpy()[:, None] - base.numpy()[None], axis=2)
    assert np.array_equal(found.numpy(), every.argsort(1)[:, :4])
    assert np.allclose(distances.numpy(), np.sort(every, 1)[:, :4])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [1, 3, 64, 784])
def test_equal_rows_are_at_distance_zero_exactly(width, dtype):
    """On every processor, whatever rounding leaves of the squares: `memorisation` and `copied` depend on it."""
    apart = torch.randperm(300, generator=torch.Generator().manual_seed(0))  # by far more than rounding
    base = (torch.cat([apart[:, None], normal(300, width - 1)], 1) + 0.1).to(dtype)
    distances, found = nearest(base[50:200], base, 2)
    assert torch.equal(found[:, 0], torch.arange(50, 200)) and not distances[:, 0].any() and (distances[:, 1] > 0).all()
    twice = torch.cat([base, base.flip(0)])
    distances, found = nearest(base, twice, 3)
    assert not distances[:, :2].any() and (distances[:, 2] > 0).all()
    assert torch.equal(found[:, :2].sort(1).values, torch.stack([torch.arange(300), 599 - torch.arange(300)], 1))


def test_copies_are_remembered_and_new_ones_are_not():
    train, unseen, new = normal(500, 6), normal(200, 6, seed=1), normal(200, 6, seed=2)
    near = train[:200] + 0.01 * normal(200, 6, seed=3)
    assert memorisation(*nearest_distances(new, train, unseen)) == pytest.approx(1, abs=0.15)
    assert memorisation(*nearest_distances(near, train, unseen)) < 0.05
    assert memorisation(*nearest_distances(new * 10, train, unseen)) > 3


def test_a_share_of_copies_is_seen_where_the_median_sees_none():
    train, unseen, new = normal(500, 6), normal(1000, 6, seed=1), normal(1000, 6, seed=2)
    some = torch.cat([train[:100], new[100:]])
    assert copied(*nearest_distances(new, train, unseen)) == pytest.approx(0.01, abs=0.01)
    assert copied(*nearest_distances(some, train, unseen)) == pytest.approx(0.11, abs=0.01)
    assert memorisation(*nearest_distances(some, train, unseen)) > 0.9
    assert copied(*nearest_distances(train[:100], train, unseen)) == 1
    assert copied(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.0])) == 0.5  # real copies: only copies count


def test_a_member_of_the_training_set_is_not_its_own_neighbour():
    train, new = normal(500, 6), normal(200, 6, seed=2)
    assert memorisation(*nearest_distances(new, train, train[100:300], members=True)) == pytest.approx(1, abs=0.15)
    assert memorisation(*nearest_distances(train, train, train, members=True)) == 0
    line = torch.tensor([[0.0], [1.0], [3.0], [6.0]])
    own, other = nearest_distances(torch.tensor([[8.0]]), line, line[2:3], members=True)
    assert memorisation(own, other) == 1  # 2 from 6, and 3 is 2 from 1


def test_pixels_are_shares_of_white():
    images = np.array([[[[0], [255]], [[51], [102]]]], np.uint8)
    assert pixels(images).tolist() == [pytest.approx([0, 1, 0.2, 0.4])]
    assert torch.equal(pixels(images), pixels(torch.from_numpy(images)))


@pytest.mark.parametrize("channels", [1, 3])
def test_sheet_shows_each_picture_beside_its_neighbours(tmp_path, channels):
    random = np.random.default_rng(0)
    generated = random.integers(0, 256, (2, 4, 4, channels), np.uint8)
    train = random.integers(0, 256, (5, 4, 4, channels), np.uint8)
    write_rows(tmp_path / "a.png", generated, train, torch.tensor([[4, 0, 1], [2, 2, 3]]))
    with Image.open(tmp_path / "a.png") as image:
        sheet = np.asarray(image).reshape(16, 40, -1)
    small = sheet[::2, ::2]  # each pixel is enlarged twofold
    for row, wanted in enumerate([[generated[0], None, train[4], train[0], train[1]],
                                  [generated[1], None, train[2], train[2], train[3]]]):  # fmt: skip
        for column, picture in enumerate(wanted):
            cell = small[row * 4 : row * 4 + 4, column * 4 : column * 4 + 4]
            assert np.array_equal(cell, picture) if picture is not None else (cell == 128).all()
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


ROWS = normal(6, 3)


@pytest.mark.parametrize(
    ("queries", "base", "count", "says"),
    [
        (ROWS, ROWS, 0, r"\[1, 6\], got 0"),
        (ROWS, ROWS, 7, "got 7"),
        (ROWS, ROWS[:, :2], 1, "one width"),
        (ROWS * torch.nan, ROWS, 1, "finite"),
        (ROWS[:0], ROWS, 1, "at least 1"),
    ],
)
def test_bad_input_is_refused(queries, base, count, says):
    with pytest.raises(ValueError, match=says):
        nearest(queries, base, count)


def test_nothing_is_said_where_real_pictures_are_copies():
    for far in (4.0, 5.0, 7.0, 99.9):
        base = torch.tensor([[0.0], [0.0], [far]])
        for real, members in ((base[:1], True), (base[:1], False), (base[2:], False)):
            with pytest.raises(ValueError, match="remove duplicates"):
                memorisation(*nearest_distances(base + 1, base, real, members))
        assert memorisation(*nearest_distances(base + 1, base, base[2:], True)) > 0
