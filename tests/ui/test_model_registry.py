"""Hostile arguments, damaged folders and too many callers, against a model that costs nothing."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import answer, in_background, within
from fake_models import KINDS, FakeModel, fake_load, write_folder

from gan.ui import app
from gan.ui.server import edit_api, quiz_api, rpc, train_api, translate_api, walk_api
from gan.ui.server import model_registry as module
from gan.ui.server.limits import Busy
from gan.ui.server.model_info import discover, read_info
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.picture_api import PictureApi
from gan.ui.server.picture_requests import MAX_FRAMES, MAX_GRID, MAX_KEYFRAMES
from gan.ui.server.request import quoted


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry([write_folder(tmp_path, name) for name in KINDS], load=fake_load)


HUGE = 10**400
GOOD_PICTURE = {
    "name": "grey",
    "seed": 3,
    "label": 2,
    "truncation": 0.7,
    "named": [1.0],
    "sliders": [1.0],
    "raw": [0.5],
}
BAD_PICTURE = [
    ("name", "grey/../grey"), ("name", "../../etc/passwd"), ("name", None), ("name", 0), ("name", ["grey"]),
    ("name", {}), ("seed", -1), ("seed", 2**32), ("seed", 1.5), ("seed", "3"), ("seed", None), ("seed", True),
    ("seed", math.nan), ("seed", math.inf), ("seed", HUGE), ("seed", [3]), ("label", 10), ("label", -1),
    ("label", "ten"), ("label", 2.5), ("label", True), ("label", [2]), ("label", {}), ("truncation", 9),
    ("truncation", -0.1), ("truncation", math.nan), ("truncation", "1"), ("truncation", None), ("truncation", False),
    ("truncation", HUGE), ("sliders", [math.nan]), ("sliders", [4.01]), ("sliders", [-math.inf]),
    ("sliders", ["1"]), ("sliders", [[1.0]]), ("sliders", [True]), ("sliders", [0.0] * 13), ("sliders", [0.0] * 10**6),
    ("named", [0.0] * 3), ("named", [3.01]), ("named", ["1"]), ("named", {"slant": 1}), ("named", None),
    ("sliders", "1234"), ("sliders", {"0": 1}), ("sliders", None), ("raw", [0.0] * 17), ("raw", [math.nan]),
    ("raw", [None]), ("raw", 3),
]  # fmt: skip


def test_picture_refuses_a_hostile_argument_and_says_which(registry: ModelRegistry, subtests) -> None:
    for key, value in BAD_PICTURE:
        with subtests.test(key=key, value=quoted(value)):
            with pytest.raises(ValueError) as caught:
                registry.picture(**GOOD_PICTURE | {key: value})
            text = str(caught.value)
            assert ("model" if key == "name" else key) in text
            assert len(text) < 200


def test_picture_is_the_latent_plus_its_moves(registry: ModelRegistry) -> None:
    model = KINDS["grey"]
    z = 0.7 * model.latents([3]) + model.directions[0] + model.named_rows[0]
    z[0, 0] += 0.5
    expected = model.render(z, model.class_weights([3], 2))[0]
    got = registry.picture(**GOOD_PICTURE)
    assert got.dtype == np.uint8 and got.shape == (28, 28, 1)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(got, registry.picture(**GOOD_PICTURE | {"label": "2", "seed": 3.0}))


def test_a_label_is_refused_by_a_model_without_classes(registry: ModelRegistry) -> None:
    assert registry.picture("plain", 0).shape == (28, 28, 1)
    with pytest.raises(ValueError, match="without classes"):
        registry.picture("plain", 0, label=0)


@pytest.mark.parametrize("seeds", [[], list(range(MAX_GRID + 1)), "12", None, 5, [1, -1], [1, "2"], range(10**9)])
def test_grid_refuses_bad_seeds(registry: ModelRegistry, seeds: object) -> None:
    with pytest.raises(ValueError, match="seed"):
        registry.grid("grey", seeds)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("frames", 1), ("frames", MAX_FRAMES + 1), ("frames", math.nan), ("frames", "8"), ("seeds", [1]),
        ("mode", "cubic"),
        ("seeds", list(range(MAX_KEYFRAMES + 1))), ("mode", 3), ("mode", None), ("loop", 1), ("loop", "yes"),
        ("label", [1]), ("label", [1, 2, 3]), ("label", [1, 99]), ("label", [[1], 2]), ("truncation", math.inf),
    ],
)  # fmt: skip
def test_strip_refuses_a_hostile_argument(registry: ModelRegistry, key: str, value: object) -> None:
    good = {"name": "grey", "seeds": [1, 2], "frames": 5}
    assert registry.interpolate(**good).shape == (5, 28, 28, 1)
    with pytest.raises(ValueError):
        registry.interpolate(**good | {key: value})


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", None, "grey/config.json: missing"),
        ("config.json", "{", "config.json: not readable as JSON"),
        ("config.json", "[1]", "config.json: expected a JSON object"),
        ("metrics.json", "\x00", "metrics.json: not readable as JSON"),
        ("model.safetensors", None, "grey/model.safetensors: missing"),
        ("model.safetensors", "short", "model.safetensors: not a safetensors file"),
        ("critic.safetensors", None, "critic.safetensors is missing"),
    ],
)
def test_a_damaged_folder_is_named_and_the_others_are_served(tmp_path, file, content, words) -> None:
    folders = [write_folder(tmp_path, name) for name in ("grey", "plain")]
    (folders[0] / file).unlink()
    if content is not None:
        (folders[0] / file).write_text(content)
    registry = ModelRegistry(folders, load=fake_load)
    with pytest.raises(ValueError, match=words):
        registry.picture("grey", 0)
    assert words in registry.errors["grey"] and str(tmp_path) not in registry.errors["grey"]
    assert registry.names == ("plain",)
    assert registry.picture("plain", 0).shape == (28, 28, 1)


def test_info_reads_the_folder_without_its_weights(tmp_path: Path) -> None:
    info = read_info("colour", write_folder(tmp_path, "colour"))
    assert (info.parameters, info.images, info.grid, info.resolution) == (6, 800_000, (8, 8), 32)
    assert info.classes == ("face", "animal", "food")


def test_folders_of_one_name_are_told_apart_and_unfinished_runs_left_out(tmp_path: Path) -> None:
    for place in ("weights", "runs"):
        write_folder(tmp_path / place, "grey")
    (tmp_path / "runs" / "young").mkdir()
    (tmp_path / "runs" / "young" / "config.json").write_text("{}")
    assert ModelRegistry(discover(tmp_path / "weights", tmp_path / "runs"), load=fake_load).names == (
        "grey",
        "runs/grey",
    )


def test_a_model_loads_once_for_many_threads(tmp_path: Path) -> None:
    loads, gate = [], threading.Barrier(8)

    def load(folder: Path) -> FakeModel:
        loads.append(folder)
        return fake_load(folder)

    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=load)

    def visit() -> None:
        gate.wait()
        registry.picture("grey", 1)

    visits = [in_background(visit) for _ in range(8)]
    [visit.result(10) for visit in visits]
    assert len(loads) == 1


@pytest.mark.parametrize("payload", [None, [], "x", 3, {}, {"model": "grey"}, {"model": {"path": "/etc/passwd"}}])
def test_live_functions_answer_any_payload_with_a_sentence(registry: ModelRegistry, payload: object) -> None:
    api = PictureApi(registry)
    for name in ("picture", "grid"):
        reply = answer(api, name, payload)
        assert set(reply) == {"error"} and "Traceback" not in reply["error"]
        json.dumps(reply)
    assert json.dumps(answer(api, "describe", payload))


def test_live_functions_hide_what_went_wrong_inside(registry: ModelRegistry, monkeypatch) -> None:
    def burst(*_: object, **__: object) -> None:
        raise RuntimeError("secret path /srv/x")

    monkeypatch.setattr(KINDS["grey"], "render", burst)
    reply = answer(PictureApi(registry), "picture", {"model": "grey", "seed": 1})
    assert "secret" not in reply["error"]


def test_pixels_round_trip(registry: ModelRegistry) -> None:
    import base64

    images = registry.grid("colour", [1, 2, 3])
    packed = SimpleNamespace(**rpc.pixels(images))
    back = np.frombuffer(base64.b64decode(packed.p), np.uint8).reshape(packed.n, packed.h, packed.w, packed.c)
    np.testing.assert_array_equal(back, images)


def test_the_first_screen_needs_neither_torch_nor_gradio() -> None:
    code = "import sys, gan.ui.server.model_registry; print([m for m in ('torch', 'gradio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout.strip() == "[]"


def test_the_whole_page_is_built_without_torch(tmp_path: Path) -> None:
    write_folder(tmp_path, "grey")
    code = (
        "import sys; from gan.ui import app; from gan.ui.server.model_registry import ModelRegistry;"
        "app.build(ModelRegistry([sys.argv[1]]));"
        "print([m for m in sys.modules if m.split('.')[0] == 'torch'])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "grey")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(app.__file__).parents[2], check=True)
    assert done.stdout.strip() == "[]"


def test_a_damaged_folder_is_tried_again_once_its_files_change(tmp_path: Path) -> None:
    loads = []

    def load(folder: Path) -> FakeModel:
        loads.append(folder)
        return fake_load(folder)

    folder = write_folder(tmp_path, "grey")
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config[:50])
    (folder / "critic.safetensors").unlink()
    registry = ModelRegistry([folder], load=load)
    with pytest.raises(ValueError, match="grey/config.json: not readable"):
        registry.picture("grey", 0)
    (folder / "config.json").write_text(config)
    for _ in range(3):
        with pytest.raises(ValueError, match="critic.safetensors is missing"):
            registry.picture("grey", 0)
    assert len(loads) == 1, "once for every look of its files"
    (folder / "critic.safetensors").touch()
    assert registry.picture("grey", 0).shape == (28, 28, 1)
    assert registry.errors == {} and registry.names == ("grey",)


def test_what_a_visitor_reads_holds_no_path_of_the_server(tmp_path: Path) -> None:
    real = write_folder(tmp_path / "secret", "grey")
    (tmp_path / "link").symlink_to(real)

    def load(folder: Path) -> None:
        raise ValueError(f"{folder}/model.safetensors: damaged ({folder.resolve()}/model.safetensors)")

    registry = ModelRegistry([tmp_path / "link"], load=load)
    reply = answer(PictureApi(registry), "picture", {"model": "link", "seed": 0})
    words = "link cannot be shown: link/model.safetensors: damaged (link/model.safetensors)"
    assert reply == {"error": words}


def test_a_long_walk_does_not_hold_up_pictures(tmp_path: Path) -> None:
    begun, finish = threading.Semaphore(0), threading.Event()

    class Slow(FakeModel):
        def interpolate(self, *values, **named):
            begun.release()
            finish.wait(10)
            return super().interpolate(*values, **named)

    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=lambda _: Slow("grey", 28, 1, tuple("0123456789")))
    walks = [in_background(registry.interpolate, "grey", [1, 2], MAX_FRAMES) for _ in range(3)]
    assert begun.acquire(timeout=10)
    assert within(5, registry.picture, "grey", 1).shape == (28, 28, 1)
    assert not begun.acquire(blocking=False), "one walk at a time"
    finish.set()
    assert all(walk.result(10).shape == (MAX_FRAMES, 28, 28, 1) for walk in walks)


def test_opened_models_make_room_for_those_of_the_same_visitor_only(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_UNLISTED", 4)
    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load)

    def opened(owner: tuple[str, str]) -> str:
        folder = write_folder(tmp_path / str(len(list(tmp_path.iterdir()))), "plain")
        return registry.add_unlisted("mine", folder, owner)

    of_bob = opened(("2.2.2.2", "bob"))
    of_ann = [opened(("1.1.1.1", f"made up {i}")) for i in range(8)]
    assert registry.picture(of_bob, 0).shape == (28, 28, 1)
    assert [registry.is_unlisted(name) for name in of_ann] == [False] * 5 + [True] * 3
    for name in of_ann[:5]:
        with pytest.raises(ValueError, match="model must be one of those served"):
            registry.picture(name, 0)


def test_loading_is_bounded(tmp_path: Path, monkeypatch) -> None:
    begun, finish = threading.Semaphore(0), threading.Event()

    def load(folder: Path) -> FakeModel:
        begun.release()
        finish.wait(10)
        return fake_load(folder)

    monkeypatch.setattr(module, "LOADS", (1, 0))
    registry = ModelRegistry([write_folder(tmp_path, name) for name in ("grey", "plain")], load=load)
    first = in_background(registry.model, "grey")
    assert begun.acquire(timeout=10)
    for name in ("grey", "plain"):
        with pytest.raises(Busy):
            within(5, registry.picture, name, 0)
    finish.set()
    first.result(10)
    assert registry.picture("grey", 0).shape == (28, 28, 1)


def test_jobs_in_line_leave_threads_for_the_rest_of_the_page() -> None:
    kinds = [module.BATCHES, module.LOADS, walk_api.DOWNLOADS]
    kinds += [train_api.NEWS, train_api.STARTS, train_api.UPLOADS, train_api.DOWNLOADS]
    kinds += [translate_api.VERDICTS, translate_api.FILMS, quiz_api.DEALS, edit_api.SLOW, edit_api.QUICK]
    assert sum(map(sum, kinds)) + 10 <= app.settings(ModelRegistry([]))["max_threads"]
