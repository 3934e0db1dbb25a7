"""`gan.ui.server.hub_models` and `app.main`: models of the Hub on the page, and the page without them."""

from __future__ import annotations

import threading
import time
import urllib.request

import gradio as gr
import numpy as np
import pytest
from conftest import built, point_client

from gan.hub.names import MODEL
from gan.ui import app
from gan.ui.server.hub_models import MAX_MODELS, WAIT, HubModels, is_local_folder, requested_models
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.tabs import gallery

NOWHERE = "http://127.0.0.1:9"
SHIPPED = ["emoji", "fashion-mnist", "mnist"]


@pytest.fixture
def files(tiny_folder) -> dict[str, bytes]:
    return {name: (tiny_folder / name).read_bytes() for name in MODEL.files if (tiny_folder / name).exists()}


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Return a function that runs `app.main`, without this machine's runs, up to the launch: registry, gallery HTML."""
    registries = []
    monkeypatch.setattr(app, "discover", lambda shipped, runs: [shipped / name for name in SHIPPED])
    monkeypatch.setattr(
        app, "ModelRegistry", lambda folders: registries.append(ModelRegistry(folders)) or registries[-1]
    )
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **_: (None, "http://127.0.0.1:7860/", None))
    monkeypatch.setattr(gr.Blocks, "block_thread", lambda self: None)

    def main(*words: str) -> tuple[ModelRegistry, str]:
        app.main(words)
        return registries[-1], gallery.page(registries[-1])

    return main


def test_names_come_from_flags_and_from_the_environment():
    assert requested_models(["a/b", "c"], " d/e@v1 ,,a/b,") == ["a/b", "c", "d/e@v1"]
    assert requested_models([], "") == []
    assert len(requested_models([], ",".join(f"a/{i}" for i in range(99)))) == MAX_MODELS


def test_a_folder_is_local(tmp_path):
    assert (
        is_local_folder(str(tmp_path))
        and not is_local_folder("alice/digits")
        and not is_local_folder("x" * 5000)
        and not is_local_folder("\0")
    )


def test_models_of_the_hub_stand_beside_the_bundled_ones(hub, files, start, monkeypatch, tiny_folder):
    repo = hub.add("alice/digits", files)
    repo.tags["v1"] = repo.head
    monkeypatch.setenv("LATENT_LAB_MODELS", "alice/digits")
    registry, page = start("--model", "alice/digits@v1", "--model", str(tiny_folder))
    assert registry.names == (*SHIPPED, "tiny", "alice/digits@v1", "alice/digits")
    assert not registry.notices and 'aria-label="Explore alice/digits@v1"' in page
    assert registry.picture("alice/digits", 1).shape == (28, 28, 1)


def test_without_names_nothing_is_asked(hub, start):
    registry, _ = start()
    assert registry.names == tuple(SHIPPED) and hub.seen == []


@pytest.mark.parametrize("revision", ["", "@v1"])
def test_a_second_start_makes_no_request(hub, files, start, revision):
    repo = hub.add("alice/digits", files)
    repo.tags["v1"] = repo.head
    first, _ = start("--model", f"alice/digits{revision}")
    hub.seen.clear()
    second, _ = start("--model", f"alice/digits{revision}")
    assert hub.seen == [] and not second.notices
    assert np.array_equal(*(s.picture(f"alice/digits{revision}", 1) for s in (first, second)))


def test_with_the_hub_gone_and_nothing_kept_the_bundled_ones_serve(hub, start, monkeypatch):
    point_client(monkeypatch, NOWHERE)
    clock = time.monotonic()
    registry, page = start("--model", "alice/digits", "--model", "not a name")
    assert time.monotonic() - clock < WAIT
    assert registry.names == tuple(SHIPPED)
    assert "cannot be reached" in registry.notices["alice/digits"] and "bundled" in registry.notices["alice/digits"]
    assert "a repository is USER/NAME" in registry.notices["not a name"]
    assert '<article class="ll-card ll-notice"><h2>alice/digits</h2>' in page


def test_with_the_hub_gone_a_kept_copy_is_shown_with_a_notice(hub, files, start, monkeypatch):
    hub.add("alice/digits", files)
    start("--model", "alice/digits")
    point_client(monkeypatch, NOWHERE)
    monkeypatch.setattr("gan.hub.pull.FRESH", 0)
    registry, page = start("--model", "alice/digits")
    assert "alice/digits" in registry.names and "downloaded earlier" in page


def test_a_damaged_model_of_the_hub_is_named_without_the_servers_folders(hub, files, start, tmp_path):
    hub.add("eve/model", files | {"model.safetensors": b"\x80\x04."})
    registry, page = start("--model", "eve/model")
    assert "eve/model/model.safetensors: not a safetensors file" in registry.errors["eve/model"]
    assert str(tmp_path) not in page and registry.names == tuple(SHIPPED)


def test_whatever_a_repository_is_called_its_notice_is_text(hub, start):
    _, page = start("--model", "<script>alert(1)</script>")
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_model_that_is_late_does_not_keep_the_page_waiting_and_is_there_after_a_reload(hub, files):
    gate = threading.Event()
    hub.add("alice/digits", files)
    hub.fault = lambda request: None if "/resolve/" not in request.url.path else (gate.wait(20), None)[1]
    registry, remote = ModelRegistry([]), HubModels(["alice/digits"])
    clock = time.monotonic()
    remote.add_to(registry, 0.2)
    assert time.monotonic() - clock < 2 and "still downloading" in registry.notices["alice/digits"]
    demo = built(registry)
    remote.add_late(registry, lambda: app.refresh(demo, registry))
    try:
        _, url, _ = demo.launch(**app.settings(registry), prevent_thread_lock=True, quiet=True)

        def page() -> str:
            return urllib.request.urlopen(url, timeout=10).read().decode()

        assert "still downloading" in page() and "Explore alice/digits" not in page()
        gate.set()
        deadline = time.monotonic() + 20
        while "Explore alice/digits" not in page():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "still downloading" not in page() and registry.names == ("alice/digits",)
    finally:
        gate.set()
        demo.close()
