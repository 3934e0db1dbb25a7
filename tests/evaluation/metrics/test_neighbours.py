"""`gan.evaluation.metrics.neighbours`: what is nearest, what counts as remembered, and the sheet of both."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gan.evaluation.metrics.neighbours import copied, gaps, memorisation, nearest, pixels, write_sheet


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_nearest_agrees_with_sorting_all_distances():
    queries, base = normal(1500, 3), normal(40, 3, seed=1)  # more queries than fit a slice
    distances, found = nearest(queries, base, 4)
    every = np.linalg.norm(queries.numpy()[:, None] - base.numpy()[None], axis=2)
    assert np.array_equal(found.numpy(), every.argsort(1)[:, :4])
    assert np.allclose(distances.numpy(), np.sort(every, 1)[:, :4])


def test_copies_are_remembered_and_new_ones_are_not():
    train, unseen, new = normal(500, 6), normal(200, 6, seed=1), normal(200, 6, seed=2)
    near = train[:200] + 0.01 * normal(200, 6, seed=3)
    assert memorisation(*gaps(new, train, unseen)) == pytest.approx(1, abs=0.15)
    assert memorisation(*gaps(near, train, unseen)) < 0.05
    assert memorisation(*gaps(new * 10, train, unseen)) > 3


def test_a_share_of_copies_is_seen_where_the_median_sees_none():
    train, unseen, new = normal(500, 6), normal(1000, 6, seed=1), normal(1000, 6, seed=2)
    some = torch.cat([train[:100], new[100:]])
    assert copied(*gaps(new, train, unseen)) == pytest.approx(0.01, abs=0.01)
    assert copied(*gaps(some, train, unseen)) == pytest.approx(0.11, abs=0.01)
    assert memorisation(*gaps(some, train, unseen)) > 0.9
    assert copied(*gaps(train[:100], train, unseen)) == 1
    assert copied(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.0])) == 0.5  # real copies: only copies count


def test_a_member_of_the_training_set_is_not_its_own_neighbour():
    train, new = normal(500, 6), normal(200, 6, seed=2)
    assert memorisation(*gaps(new, train, train[100:300], members=True)) == pytest.approx(1, abs=0.15)
    assert memorisation(*gaps(train, train, train, members=True)) == pytest.approx(0, abs=1e-6)
    line = torch.tensor([[0.0], [1.0], [3.0], [6.0]])
    own, other = gaps(torch.tensor([[8.0]]), line, line[2:3], members=True)
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
    write_sheet(tmp_path / "a.png", generated, train, torch.tensor([[4, 0, 1], [2, 2, 3]]))
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
    base = torch.tensor([[0.0], [0.0], [4.0]])
    for real, members in ((base[:1], True), (base[:1], False), (base[2:], False)):
        with pytest.raises(ValueError, match="remove duplicates"):
            memorisation(*gaps(base + 1, base, real, members))
    assert memorisation(*gaps(base + 1, base, base[2:], True)) > 0
