"""The gallery's HTML, from folders that may hold anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import fake_load, write_folder

from gan.hub.names import MAX_PICTURE_BYTES
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.tabs import gallery


def page(folder: Path) -> str:
    return gallery.page(ModelRegistry([folder], load=fake_load))


def test_a_wall_has_a_button_for_every_seed(tmp_path: Path) -> None:
    html = page(write_folder(tmp_path, "colour"))
    assert html.count("data-seed=") == 64 and "data:image/png;base64,iVBOR" in html


@pytest.mark.parametrize("content", [None, b"", b"<svg onload=alert(1)>", b"\x89PNG" + bytes(MAX_PICTURE_BYTES)])
def test_samples_that_cannot_be_shown_leave_the_wall_empty(tmp_path: Path, content: bytes | None) -> None:
    folder = write_folder(tmp_path, "grey")
    registry = ModelRegistry([folder], load=fake_load)
    (folder / "samples.png").unlink()  # after the registry has seen it
    if content is not None:
        (folder / "samples.png").write_bytes(content)
    html = gallery.page(registry)
    assert "ll-empty" in html and "data:image" not in html and 'data-open="grey"' in html


def test_what_a_folder_says_is_escaped(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "grey")
    text = (folder / "config.json").read_text().replace('"relativistic"', '"<script>alert(1)</script>"')
    (folder / "config.json").write_text(text)
    evil = folder.rename(tmp_path / '"><img src=x onerror=alert(1)>')
    html = page(evil)
    assert "<script" not in html and "<img src=x" not in html and "&lt;script" in html
    (evil / "config.json").unlink()
    assert "<img src=x" not in page(evil)
