"""The gallery's HTML, from folders that may hold anything."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pytest
from fake_models import fake_load, write_folder
from PIL import Image

from gan.hub.names import MAX_PICTURE_BYTES
from gan.ui.server import wording
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.tabs import gallery


def page(folder: Path) -> str:
    return gallery.page(ModelRegistry([folder], load=fake_load))


def sent(folder: Path) -> list[tuple[bytes, str]]:
    """The pictures that the page of a folder names, each with its media type."""
    registry = ModelRegistry([folder], load=fake_load)
    found = [registry.files.find(version) for version in re.findall(r'"files/(\w+)"', gallery.page(registry))]
    return [(file.data, file.kind) for file in found]


def test_a_wall_knows_its_model_and_its_seeds(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "colour")
    assert 'data-model="colour" data-rows="8" data-columns="8"' in page(folder)
    ((data, kind),) = sent(folder)
    assert data.startswith({"image/png": b"\x89PNG", "image/webp": b"RIFF"}[kind])


def test_large_samples_are_sent_as_webp_in_their_own_size_and_look_the_same(tmp_path: Path) -> None:
    folder, random = write_folder(tmp_path, "colour"), np.random.default_rng(0)
    shapes = Image.fromarray(random.integers(20, 230, (16, 16, 3), dtype=np.uint8)).resize((256, 256))
    shown = Image.fromarray(np.asarray(shapes) + random.integers(0, 4, (256, 256, 3), dtype=np.uint8))
    shown.resize((1024, 1024), Image.Resampling.NEAREST).save(folder / "samples.png")
    assert (folder / "samples.png").stat().st_size > gallery.LARGE
    ((webp, kind),) = sent(folder)
    assert kind == "image/webp" and len(webp) < (folder / "samples.png").stat().st_size / 2
    with Image.open(io.BytesIO(webp)) as seen:
        difference = np.abs(np.asarray(seen, float) - np.asarray(shown, float))
    assert seen.size == (256, 256) and difference.mean() < 2


def test_a_large_file_that_is_no_picture_is_left_as_it_is(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "colour")
    (folder / "samples.png").write_bytes(b"\x89PNG" + bytes(gallery.LARGE))
    assert [kind for _, kind in sent(folder)] == ["image/png"]


@pytest.mark.parametrize("content", [None, b"", b"<svg onload=alert(1)>", b"\x89PNG" + bytes(MAX_PICTURE_BYTES)])
def test_samples_that_cannot_be_shown_leave_the_wall_empty(tmp_path: Path, content: bytes | None) -> None:
    folder = write_folder(tmp_path, "grey")
    registry = ModelRegistry([folder], load=fake_load)
    (folder / "samples.png").unlink()  # after the registry has seen it
    if content is not None:
        (folder / "samples.png").write_bytes(content)
    shown = gallery.page(registry)
    assert "ll-empty" in shown and "files/" not in shown and 'data-open="grey"' in shown


def test_what_a_folder_says_is_escaped(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "grey")
    text = (folder / "config.json").read_text().replace('"relativistic"', '"<script>alert(1)</script>"')
    (folder / "config.json").write_text(text)
    evil = folder.rename(tmp_path / '"><img src=x onerror=alert(1)>')
    shown = page(evil)
    assert "<script" not in shown and "<img src=x" not in shown and "&lt;script" in shown
    (evil / "config.json").unlink()
    assert "<img src=x" not in page(evil)


def test_the_first_screen_begins_with_a_sample_and_its_sliders(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "colour")
    info = ModelRegistry([folder], load=fake_load).info("colour")
    shown = gallery.hero(info)
    assert [info.named[i] for i in shown.sliders] == ["slant", "hair_length"]
    assert shown.axes == [{"index": 0, "sign": 1}, {"index": 1, "sign": 1}]
    with Image.open(io.BytesIO(base64.b64decode(shown.still.partition(",")[2]))) as still:
        expected = fake_load(folder).sample([gallery.HERO_SEED])[0]
        assert np.array_equal(np.asarray(still), expected)
    assert gallery.page(ModelRegistry([folder], load=fake_load)).count('class="ll-hero ll-smooth"') == 1


@pytest.mark.parametrize("change", [{"named": ()}, {"samples": None}, {"grid": None}])
def test_a_model_that_cannot_be_played_with_is_not_on_the_first_screen(tmp_path: Path, change: dict) -> None:
    info = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load).info("grey")
    assert gallery.hero(info) and gallery.hero(dataclasses.replace(info, **change)) is None


def test_a_translator_is_told_apart_from_what_makes_pictures():
    assert wording.sentence("zebras", translates=True) == "Pictures become such as those of zebras."
    assert wording.sentence("zebras").startswith("Pictures that were never in zebras")
