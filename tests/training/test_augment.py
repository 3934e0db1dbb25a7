"""`gan.training.augment`: each change against its description, twice differentiable, and reproducible."""

from __future__ import annotations

import pytest
import torch

from gan.errors import ConfigError
from gan.training.augment import AUGMENTATIONS, apply, color, cutout, draw, parse, translation


def pictures(n=4, c=3, h=8, w=8, **kw):
    return torch.rand(n, c, h, w, generator=torch.Generator().manual_seed(0), **kw) * 2 - 1


def test_color_in_the_middle_of_its_ranges_changes_nothing():
    x = pictures()
    torch.testing.assert_close(color(x, torch.full((4, 3), 0.5)), x)


def test_color_reaches_the_ends_of_its_ranges():
    x = pictures(1)
    brighter = color(x, torch.tensor([[1.0, 0.5, 0.5]]))
    torch.testing.assert_close(brighter, x + 0.5)
    grey = color(x, torch.tensor([[0.5, 0.0, 0.5]]))
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))
    flat = color(x, torch.tensor([[0.5, 0.5, 0.0]]))
    torch.testing.assert_close(flat, x.mean() + (x - x.mean()) / 2)


@pytest.mark.parametrize(("u", "dy", "dx"), [((0.0, 0.5), -1, 0), ((0.99, 0.0), 1, -1), ((0.5, 0.99), 0, 1)])
def test_translation_is_a_shift_of_whole_pixels_filled_with_grey(u, dy, dx):
    x = pictures(1)
    moved = translation(x, torch.tensor([u]))
    expected = torch.zeros_like(x)
    for i in range(8):
        for j in range(8):
            if 0 <= i - dy < 8 and 0 <= j - dx < 8:
                expected[..., i, j] = x[..., i - dy, j - dx]
    assert torch.equal(moved, expected)


def test_translation_reaches_an_eighth_and_is_evenly_spread():
    x = torch.zeros(4096, 1, 16, 16)
    x[:, :, 8, 8] = 1
    u = torch.rand(4096, 2, generator=torch.Generator().manual_seed(0))
    found = translation(x, u).flatten(1).argmax(1)
    rows, counts = (found // 16).unique(return_counts=True)
    assert rows.tolist() == [6, 7, 8, 9, 10] and counts.min() > 4096 / 5 * 0.85
    assert (found % 16).unique().tolist() == [6, 7, 8, 9, 10]


def test_cutout_greys_a_square_and_nothing_else():
    x = torch.ones(1, 2, 8, 8)
    cut = cutout(x, torch.tensor([[0.5, 0.5]]))  # centre at pixel 4: rows and columns 2 to 5
    hole = cut == 0
    assert torch.equal(hole[0, 0].any(1).nonzero().flatten(), torch.arange(2, 6)) and hole[0].sum() == 2 * 16
    corner = cutout(x, torch.tensor([[0.0, 0.99]]))
    assert (corner == 0).sum() == 2 * 4


@pytest.mark.parametrize("size", [5, 6, 7, 8, 28])
def test_cutouts_are_those_of_the_papers_code(size):
    """Its `rand_cutout`, a row of pixels at a time, for each of its offsets once."""
    side = int(size * 0.5 + 0.5)
    offsets = range(size + (1 - side % 2))
    expected = [{min(max(i + o - side // 2, 0), size - 1) for i in range(side)} for o in offsets]
    u = (torch.arange(len(offsets)) + 0.5) / len(offsets)
    cut = cutout(torch.ones(len(u), 1, size, size), torch.stack([u, u], 1)) == 0
    assert [set(hole[0].any(1).nonzero().flatten().tolist()) for hole in cut] == expected


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_differentiable_twice_and_each_picture_by_itself(name, channels):
    a = AUGMENTATIONS[name]
    u = torch.rand(2, a.numbers, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = pictures(2, channels, 5, 5, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: a.apply(x, u), (x,))
    assert torch.autograd.gradgradcheck(lambda x: a.apply(x, u).pow(3), (x,))
    alone = torch.cat([a.apply(x[i : i + 1], u[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(a.apply(x, u), alone)
    assert not torch.equal(a.apply(x, u), x)


def test_numbers_are_the_sources_and_go_to_their_augmentation():
    policy = parse("color,translation,cutout")
    numbers = draw(policy, 5, torch.Generator().manual_seed(3))
    assert numbers.shape == (5, 7) and torch.equal(numbers, draw(policy, 5, torch.Generator().manual_seed(3)))
    x = pictures(5)
    expected = cutout(translation(color(x, numbers[:, :3]), numbers[:, 3:5]), numbers[:, 5:])
    assert torch.equal(apply(policy, x, numbers), expected)


@pytest.mark.parametrize("text", ["", "colour", "color,", "color,color", "none,color", "Color"])
def test_unknown_or_repeated_names_are_refused_with_the_choices(text):
    with pytest.raises(ConfigError, match="augment must"):
        parse(text)


def test_none_and_spaces():
    assert parse("none") == () and parse("cutout, color") == (AUGMENTATIONS["cutout"], AUGMENTATIONS["color"])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_autocast_rounds_no_picture(name):
    x, chosen = pictures(), parse(name)
    numbers = draw(chosen, len(x), torch.Generator().manual_seed(1))
    with torch.autocast("cpu", torch.bfloat16):
        changed = apply(chosen, x, numbers)
    assert torch.equal(changed, apply(chosen, x, numbers))
