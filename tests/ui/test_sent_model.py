"""A model that was downloaded is opened again: as a zip or as files, and never more than may be."""

from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
import pytest

from gan.hub.names import MODEL
from gan.live.export import zip_folder
from gan.ui.server import sent_model
from gan.ui.server.train_api import TrainApi


@pytest.fixture
def reopen(tiny_registry):
    """Open files, by name and contents, as the page does."""
    function = {f.__name__: f for f in TrainApi(tiny_registry, lambda: None).functions()}["reopen"]

    def call(*files: tuple[str, bytes]) -> dict:
        return function({"files": [{"name": name, "data": base64.b64encode(data).decode()} for name, data in files]})

    return call


def files_of(folder) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file()]


def test_a_download_and_its_files_are_the_model_again(reopen, tiny_folder, tiny_registry):
    for files in ([("tiny.zip", zip_folder(tiny_folder, "tiny"))], files_of(tiny_folder)):
        model = reopen(*files)["model"]
        assert tiny_registry.is_unlisted(model)
        assert np.array_equal(tiny_registry.picture(model, 3), tiny_registry.picture("tiny", 3))
        kept = {path.name for path in tiny_registry.folder(model).iterdir()}
        assert kept <= set(MODEL.files), "nothing else of it is written"


def packed(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def test_what_is_no_model_is_refused_in_a_sentence_and_leaves_nothing(reopen, tiny_folder, tiny_registry, monkeypatch):
    before = set(tiny_registry._unlisted)
    whole = dict(files_of(tiny_folder))
    other = {**whole, "config.json": whole["config.json"].replace(b'"z_dim": ', b'"z_dim": 1')}
    damaged = {**whole, "model.safetensors": whole["model.safetensors"][:-40]}
    outside = packed(*((f"../../{name}", data) for name, data in whole.items() if name != "critic.safetensors"))
    for files, told in (
        ([("a.zip", packed(("notes.txt", b"hello")))], "config.json is missing: choose the zip"),
        ([("a.zip", b"PK\5\6" + bytes(40))], "is missing"),
        ([("a.zip", outside)], "critic.safetensors is missing"),
        (damaged.items(), "model.safetensors"),
        (other.items(), "z_dim must be in"),
        ([], "files"),
    ):
        error = reopen(*files)["error"]
        assert told in error and "/" not in error, error
    monkeypatch.setattr(sent_model, "UNPACKED_BYTES", 10_000)
    assert "too large" in reopen(*whole.items())["error"]
    bomb = packed(("config.json", bytes(2**24)))
    assert "too large" in reopen(("a.zip", bomb))["error"]
    assert set(tiny_registry._unlisted) == before


def test_a_link_out_of_a_zip_is_not_followed(reopen, tiny_folder):
    archive = io.BytesIO(zip_folder(tiny_folder, "tiny"))
    with zipfile.ZipFile(archive, "a") as file:
        link = zipfile.ZipInfo("a/metrics.json")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    # The folder's own comes first and is used; alone the link is refused.
    assert "model" in reopen(("a.zip", archive.getvalue()))
    alone = io.BytesIO()
    with zipfile.ZipFile(alone, "w") as file:
        file.writestr(link, "/etc/passwd")
    assert "a link" in reopen(("a.zip", alone.getvalue()))["error"]
