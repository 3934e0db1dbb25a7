"""What only a CUDA device can show; `python -m benchmarks.gpu` runs these. Needs neither Gradio nor a browser."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from conftest import PLANE, small

from gan.config import Config
from gan.data.points import load_points
from gan.models.model import load, pick_device
from gan.networks.precision import faster_precision
from gan.training import loop, memory
from gan.training.trainer import Trainer
from gan.training.validation import prepare

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    pytest.mark.usefixtures("read_once"),
]


def held(**changes) -> Trainer:
    config, dataset = prepare(small(device="cuda", **{"precision": "fp32", **changes}))
    return Trainer(config, dataset)


def test_auto_is_the_cuda_device_and_picks_a_precision():
    assert pick_device("auto").type == "cuda" and faster_precision("cuda") in ("bf16", "fp32")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_moves_every_player_and_stays_finite(precision):
    trainer = held(precision=precision)
    before = trainer.snapshot().tensors
    for _ in range(3):
        trainer.advance()
    after = trainer.snapshot().tensors  # raises Diverged for a number that is not finite
    for name in ("generator.to_picture.weight", "critic.logit.weight", "average.to_picture.weight"):
        assert before[name].device.type == "cuda" and not torch.equal(before[name], after[name]), name


def test_pictures_lie_on_the_device():
    trainer = held()
    assert trainer.pictures.device.type == trainer.class_weights.device.type == "cuda"


def test_pictures_that_do_not_fit_come_batch_by_batch(monkeypatch):
    monkeypatch.setattr(memory, "MAX_GPU_SHARE", 0.0)
    config, dataset = prepare(dataclasses.replace(small(precision="fp32"), device="cuda"))
    trainer = Trainer(config, dataset)
    trainer.advance()
    assert trainer.pictures.device.type == "cpu"
    assert torch.equal(trainer.batches.decode(torch.arange(3)).cpu(), dataset.images[:3].float().div(127.5).sub(1))


def test_points_take_a_step():
    config, points = prepare(Config(**{**PLANE, "device": "cuda"}), dataset=load_points("ring"))
    trainer = Trainer(config, points)
    trainer.advance()
    assert trainer.points(range(5)).isfinite().all()


def test_a_resumed_run_has_the_state_it_was_saved_with_and_its_folder_draws_alike_everywhere(tmp_path):
    list(loop.train(small(device="cuda", images=64), tmp_path / "run"))
    saved = Trainer(*prepare(small(device="cuda", images=96)))
    saved.restore(tmp_path / "run" / "checkpoint")
    assert saved.shown == 64 and saved.optimizers["critic"].state
    *_, done = loop.train(small(device="cuda", images=96), tmp_path / "run", resume=True)
    assert done.shown == 96
    on_cpu, on_gpu = (load(tmp_path / "run", device).sample(range(8)).astype(int) for device in ("cpu", "cuda"))
    assert np.abs(on_cpu - on_gpu).max() <= 1


def test_a_picture_does_not_depend_on_its_batch(tmp_path):
    list(loop.train(small(device="cuda", images=32), tmp_path / "run"))
    model = load(tmp_path / "run", "cuda")
    alone = np.concatenate([model.sample([seed]) for seed in range(8)])
    assert np.abs(alone.astype(int) - model.sample(range(8))).max() <= 1


def test_memory_that_runs_out_says_what_to_lower():
    config, dataset = prepare(small(device="cuda", precision="fp32"))
    with pytest.raises(Exception, match="out of memory: raise --accumulate"), memory.oom_hint(config):
        torch.empty(2**46, dtype=torch.uint8, device="cuda")
