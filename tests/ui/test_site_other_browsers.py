"""The page without a server in Firefox and WebKit: a visitor's way through its tabs, under its own policy."""

from __future__ import annotations

import json
import mimetypes

import numpy as np
import other_browsers
import pytest
from browser_engine import ROOT
from translators import write_translators

from gan import export
from gan.models.model import load

VISITOR = ROOT / "tests/js/visitor.js"


@pytest.mark.slow
@pytest.mark.timeout(150)  # a browser starts, and does what a visitor does in minutes
@pytest.mark.browser
@pytest.mark.parametrize("name", other_browsers.NAMES)
def test_every_tab_works(name, tiny_emoji_folder, tmp_path) -> None:
    translator, home = write_translators(tmp_path)[0], tmp_path / "home"
    home.mkdir()
    export.write_site(tmp_path / "site", [tiny_emoji_folder, translator])

    def files(path: str) -> tuple[str, bytes] | None:
        if path == VISITOR.name:
            return "text/javascript", VISITOR.read_bytes()
        file = tmp_path / "site" / (path or "index.html")
        if not file.is_file():
            return None
        body = file.read_bytes()
        if not path:
            body = body.replace(b"<script defer", b'<script src="visitor.js"></script><script defer', 1)
        return mimetypes.guess_type(file)[0] or "application/octet-stream", body

    with other_browsers.hosted(files) as host, other_browsers.opened(name, host.url, home):
        told = {step: json.loads(body) for step, body in host.reports(120)}
    assert told.pop("wrong") == [], "no error, and nothing that the page's policy forbids"
    first = told.pop("gallery")
    model = load(tiny_emoji_folder, "cpu")
    assert first["where"] == "browser" and f"model={model.name}&seed=5" in first["address"]
    pixels = np.array(first["pixels"]).reshape(model.resolution, model.resolution, 4)[..., :3]
    assert np.abs(pixels - model.sample([5])[0].astype(int)).max() <= 1
    assert told.pop("drag")["paints"] >= 20
    assert list(told) == ["interpolate", "train", "translate"]
    assert all(colours > 50 for colours in told.values()), told
