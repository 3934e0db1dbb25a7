"""`gan.training.memory`: what fits, and one sentence with the flags that help."""

from __future__ import annotations

import re

import pytest
import torch
from conftest import PLANE, assert_same, small

from gan.config import Config
from gan.errors import TrainingError
from gan.training import batches, export_model, trainer
from gan.training.memory import fits_on_device, oom_hint
from gan.training.trainer import Trainer
from gan.training.validation import prepare

FULL = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried ..."),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]
OTHER = [
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("required rank 4 tensor to use channels_last memory format"),
    TrainingError("out of memory: reported already"),
    ValueError("out of memory"),
]


@pytest.mark.parametrize("error", FULL, ids=str)
def test_memory_that_runs_out_is_reported_with_the_flags_that_help(error):
    words = (
        r"out of memory: raise --accumulate \(now 1\), .*--resume.*--batch-size \(now 16\) or --width .*--resolution"
    )
    with pytest.raises(TrainingError, match=words), oom_hint(small(width=32, resolution=32)):
        raise error


def test_flags_that_are_at_their_minimum_are_not_named():
    with pytest.raises(TrainingError) as raised, oom_hint(small(width=16, resolution=28)):
        raise MemoryError
    assert "--batch-size" in str(raised.value) and not re.search("--width|--resolution", str(raised.value))


@pytest.mark.parametrize("error", OTHER, ids=str)
def test_other_errors_pass(error):
    with pytest.raises(type(error)) as raised, oom_hint(small()):
        raise error
    assert raised.value is error


@pytest.mark.parametrize(
    ("network", "useless"), [("mlp", "--width"), ("dcgan", "--width"), ("points", "--resolution"), ("resnet", "never")]
)
def test_only_flags_of_use_are_named(network, useless):
    with pytest.raises(TrainingError) as raised, oom_hint(Config(network=network)):
        raise MemoryError
    assert useless not in str(raised.value) and "--batch-size" in str(raised.value)


@pytest.mark.parametrize("what", ["advance", "snapshot", "sample", "preview", "points"])
def test_whatever_a_trainer_does_reports_it(what, monkeypatch):
    held = Trainer(*prepare(Config(**PLANE)))

    def full(*_, **__):
        raise MemoryError

    for where in ("critic_step", "latents"):
        monkeypatch.setattr(trainer, where, full)
    monkeypatch.setattr(trainer.Model, "__init__", full)
    monkeypatch.setattr(held, "tensors", full)
    with pytest.raises(TrainingError, match="out of memory"):
        getattr(held, what)(*([range(2)] if what == "points" else []))


@pytest.mark.parametrize(
    ("resolution", "words"), [(64, "at 64 pixels a side: lower --resolution"), (0, "at their size")]
)
def test_data_that_does_not_fit_is_reported_as_pictures_and_not_as_batches(monkeypatch, resolution, words):
    def full(*_, **__):
        raise FULL[2]

    monkeypatch.setattr("gan.data.load", full)
    with pytest.raises(TrainingError, match=f"out of memory: .*{words}") as raised:
        prepare(small(resolution=resolution))
    assert "--batch-size" not in str(raised.value)


@pytest.mark.parametrize("at", ["capture", "write"])
def test_a_model_that_cannot_be_written_when_memory_runs_out_is_reported(monkeypatch, tmp_path, at):
    def full(*_, **__):
        raise MemoryError

    held = Trainer(*prepare(Config(**PLANE)))
    monkeypatch.setattr(export_model.copy, "deepcopy", full) if at == "capture" else None
    monkeypatch.setattr(export_model, "principal_directions", full)
    with pytest.raises(TrainingError, match="out of memory"):
        export_model.write_model(held, tmp_path, None)
    assert not list(tmp_path.iterdir())


def test_a_trainer_that_does_not_fit_is_reported(monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trainer.networks, "build", full)
    with pytest.raises(TrainingError, match="out of memory"):
        Trainer(*prepare(Config(**PLANE)))


def test_pictures_may_take_half_of_a_gpus_free_memory(monkeypatch):
    pictures, gpu = torch.zeros(10, 1, 10, 10, dtype=torch.uint8), torch.device("cuda")
    for free, enough_room in ((2000, True), (1999, False)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 10**12))
        assert fits_on_device(pictures, gpu) == enough_room
    assert fits_on_device(pictures, torch.device("cpu"))


@pytest.mark.usefixtures("read_once")
def test_pictures_that_do_not_fit_stay_where_they_are_and_the_run_is_the_same(monkeypatch):
    config, dataset = prepare(small(precision="fp32"))
    states = []
    for room in (True, False):
        monkeypatch.setattr(batches, "fits_on_device", lambda pictures, device, room=room: room)
        held = Trainer(config, dataset)
        assert held.pictures.data_ptr() == dataset.images.data_ptr()
        held.advance()
        held.advance()
        held.diversity(held.sample())
        states.append(held.snapshot().tensors)
    assert_same(*states)
