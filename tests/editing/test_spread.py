"""`gan.editing.spread`: what is said of pixels goes to those that look alike, and stops at edges."""

from __future__ import annotations

import torch

from gan.editing.spread import spread


def test_one_side_of_an_edge_is_filled_and_the_other_left():
    picture = torch.full((1, 3, 8, 9), -1.0)
    picture[:, :, :, 5:] = 1
    shares = torch.full((1, 2, 8, 9), 0.5)
    shares[0, :, 3, 2] = torch.tensor([0.0, 1.0])
    shares[0, :, 4, 7] = torch.tensor([1.0, 0.0])
    found = spread(shares, picture)
    assert torch.allclose(found.sum(1), torch.ones(1, 8, 9)), "shares stay shares"
    assert (found[0, 1, :, :5] > 0.5).all() and (found[0, 0, :, 5:] > 0.5).all()


def test_pixels_do_not_listen_where_all_differ_nor_where_nothing_pulls():
    shares = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0)).softmax(1)
    board = (torch.arange(6)[:, None] + torch.arange(6)) % 2 * 2.0 - 1
    assert torch.allclose(spread(shares, board.expand(2, 1, 6, 6)), shares, atol=0.02)
    assert torch.equal(spread(shares, torch.zeros(2, 1, 6, 6), pull=0), shares)


def test_rows_and_columns_are_treated_alike():
    source = torch.Generator().manual_seed(1)
    shares, pictures = torch.rand(1, 2, 7, 7, generator=source), torch.rand(1, 1, 7, 7, generator=source)
    turned = spread(shares.transpose(2, 3), pictures.transpose(2, 3)).transpose(2, 3)
    assert torch.allclose(spread(shares, pictures), turned, atol=1e-6)
