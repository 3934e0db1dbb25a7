"""`gan.data.pairs`: every named set of pairs, and what its two sides have in common."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan import data
from gan.data import PAIRS, faces
from gan.data.emoji import index
from gan.data.free_hand import FreeHand
from gan.data.pairs import STRAIGHT, _outlined
from gan.data.sketches import sketch

NAMES = [name for name in PAIRS if name != "tiny"]


@pytest.fixture(scope="module")
def loaded():
    found = {}

    def load(name: str, split: str):
        if (name, split) not in found:
            found[name, split] = data.load_pairs(name, 32, split=split)
        return found[name, split]

    return load


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_fit_and_test_pairs_are_others(name, loaded):
    train, test = loaded(name, "train"), loaded(name, "test")
    for pairs in (train, test):
        assert (
            pairs.a.shape == pairs.b.shape and pairs.a.shape[1:] == (3, 32, 32) and len(pairs.captions) == len(pairs.a)
        )
        assert not torch.equal(pairs.a, pairs.b) and pairs.a.is_contiguous() and pairs.b.is_contiguous()
    assert not set(train.captions) & set(test.captions)


def test_a_beard_is_all_that_differs(loaded):
    pairs = data.load_pairs("beard", 64, split="test")
    seeds = np.array([int(caption.split()[1]) for caption in pairs.captions])
    assert not (faces.attributes(seeds)["hair"] == faces.ATTRIBUTES["hair"].names.index("bun")).any()
    assert torch.equal(pairs.b[:4], torch.from_numpy(faces.draw(seeds[:4], beard="none")).permute(0, 3, 1, 2))
    beards = 1 + np.arange(len(seeds)) % 5
    moved = (pairs.a != pairs.b).any(1)
    cover = faces.coverage(seeds, beard=beards.tolist())[:, faces.REGIONS.index("beard")]
    assert moved.flatten(1).any(1).all() and not (moved.numpy() & (cover == 0)).mean() > 0.01


def test_a_close_up_is_a_part_of_faces_held_straight(loaded):
    """All that differs lies within the picture, and nothing of it at the upper edge."""
    pairs = loaded("beard-close-up", "test")
    moved = (pairs.a != pairs.b).any(1)
    assert moved.flatten(1).any(1).all() and not moved[:, :4].any()
    assert 0.1 < moved.float().mean() < 0.4


def test_outlines_in_one_palette_say_all_there_is_to_know(loaded):
    """Faces have the same background, clothes of one hue, and outlines are no grey copies of them."""
    pairs = loaded("sketch-one-palette", "test")
    assert np.ptp(pairs.b[:, :, :2, :4].numpy().astype(int), 0).max() <= 2, "but for what a spike of hair adds"
    assert torch.equal(pairs.a[:, 0], pairs.a[:, 2]) and (pairs.a == 255).float().mean() > 0.5
    clothes = pairs.b[:, :, -1, 12].float()
    assert (clothes[:, 2] > clothes[:, 0] + 50).float().mean() > 0.5, "blue, but for collars and jackets"


def test_emoji_are_the_same_one_in_two_drawings(loaded):
    pairs = loaded("flat-to-3d", "test")
    assert len(pairs.a) == 200
    error = ((pairs.a.float() - pairs.b.float()) / 255).square().flatten(1).mean(1)
    shuffled = ((pairs.a.float() - pairs.b.roll(1, 0).float()) / 255).square().flatten(1).mean(1)
    assert error.mean() < shuffled.mean() / 4


def test_grey_is_the_luminance_and_labels_are_unicodes(loaded):
    pairs, about = loaded("grey-to-colour", "test"), index()
    assert torch.equal(pairs.a[:, 0], pairs.a[:, 2]) and not torch.equal(pairs.b[:, 0], pairs.b[:, 2])
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    assert ((pairs.b * weights).sum(1) - pairs.a[:, 0]).abs().max() <= 0.51
    assert [about.category[about.names.index(name)] for name in pairs.captions] == pairs.labels.tolist()


def test_outlines_come_with_the_four_colours_of_their_face():
    pairs = data.load_pairs("sketch-to-face", 64, split="test")
    assert pairs.classes[0] == "skin red" and pairs.classes[-1] == "background blue" and pairs.conditions.shape[1] == 12
    told = (pairs.conditions[:, 9:] * 255).round()
    assert (pairs.b[:, :, 0, 0] - told).abs().max() <= 1  # a corner shows the background
    seeds = [int(caption.split()[1]) for caption in pairs.captions]
    clothes = torch.from_numpy(faces.colours(seeds)["clothes"]).float() / 255
    torch.testing.assert_close(pairs.conditions[:, 6:9], clothes)


def test_outlines_are_dark_lines_on_white_along_borders_and_follow_their_seed():
    seeds = list(range(8))
    cover = faces.coverage(seeds)
    lines = sketch(cover, seeds)
    assert lines.shape == (8, 3, 64, 64) and torch.equal(lines[:, 0], lines[:, 1])
    assert torch.equal(sketch(cover[3:4], seeds[3:4]), lines[3:4]) and not torch.equal(
        sketch(cover[3:4], [99]), lines[3:4]
    )
    dark = lines[:, 0] < 128
    assert 0.02 < dark.float().mean() < 0.3 and (lines == 255).float().mean() > 0.5
    border = torch.from_numpy((np.diff(faces.labels(seeds).astype(int), axis=2) != 0).astype(np.uint8)).float()
    near = torch.nn.functional.max_pool2d(torch.nn.functional.pad(border, (0, 1))[:, None], 9, 1, 4)[:, 0] > 0
    assert (dark & near).sum() / dark.sum() > 0.8


def test_a_smile_is_one_stroke_and_an_open_mouth_has_a_border():
    mouth = faces.REGIONS.index("mouth")
    wish = {**STRAIGHT, "beard": "none", "mouth": ["smile", "laugh"], "mouth_size": 1300}
    cover = faces.coverage([5, 5], **wish)
    stroke = sketch(cover, [5, 5], [mouth])[:, 0] < 160
    where = torch.from_numpy(cover[:, mouth]) > 0
    top, left = where[0].nonzero().amin(0)
    bottom, right = where[0].nonzero().amax(0)
    smile = stroke[0, top - 1 : bottom + 2, left : right + 1].int()
    # Going down a column, a stroke begins once; a border would begin twice.
    begins = torch.diff(smile, dim=0, prepend=torch.zeros_like(smile[:1])).clamp(0).sum(0)
    assert begins.max() == 1 and begins.double().mean() > 0.7
    middle = where[1].nonzero().double().mean(0).round().long()
    assert not stroke[1, middle[0], middle[1]] and stroke[1, middle[0]].sum() >= 2  # the inside stays white


def test_nobody_draws_a_moustache_across_a_mouth_or_half_a_mouth():
    mouth = faces.REGIONS.index("mouth")
    seeds = list(range(60))
    cover = faces.coverage(seeds, **{**STRAIGHT, "beard": "full", "mouth": "laugh"})
    crossed, alone = (255 - sketch(cover, seeds, (), regions)[:, 0].float() for regions in ((), (mouth,)))
    inside = torch.from_numpy(cover[:, mouth]) > 250
    around = torch.nn.functional.max_pool2d(torch.from_numpy(cover[:, mouth])[:, None].float(), 7, 1, 3)[:, 0] > 64
    assert inside.flatten(1).any(1).all()
    assert alone[around].mean() < 0.7 * crossed[around].mean(), "lines of the beard are left out"
    ring = around & ~(
        torch.nn.functional.max_pool2d(torch.from_numpy(cover[:, mouth])[:, None].float(), 3, 1, 1)[:, 0] > 0
    )
    far = torch.nn.functional.max_pool2d(around[:, None].float(), 3, 1, 1)[:, 0] == 0
    assert torch.equal(alone[far], crossed[far]) and ring.any()
    drawn = (alone * (torch.nn.functional.max_pool2d(inside[:, None].float(), 5, 1, 2)[:, 0] > 0)).flatten(1).amax(1)
    assert drawn.min() > 100, "no mouth is lost to a gap"


def test_small_regions_of_a_face_count_more():
    pairs = data.load_pairs("sketch-to-face", 64, split="test")
    assert pairs.emphasis.dtype == torch.uint8 and pairs.emphasis.shape == (len(pairs.a), 1, 64, 64)
    seeds = [int(caption.split()[1]) for caption in pairs.captions]
    shown = torch.from_numpy(faces.labels(seeds).astype(np.int64))
    mean = {name: pairs.emphasis[:, 0][shown == i].float().mean() for i, name in enumerate(faces.REGIONS)}
    assert mean["background"] < 1.2 and mean["mouth"] > 8 > 3 > mean["clothes"]
    assert mean["mouth"] > mean["eyes"] > mean["skin"] and pairs.emphasis.max() <= 40


def test_half_of_the_outlines_to_learn_from_are_as_a_hand_draws_them():
    seeds = range(48)
    exact, free = (_outlined(seeds, 64, by) for by in (0, 2))
    for as_drawn, as_by_hand in zip(exact, free, strict=True):
        assert as_drawn[1::2].equal(as_by_hand[1::2]), "every other one is exact"
    _, faces_drawn, _ = exact
    _, faces_bent, _ = free
    moved = (faces_drawn[::2].float() - faces_bent[::2].float()).abs().mean((1, 2, 3))
    assert (moved > 2).all(), "the face follows the hand's proportions"


def test_a_hand_leaves_brows_out_and_makes_dots_of_eyes():
    seeds = np.arange(200)
    hand = FreeHand.of(seeds, 64)
    assert all(0.1 < chance.float().mean() < 0.35 for chance in (hand.without_brows, hand.without_clothes, hand.dots))
    assert not (hand.dots & hand.pupils).any()
    there = torch.from_numpy(faces.coverage(seeds, eyes="wide", glasses="none", beard="none"))
    drawn, dots = hand.leave_out(there)
    assert (drawn.sum(1, dtype=torch.int64) - there.sum(1, dtype=torch.int64)).abs().max() <= 3
    brows, eyes = faces.REGIONS.index("brows"), faces.REGIONS.index("eyes")
    assert drawn[hand.without_brows, brows].sum() == 0
    assert drawn[~hand.without_brows, brows].equal(there[~hand.without_brows, brows])
    black, whole = (dots > 127).sum((1, 2)), (there[:, eyes] > 127).sum((1, 2))
    assert (black[hand.dots] > 0).all() and (black[hand.dots] < whole[hand.dots]).all()
    assert drawn[hand.dots, eyes].sum() == 0 and drawn[hand.pupils, eyes].equal(there[hand.pupils, eyes])
    assert black[~(hand.dots | hand.pupils)].sum() == 0
