"""`gan.editing.detect`: boxes from masks, what fits, and a head on a critic's maps beside a network from scratch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import untrained

from gan.data import scenes
from gan.editing.detect import box_overlaps, boxes_of, critic_maps, detected, teach_detector
from gan.editing.parts import UNPAINTED

NAMES = ("ground", "bright", "dark")


def squares(count: int, seed: int) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Return pictures uint8 (N, 1, 28, 28) of a bright square at the left and a dark one at the right, masks, boxes."""
    random = np.random.default_rng(seed)
    images = random.integers(110, 140, (count, 1, 28, 28), dtype=np.uint8)
    masks, boxes = np.zeros((count, 28, 28), np.uint8), np.zeros((count, 2, 4), np.int64)
    for i in range(count):
        for kind, (first, level) in enumerate(((1, 255), (15, 0))):
            left, top = first + random.integers(0, 4), random.integers(1, 18)
            images[i, 0, top : top + 9, left : left + 8] = level
            masks[i, top : top + 9, left : left + 8] = kind + 1
            boxes[i, kind] = left, top, left + 8, top + 9
    return torch.from_numpy(images), masks, boxes


def test_boxes_hold_each_kind_without_what_has_gone_astray():
    _, masks, boxes = squares(5, 0)
    assert np.array_equal(boxes_of(masks, 3), boxes)
    stray = masks.copy()
    stray[:, 27, 27] = stray[:, 0, 0] = 1
    stray[1][stray[1] == 2] = 0
    stray[1, 10, 20] = 2  # one pixel is nothing
    found = boxes_of(stray, 3)
    assert np.array_equal(found[:, 0], boxes[:, 0]) and not found[1, 1].any()
    assert np.array_equal(found[[0, 2, 3, 4], 1], boxes[[0, 2, 3, 4], 1])
    assert not boxes_of(np.zeros((2, 28, 28), np.uint8), 3).any()


def test_boxes_of_scenes_masks_are_those_of_the_scenes_but_for_what_hides():
    seeds = range(16)
    truth, seen = scenes.boxes(seeds), scenes.visible(seeds)
    found = boxes_of(scenes.labels(seeds), len(scenes.REGIONS))
    whole = seen == 1000
    assert whole.sum() > 8 and (box_overlaps(found, truth)[whole] > 0.75).all()
    assert detected(truth, truth)[:2] == (1, 1) and not found[~truth.any(2)].any()


def test_what_fits_is_counted_among_what_is_there_and_what_is_said():
    truth = np.array([[[0, 0, 10, 10], [0, 0, 0, 0]], [[5, 5, 15, 15], [20, 20, 28, 28]]])
    found = np.array([[[0, 0, 10, 8], [3, 3, 9, 9]], [[9, 9, 19, 19], [0, 0, 0, 0]]])
    overlap = box_overlaps(found, truth)
    assert overlap[0, 0] == pytest.approx(0.8) and overlap[1, 0] == pytest.approx(36 / 164)
    assert overlap[0, 1] == overlap[1, 1] == 0
    result = detected(found, truth)
    assert (result.found, result.right) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert result.each.tolist() == [0.5, 0.0]
    assert detected(np.zeros_like(found), truth)[:2] == (0, 0)


@pytest.mark.parametrize("scratch", [False, True])
def test_things_are_found_in_other_pictures(scratch):
    model = untrained()
    before = [p.clone() for p in model.critic.parameters()]
    images, masks, _ = squares(8, 0)
    masks[:, :1] = UNPAINTED
    taught = teach_detector(model, images, masks, NAMES, scratch, steps=30)
    others, truth, boxes = squares(10, 1)
    pictures = others.permute(0, 2, 3, 1).numpy()
    assert (taught.masks(pictures) == truth).mean() > 0.85
    assert detected(taught.boxes(pictures), boxes).found > 0.6
    assert all(torch.equal(a, b) for a, b in zip(before, model.critic.parameters(), strict=True))


def test_maps_are_those_that_the_critic_goes_through_and_others_are_refused():
    model = untrained()
    images = squares(2, 0)[0]
    x = images.float().div(127.5).sub(1)
    maps = critic_maps(model.critic, x)
    assert torch.allclose(maps[0], model.critic.maps(x)) and [m.shape[2] for m in maps] == [7, 7, 14, 28]
    with pytest.raises(ValueError, match="no feature maps of every size"):
        teach_detector(untrained((), network="mlp"), images, np.zeros((2, 28, 28), np.uint8), NAMES)
    with pytest.raises(ValueError, match="needs a mask for each picture, with numbers below 3"):
        teach_detector(model, images, np.full((2, 28, 28), 3, np.uint8), NAMES)
