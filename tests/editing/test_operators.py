"""`gan.editing.operators`: what is lost is lost, what is known stays, and all of it is linear."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan.editing.operators import OPERATORS, operator

SIZE = 16


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return torch.rand(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("task", OPERATORS)
def test_every_loss_is_linear_and_its_guess_is_a_picture(task, pictures):
    lost = operator(task, SIZE, 3)
    a, b = pictures[:1], pictures[1:2]
    assert torch.allclose(lost.apply(2 * a - b), 2 * lost.apply(a) - lost.apply(b), atol=1e-5)
    seen = lost.spoil(pictures, 1)
    assert lost.guess(seen).shape == pictures.shape and torch.equal(seen, lost.spoil(pictures, 1))
    truth_kept = lost.keep(pictures, lost.apply(pictures))
    assert torch.allclose(truth_kept, pictures, atol=1e-6)  # the truth agrees with what is left of it


@pytest.mark.parametrize("task", ["hole", "shrink", "grey"])
def test_what_is_known_of_a_picture_is_put_back(task, pictures):
    lost = operator(task, SIZE, 3)
    seen = lost.spoil(pictures)
    assert torch.allclose(lost.apply(lost.keep(torch.zeros_like(pictures), seen)), seen, atol=1e-5)


def test_holes_are_where_the_mask_is_or_below(pictures):
    mask = np.zeros((SIZE, SIZE), bool)
    mask[2:5, 3:9] = True
    lost = operator("hole", SIZE, 3, mask=mask)
    assert lost.share == 1 - 18 / SIZE**2 and (lost.apply(pictures)[:, :, mask] == 0).all()
    assert torch.equal(lost.apply(pictures)[:, :, ~mask], pictures[:, :, ~mask])
    below = operator("hole", SIZE, 3, 0.25).apply(pictures)
    assert (below[:, :, 12:] == 0).all() and torch.equal(below[:, :, :12], pictures[:, :, :12])


def test_what_fills_a_hole_meets_what_is_around_it_without_a_seam():
    mask = np.zeros((SIZE, SIZE), bool)
    mask[4:12] = True
    flat = torch.full((1, 3, SIZE, SIZE), 0.5)
    filled = operator("hole", SIZE, 3, mask=mask).keep(torch.zeros_like(flat), flat * ~torch.from_numpy(mask))
    rows = filled[0, 0, :, 3]
    assert rows[3] == 0.5 and rows[4] > 0.3 > 0.15 > rows[7] > 0  # it begins beside what is seen, and ends in itself


def test_noise_is_as_strong_as_asked(pictures):
    lost = operator("noise", SIZE, 3, 0.5)
    assert abs(float((lost.spoil(pictures) - pictures).std()) - 0.5) < 0.03
    assert not torch.equal(lost.spoil(pictures, 1), lost.spoil(pictures, 2))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"task": "rust"}, "task must be one of hole, shrink"),
        ({"task": "noise", "strength": 3}, r"strength of noise must be in \[0.05, 2\]"),
        ({"task": "noise", "strength": float("nan")}, "strength of noise"),
        ({"task": "shrink", "strength": 3}, "pictures of 16 pixels shrink 2, 4, 8 times, not 3"),
        ({"task": "blur", "mask": np.zeros((SIZE, SIZE))}, "leave it out for blur"),
        ({"task": "hole", "mask": np.zeros((3, 3))}, r"a mask must be \(16, 16\), got \(3, 3\)"),
        ({"task": "hole", "mask": np.ones((SIZE, SIZE))}, "leave some of it to be seen"),
    ],
)
def test_values_that_do_not_fit_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        operator(**{"resolution": SIZE, "channels": 3, **values})
    with pytest.raises(ValueError, match="no colours to bring back"):
        operator("grey", SIZE, 1)
