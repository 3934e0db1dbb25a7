"""`gan.ui.session` against hostile arguments, damaged folders and too many callers, over a model that costs nothing."""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gan.ui import live
from gan.ui.checks import FRAMES, GRID, REACH, STOPS
from gan.ui.folders import discover, read_info
from gan.ui.limits import Busy, Limit
from gan.ui.session import Session


class FakeModel:
    """The shape of `gan.model.Model` over a sum of waves: every latent coordinate and class changes the picture."""

    def __init__(self, name: str, resolution: int, channels: int, classes: tuple[str, ...], z_dim: int = 16) -> None:
        self.name, self.resolution, self.channels, self.classes, self.z_dim = name, resolution, channels, classes, z_dim
        self.directions = torch.eye(z_dim)[:12].flip(1)
        self.variance = torch.softmax(-0.4 * torch.arange(12.0), 0)
        random = np.random.default_rng(5)
        x = np.linspace(0, 1, resolution, dtype=np.float32)
        waves = []
        for _ in range(z_dim + len(classes)):
            fx, fy = random.uniform(0.5, 2.5, 2)
            shift = random.uniform(0, 2 * np.pi, (channels, 1, 1))
            waves.append(np.sin(2 * np.pi * (fx * x[None, :, None] + fy * x[None, None, :]) + shift))
        self.waves = torch.tensor(np.stack(waves), dtype=torch.float32).flatten(1)

    def latents(self, seeds):
        return torch.stack([torch.randn(self.z_dim, generator=torch.Generator().manual_seed(s)) for s in seeds])

    def class_weights(self, seeds, label=None):
        if not self.classes:
            return None
        labels = label if isinstance(label, list) else [label] * len(seeds)
        picked = [s % len(self.classes) if one is None else one for s, one in zip(seeds, labels, strict=True)]
        return torch.eye(len(self.classes))[picked]

    def render(self, z, y):
        code = z if y is None else torch.cat([z, 3 * y], 1)
        x = torch.tanh(code @ self.waves / 2).reshape(-1, self.channels, self.resolution, self.resolution)
        return ((x + 1) * 127.5).to(torch.uint8).permute(0, 2, 3, 1).numpy()

    def sample(self, seeds, label=None, truncation=1.0):
        return self.render(self.latents(seeds) * truncation, self.class_weights(seeds, label))

    def interpolate(self, seeds, frames, mode="slerp", loop=False, label=None, truncation=1.0):
        return self.sample([seeds[0]] * frames, truncation=truncation)


KINDS = {
    "grey": FakeModel("grey", 28, 1, tuple("0123456789")),
    "colour": FakeModel("colour", 32, 3, ("face", "animal", "food")),
    "plain": FakeModel("plain", 28, 1, ()),
}


def fake_load(folder: Path) -> FakeModel:
    if not (folder / "critic.safetensors").exists():
        raise ValueError("critic.safetensors is missing")
    return KINDS[folder.name]


def write_folder(root: Path, name: str) -> Path:
    """A folder as the gallery reads it: JSON, a safetensors header of 2 x 3 numbers, an 8 x 8 grid of samples."""
    model, folder = KINDS[name], root / name
    folder.mkdir(parents=True)
    config = {"dataset": name, "network": "resnet", "loss": "relativistic", "images": 1000}
    config |= {"resolution": model.resolution, "channels": model.channels, "classes": list(model.classes)}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "metrics.json").write_text(json.dumps({"images": 800_000, "grid": [8, 8]}))
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(24))
    (folder / "critic.safetensors").touch()
    side = model.resolution
    tiles = model.sample(list(range(64))).reshape(8, 8, side, side, model.channels)
    sheet = tiles.swapaxes(1, 2).reshape(8 * side, 8 * side, model.channels)
    Image.fromarray(sheet.squeeze()).save(folder / "samples.png")
    return folder


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session([write_folder(tmp_path, name) for name in KINDS], load=fake_load)


HUGE = 10**400
GOOD_PICTURE = {"name": "grey", "seed": 3, "label": 2, "truncation": 0.7, "sliders": [1.0], "raw": [0.5]}
BAD_PICTURE = [
    ("name", "grey/../grey"), ("name", "../../etc/passwd"), ("name", None), ("name", 0), ("name", ["grey"]),
    ("name", {}), ("seed", -1), ("seed", 2**32), ("seed", 1.5), ("seed", "3"), ("seed", None), ("seed", True),
    ("seed", math.nan), ("seed", math.inf), ("seed", HUGE), ("seed", [3]), ("label", 10), ("label", -1),
    ("label", "ten"), ("label", 2.5), ("label", True), ("label", [2]), ("label", {}), ("truncation", 9),
    ("truncation", -0.1), ("truncation", math.nan), ("truncation", "1"), ("truncation", None), ("truncation", False),
    ("truncation", HUGE), ("sliders", [math.nan]), ("sliders", [REACH + 0.01]), ("sliders", [-math.inf]),
    ("sliders", ["1"]), ("sliders", [[1.0]]), ("sliders", [True]), ("sliders", [0.0] * 13), ("sliders", [0.0] * 10**6),
    ("sliders", "1234"), ("sliders", {"0": 1}), ("sliders", None), ("raw", [0.0] * 17), ("raw", [math.nan]),
    ("raw", [None]), ("raw", 3),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), BAD_PICTURE)
def test_picture_refuses_a_hostile_argument_and_says_which(session: Session, key: str, value: object) -> None:
    with pytest.raises(ValueError) as caught:
        session.picture(**GOOD_PICTURE | {key: value})
    text = str(caught.value)
    assert ("model" if key == "name" else key) in text
    assert len(text) < 200


def test_picture_is_the_latent_plus_its_moves(session: Session) -> None:
    model = KINDS["grey"]
    z = 0.7 * model.latents([3]) + model.directions[0]
    z[0, 0] += 0.5
    expected = model.render(z, model.class_weights([3], 2))[0]
    got = session.picture(**GOOD_PICTURE)
    assert got.dtype == np.uint8 and got.shape == (28, 28, 1)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(got, session.picture(**GOOD_PICTURE | {"label": "2", "seed": 3.0}))


def test_a_label_is_refused_by_a_model_without_classes(session: Session) -> None:
    assert session.picture("plain", 0).shape == (28, 28, 1)
    with pytest.raises(ValueError, match="without classes"):
        session.picture("plain", 0, label=0)


@pytest.mark.parametrize("seeds", [[], list(range(GRID + 1)), "12", None, 5, [1, -1], [1, "2"], range(10**9)])
def test_grid_refuses_bad_seeds(session: Session, seeds: object) -> None:
    with pytest.raises(ValueError, match="seed"):
        session.grid("grey", seeds)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("frames", 1), ("frames", FRAMES + 1), ("frames", math.nan), ("frames", "8"), ("seeds", [1]), ("mode", "cubic"),
        ("seeds", list(range(STOPS + 1))), ("mode", 3), ("mode", None), ("loop", 1), ("loop", "yes"),
        ("label", [1]), ("label", [1, 2, 3]), ("label", [1, 99]), ("label", [[1], 2]), ("truncation", math.inf),
    ],
)  # fmt: skip
def test_strip_refuses_a_hostile_argument(session: Session, key: str, value: object) -> None:
    good = {"name": "grey", "seeds": [1, 2], "frames": 5}
    assert session.strip(**good).shape == (5, 28, 28, 1)
    with pytest.raises(ValueError):
        session.strip(**good | {key: value})


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", None, "config.json is missing"),
        ("config.json", "{", "not valid JSON"),
        ("config.json", "[1]", "JSON object"),
        ("metrics.json", "\x00", "not valid JSON"),
        ("model.safetensors", None, "model.safetensors is missing"),
        ("model.safetensors", "short", "not a safetensors file"),
        ("critic.safetensors", None, "critic.safetensors is missing"),
    ],
)
def test_a_damaged_folder_is_named_and_the_others_are_served(tmp_path, file, content, words) -> None:
    folders = [write_folder(tmp_path, name) for name in ("grey", "plain")]
    (folders[0] / file).unlink()
    if content is not None:
        (folders[0] / file).write_text(content)
    session = Session(folders, load=fake_load)
    with pytest.raises(ValueError, match=words):
        session.picture("grey", 0)
    assert words in session.errors["grey"]
    assert session.names == ("plain",)
    assert session.picture("plain", 0).shape == (28, 28, 1)


def test_info_reads_the_folder_without_its_weights(tmp_path: Path) -> None:
    info = read_info("colour", write_folder(tmp_path, "colour"))
    assert (info.parameters, info.images, info.grid, info.resolution) == (6, 800_000, (8, 8), 32)
    assert info.classes == ("face", "animal", "food")


def test_folders_of_one_name_are_told_apart_and_unfinished_runs_left_out(tmp_path: Path) -> None:
    for place in ("weights", "runs"):
        write_folder(tmp_path / place, "grey")
    (tmp_path / "runs" / "young").mkdir()
    (tmp_path / "runs" / "young" / "config.json").write_text("{}")
    assert Session(discover(tmp_path), load=fake_load).names == ("grey", "runs/grey")


def test_a_model_loads_once_for_many_threads(tmp_path: Path) -> None:
    loads, gate = [], threading.Barrier(8)

    def load(folder: Path) -> FakeModel:
        loads.append(folder)
        return fake_load(folder)

    session = Session([write_folder(tmp_path, "grey")], load=load)

    def visit() -> None:
        gate.wait()
        session.picture("grey", 1)

    threads = [threading.Thread(target=visit) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(loads) == 1


def test_the_limit_refuses_at_once_and_recovers() -> None:
    limit = Limit(running=1, waiting=0)
    with limit(), pytest.raises(Busy), limit():
        pass
    with pytest.raises(ZeroDivisionError), limit():
        raise ZeroDivisionError
    with limit():
        pass


@pytest.mark.parametrize("payload", [None, [], "x", 3, {}, {"model": "grey"}, {"model": {"path": "/etc/passwd"}}])
def test_live_functions_answer_any_payload_with_a_sentence(session: Session, payload: object) -> None:
    described, picture, grid, _ = live.functions(session)
    for function in (picture, grid):
        reply = function(payload)
        assert set(reply) == {"error"} and "Traceback" not in reply["error"]
        json.dumps(reply)
    assert json.dumps(described(payload))


def test_live_functions_hide_what_went_wrong_inside(session: Session, monkeypatch) -> None:
    def burst(*_: object, **__: object) -> None:
        raise RuntimeError("secret path /srv/x")

    monkeypatch.setattr(KINDS["grey"], "render", burst)
    reply = live.functions(session)[1]({"model": "grey", "seed": 1})
    assert "secret" not in reply["error"]


def test_pixels_round_trip(session: Session) -> None:
    import base64

    images = session.grid("colour", [1, 2, 3])
    packed = SimpleNamespace(**live.pixels(images))
    back = np.frombuffer(base64.b64decode(packed.p), np.uint8).reshape(packed.n, packed.h, packed.w, packed.c)
    np.testing.assert_array_equal(back, images)


def test_the_first_screen_needs_neither_torch_nor_gradio() -> None:
    code = "import sys, gan.ui.session; print([m for m in ('torch', 'gradio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout.strip() == "[]"
