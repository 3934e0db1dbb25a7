"""The worker that draws, in Chromium, Firefox and WebKit: every shipped model's pictures are `Model.sample`'s."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import numpy as np
import other_browsers
import pytest
from browser_engine import ROOT, assert_same, random_states
from other_browsers import hosted

from gan.models.model import Model
from gan.models.pack import pack
from gan.models.translator import load_folder
from gan.ui.server import picture_requests
from gan.ui.server.drawing import draw
from gan.ui.server.engine import worker_script

STATIC = ROOT / "gan/ui/static"
SEEDS = {"chromium": 1000} | dict.fromkeys(other_browsers.NAMES, 200)  # the others differ by their compilers alone
STATES, PART = 100, 100
PAGE = """<!doctype html><meta charset="utf-8"><title>pictures</title><script>window.latentLab = {};</script>
<script src="worker-calls.js"></script><script src="engine.js"></script>
<script type="module">
const told = (path, body) => fetch(path, { method: "POST", body });
try {
  const engine = latentLab.engine(new URL("worker.js", location.href));
  await engine.start();
  for (const [model, parts] of Object.entries(await (await fetch("jobs")).json())) {
    await engine.load(model, await (await fetch(`pack/${model}`)).arrayBuffer());
    for (const pictures of parts) {
      const { pixels } = await engine.draw(model, pictures);
      await told(`drawn/${model}`, pixels);
    }
  }
  await told("done", "");
} catch (error) {
  await told("failed", `${error}`);
}
</script>"""


@cache
def shipped() -> dict[str, Model]:
    """Return the shipped models that a browser can draw from a seed."""
    folders = sorted(path.parent for path in ROOT.glob("weights/*/config.json"))
    models = {folder.name: load_folder(folder, "cpu") for folder in folders}
    return {name: model for name, model in models.items() if isinstance(model, Model)}


def asked(name: str, seeds: int) -> list[dict]:
    """Return what a browser is asked to draw of a model."""
    return [*({"seed": seed} for seed in range(seeds)), *random_states(shipped()[name], STATES)]


@cache
def expected(name: str, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the server's pictures of the same: of the seeds, and of the states."""
    model = shipped()[name]
    states = [picture_requests.picture(state, model) for state in asked(name, seeds)[seeds:]]
    return model.sample(list(range(seeds))), draw(model, states)


def files(path: str, seeds: int) -> tuple[str, bytes] | None:
    """Return what the page asks for: itself, its scripts, packs, and what to draw."""
    match path.split("/"):
        case [""]:
            return "text/html", PAGE.encode()
        case ["worker.js"]:
            return "text/javascript", worker_script().encode()
        case ["worker-calls.js" | "engine.js" as script]:
            return "text/javascript", (STATIC / "engine" / script).read_bytes()
        case ["pack", name]:
            return "application/octet-stream", pack(shipped()[name])
        case ["jobs"]:
            wanted = {name: asked(name, seeds) for name in shipped()}
            parts = {
                name: [pictures[i : i + PART] for i in range(0, len(pictures), PART)]
                for name, pictures in wanted.items()
            }
            return "application/json", json.dumps(parts).encode()
    return None


@contextmanager
def visit(name: str, url: str, home: Path, request) -> Iterator[None]:
    """Have one of the three browsers show an address."""
    if name != "chromium":
        with other_browsers.opened(name, url, home):
            yield
        return
    page = request.getfixturevalue("browser").new_page()
    page.goto(url)
    yield
    page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(240)  # 5,500 pictures in Chromium, 1,500 in each of the others
@pytest.mark.parametrize("browser_name", ["chromium", *other_browsers.NAMES])
def test_shipped_models_with_weights_of_half_precision(browser_name, tmp_path, request) -> None:
    parts: dict[str, list[bytes]] = {model: [] for model in shipped()}
    seeds = SEEDS[browser_name]
    with hosted(partial(files, seeds=seeds)) as host, visit(browser_name, host.url, tmp_path, request):
        for model in shipped():
            expected(model, seeds)  # meanwhile
        for path, pixels in host.reports(200):
            parts[path.removeprefix("drawn/")].append(pixels)
    for name, model in shipped().items():
        size = model.resolution
        ours = np.frombuffer(b"".join(parts[name]), np.uint8).reshape(-1, size, size, 4)[..., : model.channels]
        of_seeds, of_states = expected(name, seeds)
        assert len(ours) == seeds + STATES
        assert_same(ours[:seeds].astype(int), of_seeds)
        assert_same(ours[seeds:].astype(int), of_states, share=0.06)  # twice as far from the mean, errors are larger
