"""`gan.models.named`: where amounts of named directions move latents, for all classes, for some, and between them."""

from __future__ import annotations

import pytest
import torch

from gan.models.directions import Slider
from gan.models.named import Named, move

ROWS = torch.eye(5)
SLIDERS = (
    Slider("slant", 0.9, 2.5),
    Slider("smile", principal=2),
    Slider("slant", 0.9, 2.5, label="b"),
    Slider("size", 0.9, 2.5, label="b"),
    Slider("size", 0.9, 2.5, label="c"),
)
Y = torch.eye(3)
ZERO = torch.zeros(3, 5)


def named() -> Named:
    return Named(SLIDERS, ROWS, ("a", "b", "c"))


def test_a_class_has_its_own_directions_or_those_of_all_and_names_by_hand_are_for_all():
    one = named()
    assert one.names == ("slant", "smile", "size") and len(one) == 3
    assert [one.depends(name) for name in one.names] == [True, False, True]
    assert [one.acting(y) for y in Y] == [[True, True, False], [True, True, True], [False, True, True]]
    slant, smile, size = (one.moved(ZERO, [0.0] * i + [2.0], Y) for i in range(3))
    assert torch.equal(slant, 2 * torch.stack([ROWS[0], ROWS[2], torch.zeros(5)]))
    assert torch.equal(smile.expand(3, 5), 2 * ROWS[[1, 1, 1]])
    assert torch.equal(size, 2 * torch.stack([torch.zeros(5), ROWS[3], ROWS[4]]))
    assert torch.equal(one.moved(ZERO, [1.0, 1.0, 1.0], Y), (slant + smile + size) / 2)


def test_between_classes_it_glides():
    half = named().moved(ZERO[:1], [1.0], torch.tensor([[0.5, 0.5, 0.0]]))
    torch.testing.assert_close(half, (ROWS[0] + ROWS[2])[None] / 2)


def test_a_direction_of_all_classes_is_added_once_where_a_picture_has_several():
    one = Named(SLIDERS[:1] + SLIDERS[4:], ROWS[[0, 4]], ("a", "b", "c", "x", "y"))
    y = torch.tensor([[1.0, 0, 0, 1, 1], [0, 0, 1.0, 1, 0]])
    torch.testing.assert_close(one.moved(ZERO[:2], [1.0, 1.0], y), ROWS[[0, 4]])
    assert [one.acting(row) for row in y] == [[True, False], [False, True]]


def test_without_classes_there_is_one_row_for_all_pictures():
    one = Named(SLIDERS[:2], ROWS[:2], ())
    assert not one.depends("slant") and one.acting(None) == [True, True]
    assert torch.equal(one.moved(ZERO[:1], [1.0, 3.0], None), (ROWS[0] + 3 * ROWS[1])[None])
    assert torch.equal(one.moved(ROWS, [], None), ROWS)
    none = Named((), ROWS[:0], ("a", "b"))
    assert none.names == () and torch.equal(none.moved(ZERO, [], Y[:, :2]), ZERO)


def test_amounts_have_names_that_there_are():
    one = named()
    assert one.amounts({"smile": 2}) == [0.0, 2.0, 0.0] and one.amounts({}) == [0.0] * 3
    with pytest.raises(ValueError, match="no slider 'hair': it has slant, smile, size"):
        one.amounts({"hair": 1})
    with pytest.raises(ValueError, match="no slider 'hair': it has no named sliders"):
        Named((), ROWS[:0], ()).amounts({"hair": 1})
    for value in (float("nan"), float("inf"), True, "1", None):
        with pytest.raises(ValueError, match="slant must be a number"):
            one.amounts({"slant": value})


def test_a_move_ends_at_its_reach_and_none_is_moved_back_that_stands_beyond():
    rows, z = 1.5 * ROWS[:2], torch.zeros(4, 5)
    z[:, 0] = torch.tensor([0.0, 1.5, 3.0, -3.0])
    by = move(z, rows, torch.tensor([1.0, -3.0]), reach=2.6)
    torch.testing.assert_close(by[:, 0], torch.tensor([1.5, 1.1, 0.0, 1.5]))
    torch.testing.assert_close(by[:, 1], torch.full((4,), -2.6))
    torch.testing.assert_close(
        move(z, rows, torch.tensor([-1.0, 0.0]), reach=2.6)[:, 0], torch.tensor([-1.5, -1.5, -1.5, 0])
    )
    assert torch.equal(move(z, rows, torch.tensor([1.0, -3.0])), torch.tensor([[1.5, -4.5, 0, 0, 0]]))


def test_each_row_moves_from_where_the_latent_was_and_classes_glide_between_moves_that_end():
    rows = torch.stack([ROWS[0] + ROWS[1], ROWS[0]])
    both = move(ZERO, rows, torch.tensor([9.0, 9.0]), reach=2.0)
    torch.testing.assert_close(both[0, :2], torch.tensor([2 + 2 / 2**0.5, 2 / 2**0.5]))
    one = Named(SLIDERS, ROWS, ("a", "b", "c"), reach=2.0)
    half = one.moved(ZERO[:1], [5.0], torch.tensor([[0.5, 0.5, 0.0]]))
    torch.testing.assert_close(half, (ROWS[0] + ROWS[2])[None])
