"""`gan.training.loop`: a resumed run equals an uninterrupted one, bit for bit; a run that cannot go on is refused."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from conftest import assert_same, small
from PIL import Image
from runs import final, read_state, stop_after, train_parts

from gan.errors import ConfigError, FolderError
from gan.models.model import load
from gan.models.weights import read_tensors
from gan.networks import NETWORKS
from gan.training.events import Checkpointed, Stepped
from gan.training.loop import train
from gan.training.losses import LOSSES

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.mark.parametrize("network", NETWORKS)
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(network, tmp_path):
    config = small(network=network, images=64, anneal=0.5)
    whole = final(tmp_path / "whole", config)
    assert any(k.startswith("generator_optimizer") and v.any() for k, v in whole.items())
    parts = tmp_path / "parts"
    assert train_parts(parts, config, (1, 2)) == [16, 48, 64]
    assert_same(read_state(parts), whole)
    for name in ("model.safetensors", "critic.safetensors", "samples.png"):
        assert (parts / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_resumes(loss, tmp_path):
    for gamma in (1.0,) if loss.startswith("wgan") else (1.0, 0.0):  # wgan and wgan-gp need a penalty
        config = small(loss=loss, images=48, precision="fp32", gamma=gamma)
        whole = final(tmp_path / f"whole-{gamma}", config)
        train_parts(tmp_path / f"parts-{gamma}", config, (2,))
        assert_same(read_state(tmp_path / f"parts-{gamma}"), whole)
        assert all(v.isfinite().all() for v in whole.values()), f"gamma {gamma}"


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path):
    config = small(images=80, checkpoint_images=32)
    whole = final(tmp_path / "whole", config)
    events = train(config, tmp_path / "killed")
    for event in events:
        if isinstance(event, Stepped) and event.shown > 32 or isinstance(event, Checkpointed):
            break
    events.close()
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    started = next(resumed := train(config, tmp_path / "killed", resume=True))
    assert started.shown == 32
    list(resumed)
    assert_same(read_state(tmp_path / "killed"), whole)


def test_seconds_add_up_over_resumed_parts(tmp_path):
    out, config = tmp_path / "run", small(images=64)
    first = list(train(config, out, control=stop_after(2)))[-1]
    second = list(train(config, out, resume=True))[-1]
    assert 0 < first.seconds < second.seconds


def test_log_holds_one_json_object_an_event_over_all_parts(tmp_path):
    out, config = tmp_path / "run", small(images=48)
    events = [*train(config, out, control=stop_after(1)), *train(config, out, resume=True)]
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == [type(e).__name__.lower() for e in events]
    assert [line["shown"] for line in lines] == [e.shown for e in events]
    assert lines[0]["config"]["dataset"] == "mnist-10k"
    assert Counter(line["event"] for line in lines)["started"] == 2
    assert all("pictures" not in line for line in lines if line["event"] == "sampled")


@pytest.mark.parametrize("cut", ["", '{"event": "step'], ids=["whole", "cut"])
def test_a_log_whose_last_line_was_cut_loses_no_more_than_that(tmp_path, cut):
    out, config = tmp_path / "run", small(images=48, gamma=1.0)
    list(train(config, out, control=stop_after(1)))
    before = (out / "log.jsonl").read_bytes()
    (out / "log.jsonl").write_bytes(before + cut.encode())
    list(train(dataclasses.replace(config, gamma=2.0), out, resume=True))
    after = (out / "log.jsonl").read_bytes()
    assert after.startswith(before + (cut + "\n").encode() if cut else before)
    lines = after[len(before) + len(cut) :].decode().split()
    assert lines[0].startswith('{"event":') and b"\n\n" not in after
    assert json.loads((out / "metrics.json").read_text())["segments"] == [
        {"shown": 0, "gamma": 1.0}, {"shown": 16, "gamma": 2.0}
    ]  # fmt: skip


def test_resume_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(FolderError, match="no checkpoint to resume from"):
        next(train(small(), tmp_path / "run", resume=True))
    assert not (tmp_path / "run").exists()


@pytest.fixture
def stopped(tmp_path) -> Path:
    """Return the folder of a run that was stopped after its first step."""
    list(train(small(), tmp_path / "run", control=stop_after(1)))
    return tmp_path / "run"


@pytest.mark.parametrize("changes", [{"width": 32}, {"network": "mlp"}, {"z_dim": 7}, {"dataset": "emoji"}], ids=repr)
def test_resume_with_other_networks_is_refused_and_changes_nothing(stopped, changes):
    before = (stopped / "config.json").read_bytes()
    with pytest.raises(ConfigError, match=f"--{next(iter(changes)).replace('_', '-')} cannot change in a resumed run"):
        next(train(small(**changes), stopped, resume=True))
    assert (stopped / "config.json").read_bytes() == before


def folder_of_pictures(where: Path) -> Path:
    where.mkdir(parents=True)
    for i in range(20):
        Image.new("RGB", (32, 32), (i, 2 * i, 3 * i)).save(where / f"{i:02}.png")
    return where


def test_resume_with_other_pictures_is_refused(tmp_path, loaded):
    pictures = folder_of_pictures(tmp_path / "pictures")
    config = small(dataset=str(pictures))
    list(train(config, tmp_path / "run", control=stop_after(1)))
    loaded.cache_clear()
    (pictures / "07.png").unlink()
    with pytest.raises(FolderError, match=r"made from other pictures \(20; there are 19 now"):
        next(train(config, tmp_path / "run", resume=True))


def test_a_published_config_names_no_folder_of_this_machine(tmp_path):
    pictures = folder_of_pictures(tmp_path / "private" / "holiday")
    list(train(small(dataset=str(pictures), data_root=str(tmp_path)), tmp_path / "run"))
    published = [p for p in (tmp_path / "run").iterdir() if p.suffix in (".json", ".md")]
    assert len(published) == 3
    assert not [p for p in published if "private" in p.read_text() or str(tmp_path) in p.read_text()]
    assert load(tmp_path / "run", "cpu").config.dataset == "holiday"
    assert list(train(small(dataset=str(pictures), images=80), tmp_path / "run", resume=True))[-1].shown == 80


BROKEN_STATES = [
    {"shown": True}, {"shown": -16}, {"step": None}, {"seconds": None}, {"seconds": "1"}, {"pictures": [1]},
    {"pictures": 3}, {"config": {}}, {"config": None},
]  # fmt: skip


def test_resume_from_a_damaged_state_names_the_file(stopped):
    path = stopped / "checkpoint" / "state.json"
    whole = json.loads(path.read_text())
    for change in BROKEN_STATES:
        path.write_text(json.dumps(whole | change))
        with pytest.raises(FolderError) as raised:
            next(train(small(), stopped, resume=True))
        assert "state.json: " in str(raised.value), change


@pytest.mark.parametrize("name", ["state.json", "state.safetensors"])
def test_a_run_whose_newest_checkpoint_is_damaged_goes_on_from_the_one_before_and_says_so(name, tmp_path):
    config, out = small(images=96, checkpoint_images=16), tmp_path / "run"
    whole = final(tmp_path / "whole", config)
    list(train(config, out, control=stop_after(3)))
    (out / "checkpoint" / name).write_bytes(b"")
    started, *_ = train(config, out, resume=True)
    assert started.shown == 32
    (note,) = [n for n in started.notes if name in n]
    assert note.endswith("going on from the checkpoint before it, at image 32")
    assert_same(read_state(out), whole)


def test_a_run_with_a_larger_state_than_any_model_resumes(stopped, monkeypatch):
    monkeypatch.setattr("gan.models.weights.MAX_ELEMENTS", 1000)
    monkeypatch.setattr(read_tensors, "__defaults__", (1000,))
    assert list(train(small(), stopped, resume=True))[-1].shown == 64


def test_resume_from_a_state_that_is_no_such_json_is_refused(stopped):
    for text in ("[]", "{}", '{"shown": "1", "step": 1}', '{"shown": 1}', "{", "null"):
        (stopped / "checkpoint" / "state.json").write_text(text)
        with pytest.raises(FolderError) as raised:
            next(train(small(), stopped, resume=True))
        assert "state.json" in str(raised.value), text


def test_resume_of_a_finished_run_with_more_images_equals_the_longer_run(tmp_path):
    whole = final(tmp_path / "whole", small(images=64))
    list(train(small(images=32), tmp_path / "run"))
    assert_same(final(tmp_path / "run", small(images=64), resume=True), whole)


OPTIONS = [
    {"mirror": True}, {"augment": "color,translation", "augment_target": 0.01, "augment_images": 64},
    {"optimizer": "rmsprop", "beta1": 0.3}, {"optimizer": "sgd", "learning_rate": 1e-3}, {"critic_norm": "spectral"},
    {"augment": "color,translation,cutout"}, {"accumulate": 4}, {"critic_steps": 2, "loss": "wgan-gp", "penalty": "gp"},
    {"clip": 0.05, "loss": "wgan", "penalty": "none"}, {"network": "dcgan", "critic_norm": "batch", "penalty": "none"},
    {"burn_in": 48, "learning_rate_start": 1e-3, "gamma_start": 5.0, "beta2_start": 0.9, "ema_images_start": 1},
]  # fmt: skip


@pytest.fixture(scope="module")
def plain_weights() -> dict[str, torch.Tensor]:
    """A weight of each network after a run without options, filled by the tests."""
    return {}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_option_changes_the_run_and_resumes_bit_for_bit(options, plain_weights, tmp_path):
    config = small(images=48, **options)
    whole = final(tmp_path / "whole", config)
    train_parts(tmp_path / "parts", config, (1,))
    assert_same(read_state(tmp_path / "parts"), whole)
    network, key = config.network, "generator.dense.weight"
    if network not in plain_weights:
        plain_weights[network] = final(tmp_path / "plain", small(images=48, network=network))[key]
    assert not torch.equal(plain_weights[network], whole[key]) or "accumulate" in options
