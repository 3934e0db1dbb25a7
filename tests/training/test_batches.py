"""`gan.training.batches`: mirrored pictures are the same pictures, half of them, by the run's own random numbers."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from conftest import PLANE

from gan.config import Config
from gan.data.dataset import Dataset
from gan.errors import ConfigError
from gan.training.batches import Batches
from gan.training.distributed import ProcessGroup
from gan.training.rng import step_generator
from gan.training.validation import check_options

COUNT = 256


def drawn(step=0, processes=None, **settings):
    source = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (COUNT, 3, 4, 4), dtype=torch.uint8, generator=source)
    data = Dataset("some", images, torch.zeros(COUNT, dtype=torch.int64), ())
    config = Config(batch_size=COUNT, **settings)
    batches = Batches(config, data, torch.device("cpu"), processes or ProcessGroup())
    return batches, batches.draw(config, (), step_generator(0, step), 0)


def test_half_of_the_pictures_are_mirrored_and_nothing_else_changes():
    _, (plain,) = drawn()
    _, (batch,) = drawn(mirror=True)
    same = (batch.real == plain.real).flatten(1).all(1)
    turned = (batch.real == plain.real.flip(3)).flatten(1).all(1)
    assert torch.equal(same, ~turned) and 0.4 < turned.float().mean() < 0.6
    assert torch.equal(batch.z, plain.z) and torch.equal(batch.mix, plain.mix)


def test_a_step_mirrors_the_same_pictures_again_and_another_step_others():
    first, again, other = (drawn(step, mirror=True)[1][0].real for step in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_parts_and_processes_mirror_what_the_whole_batch_does():
    whole = drawn(mirror=True)[1][0].real
    assert torch.equal(torch.cat([part.real for part in drawn(mirror=True, accumulate=4)[1]]), whole)
    shares = [drawn(processes=ProcessGroup(rank, 2), mirror=True)[1][0].real for rank in (0, 1)]
    assert torch.equal(torch.cat(shares), whole)


def test_the_generators_step_sees_the_critics_pictures():
    batches, parts = drawn(mirror=True)
    config = Config(batch_size=COUNT, mirror=True)
    (batch,) = batches.draw(config, (), step_generator(0, 1), 0, pictures_of=parts)
    assert batch.real is parts[0].real


def test_points_have_no_mirror():
    with pytest.raises(ConfigError, match="mirror turns pictures, and there are none among points"):
        check_options(dataclasses.replace(Config(**PLANE), mirror=True))
