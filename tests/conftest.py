"""Shared fixtures: small real model folders, models that cost nothing, a served app, a browser."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import functools
import gc
import inspect
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

# Before torch is imported: tests run in two processes, whose threads would wait for each other on two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402

from benchmarks.browser import BROWSERS  # noqa: E402
from gan.config import Config  # noqa: E402
from gan.data.points import DRAWING_PREFIX  # noqa: E402
from gan.models.latent import principal_directions  # noqa: E402
from gan.presets import PRESETS, TRANSLATION  # noqa: E402


def small(**changes) -> Config:
    """Return a config that trains in about a second; keyword arguments change it."""
    base = {**PRESETS["smoke"], "images": 64, "batch_size": 16, "device": "cpu"}
    return dataclasses.replace(Config(**base), **changes)


# A config of points, as keywords, whose steps take milliseconds.
PLANE = {
    "dataset": "ring",
    "network": "points",
    "batch_size": 16,
    "width": 16,
    "z_dim": 2,
    "precision": "fp32",
    "device": "cpu",
}


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Take what importing and collecting leave out of the garbage collector's rounds: some millions of objects stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def no_power_cut() -> Iterator[None]:
    """Let no file wait for the disk: this machine keeps its power while tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda number: None)
        yield


def quick_directions(*values, samples: int, **named) -> tuple[torch.Tensor, torch.Tensor]:
    """Find principal directions as `gan.models.latent` does, from few samples."""
    return principal_directions(*values, samples=min(samples, 256), **named)


@pytest.fixture(scope="session", autouse=True)
def quick_models() -> Iterator[None]:
    """Find the directions of models that training writes from few samples: they take most of a short run's time."""
    from gan.training import export_model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_model, "principal_directions", quick_directions)
        yield


@pytest.fixture(scope="session", autouse=True)
def sheets_read_once() -> Iterator[None]:
    """Decode each bundled file once, and again where it has changed; every reader gets a copy."""
    from gan.data import emoji, image_sheet, mnist

    decode = functools.cache(lambda path, changed, *rest: image_sheet.read_sheet(path, *rest))

    def read(path: Path, *rest) -> np.ndarray:
        return decode(path, path.stat().st_mtime_ns if path.exists() else 0, *rest).copy()

    with pytest.MonkeyPatch.context() as patch:
        for module in (emoji, mnist):
            patch.setattr(module, "read_sheet", read)
        yield


@pytest.fixture(scope="session")
def loaded():
    """Return `gan.data.load` with a cache."""
    from gan import data

    return functools.cache(data.load)


@pytest.fixture
def read_once(monkeypatch, loaded) -> None:
    """Decode each bundled data set once for all tests that ask for this; training does not change it."""
    monkeypatch.setattr("gan.data.load", loaded)


@pytest.fixture(autouse=True)
def few_drawn(monkeypatch) -> None:
    """Make the data sets `faces` and `scenes` small: they are drawn anew whenever they are loaded."""
    from gan.data import faces, scenes

    for drawn in (faces, scenes):
        monkeypatch.setattr(drawn, "SEEDS", {"train": range(600), "test": range(1_000_000, 1_000_200)})
        monkeypatch.setattr(drawn, "SUBSET", 300)
    monkeypatch.setattr("gan.data.pairs.FACES", {"train": range(64), "test": range(1_000_000, 1_000_032)})


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    """Check that two runs' tensors, by name, are equal bit for bit."""
    assert a.keys() == b.keys()
    different = [k for k in a if not torch.equal(a[k], b[k])]
    assert not different


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """Return a complete model folder: 28 x 28 grey, 10 classes, hardly trained. Copy it before damaging it."""
    from gan.training.loop import train

    out = tmp_path_factory.mktemp("models") / "tiny"
    list(train(small(), out))
    return out


@pytest.fixture(scope="session")
def judged_folder(tiny_folder, loaded, tmp_path_factory) -> Path:
    """Return `tiny_folder` with a judge that was fitted on a few digits. Read only."""
    import gan
    from gan.editing.judge import fit_judge, write_judge

    folder = tmp_path_factory.mktemp("judged") / "tiny"
    shutil.copytree(tiny_folder, folder)
    images = loaded("mnist-10k").images
    write_judge(folder, fit_judge(gan.load(folder, "cpu"), images[:60], images[60:120]))
    return folder


@pytest.fixture(scope="session")
def tiny_emoji_folder(tmp_path_factory) -> Path:
    """Return a complete model folder: 32 x 32 colour, conditional, hardly trained. Read only."""
    from gan.training.loop import train

    out = tmp_path_factory.mktemp("models") / "tiny-emoji"
    list(train(small(dataset="emoji"), out))
    return out


# Threads that a fault may leave waiting for ever.


def in_background(function, *values, **named) -> Future:
    """Call a function in a daemon thread, which the end of the tests does not wait for, and return its `Future`."""
    future: Future = Future()

    def work() -> None:
        try:
            future.set_result(function(*values, **named))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


def within(seconds: float, function, *values, **named):
    """Return a function's result or raise its exception; fail if that takes longer."""
    try:
        return in_background(function, *values, **named).result(seconds)
    except TimeoutError:
        pytest.fail(f"still waiting after {seconds:g} s")


# Functions of the page, called as its route calls them.


def answer(api, name, payload=None):
    """Return what an object's server function of that name replies, async or not."""
    reply = next(function for function in api.functions() if function.__name__ == name)(payload)
    return asyncio.run(reply) if inspect.isawaitable(reply) else reply


# A Hub on loopback, which the real client talks to.


@pytest.fixture(scope="session")
def hub_server():
    """Start the server once for all tests."""
    from hub_server import Hub, running

    with running(Hub()) as hub:
        yield hub


@pytest.fixture
def hub(hub_server, monkeypatch, tmp_path):
    """Provide an empty Hub, the client pointed at it, no cache, and alice's token in the environment."""
    from hub_server import ALICE
    from huggingface_hub import constants

    hub_server.repos, hub_server.seen, hub_server.fault = {}, [], lambda request: None
    hub_server.loses = lambda request: False
    point_client(monkeypatch, hub_server.url)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("HF_TOKEN", ALICE)
    return hub_server


def point_client(monkeypatch, url: str) -> None:
    """Let huggingface_hub in this process take `url` for the Hub."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")


def hub_environment(hub, folder: Path, token: str | None) -> dict[str, str]:
    """Return the environment of a process of its own that takes the server for the Hub."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf-home"), "OMP_NUM_THREADS": "1"}
    return kept | own | ({"HF_TOKEN": token} if token else {})


# Live runs.


@contextmanager
def starting(**always) -> Iterator:
    """Yield a function that starts runs of the configs it is given, with `always` too; all are stopped in the end."""
    from gan.live.run import Run

    runs = []

    def start(*configs, **rest) -> Run:
        runs.append(Run(configs, **always, **rest))
        runs[-1].start()
        return runs[-1]

    yield start
    for run in runs:
        run.stop()
        run.join(60)
        assert run.done


@pytest.fixture
def unhurried(monkeypatch) -> None:
    """Let live runs rest after each step: what the page does with one needs no more, and the page has the processor."""
    from gan.live.worker import Worker

    wait = Worker._wait_between_steps

    def rest(run: Worker) -> None:
        time.sleep(0.02)
        wait(run)

    monkeypatch.setattr(Worker, "_wait_between_steps", rest)


def end_all(runs) -> None:
    """Stop the runs that a test has begun, which would go on for a while."""
    for name in list(runs._runs):
        runs.forget(name)


# A drawing, as the page names it.


def drawing_name(cells: np.ndarray) -> str:
    """Return the name of the data set drawn as bool (64, 64), True where it is drawn, top row first."""
    return DRAWING_PREFIX + base64.urlsafe_b64encode(np.packbits(cells).tobytes()).decode("ascii").rstrip("=")


# The page, and a browser to look at it.


def built(registry, runs=None):
    """Return the page as `app.build` does, but without the three servers that Gradio makes before it is launched."""
    import gradio.routes

    from gan.ui import app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradio.routes.App, "create_app", lambda *values, **named: None)
        return app.build(registry, runs)


@contextmanager
def served(registry, runs=None, plain: bool = False) -> Iterator[str]:
    """Serve the whole app over one registry, as `python app.py` starts it; yield its URL.

    runs: as for `app.build`. plain: its page is that of `plain_page`, quick and without Gradio's front end.
    """
    import plain_page

    from gan.ui import app

    demo = built(registry, runs)
    settings = app.settings(registry)
    if plain:
        settings["app_kwargs"]["routes"].insert(0, plain_page.route(demo))
    try:
        _, url, _ = demo.launch(**settings, prevent_thread_lock=True, quiet=True)
        yield url
    finally:
        demo.close()


@pytest.fixture(scope="session")
def tiny_registry(tiny_folder):
    """Return a registry over `tiny_folder` alone, shared by all modules."""
    from gan.ui.server.model_registry import ModelRegistry

    return ModelRegistry([tiny_folder])


def chromium() -> str:
    """Return the path of a Chromium. Skip the test where there is none; in CI, where nobody reads of skips, fail."""
    path = next(filter(None, map(shutil.which, reversed(BROWSERS))), None)  # without windows first: it is quick
    if path is None and os.environ.get("CI"):
        pytest.fail(f"none of {', '.join(BROWSERS)} on this machine: CI needs one")
    return path or pytest.skip(f"none of {', '.join(BROWSERS)} on this machine")


@pytest.fixture(scope="module")
def browser():
    """Start a Chromium without a window that makes no requests of its own."""
    path = chromium()
    quiet = ("background-networking", "component-update", "sync", "quic")
    arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in quiet)]
    if os.environ.get("CI"):
        import playwright.sync_api as api
    else:
        api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@contextmanager
def asking_page(browser, **context) -> Iterator:
    """Yield a fresh visitor's page; `.asked` lists the functions of the server that it calls. Fail on an error in it.

    context: as for `new_context`.
    """
    visitor = browser.new_context(**context)
    page = visitor.new_page()
    page.set_default_timeout(50_000)  # a machine may be busy
    page.asked, wrong = [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: page.asked.append(r.post_data_json["fn_name"]) if r.method == "POST" else None)
    yield page
    visitor.close()
    assert not wrong


def answering(fault: str):
    """Return a handler of `page.route` whose replies arrive "cut off" or "damaged", or else are not found."""

    def answer(route) -> None:
        body = route.fetch().body()
        if fault == "cut off":
            route.fulfill(body=body[:-1000])
        elif fault == "damaged":
            route.fulfill(body=body[:1000] + bytes(len(body) - 1000))
        else:
            route.fulfill(status=404)

    return answer


# Pairs to translate between.


def tiny_pairs(root: Path, resolution: int, split: str, progress) -> object:
    """Return 40 noisy squares (N, 3, R, R) and the same brighter, with two conditions; 20 for the test split.

    Two attributes of them are known, and their middles count three times.
    """
    from gan.data.attribute_codes import AttributeCodes
    from gan.data.domains import Pairs
    from gan.data.seeded import Choice, Range

    count = {"train": 40, "test": 20}[split]
    source = torch.Generator().manual_seed(count)
    a = torch.randint(0, 120, (count, 3, resolution, resolution), dtype=torch.uint8, generator=source)
    told = torch.rand(count, 2, generator=source)
    emphasis = torch.ones(count, 1, resolution, resolution, dtype=torch.uint8)
    emphasis[:, :, resolution // 4 : -resolution // 4, resolution // 4 : -resolution // 4] = 3
    numbers = np.arange(count)
    table = {"number": Range(0, 39, "squares"), "kind": Choice(("round", "square", "flat"), (1, 2, 1))}
    codes = AttributeCodes(table, {"number": numbers, "kind": numbers % 3})
    return Pairs(
        "tiny", a, a + 100, tuple(f"square {i}" for i in range(count)), conditions=told, classes=("x", "y"),
        emphasis=emphasis, codes=codes, before=codes,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def tiny_pairs_known(monkeypatch) -> None:
    """Let pairs called `tiny` be known."""
    from gan.data.pairs import PAIRS, PairSource

    monkeypatch.setitem(PAIRS, "tiny", PairSource(tiny_pairs, 28, "squares; brighter ones", "CC0-1.0"))


def translation(**changes) -> Config:
    """Return a config of a translation whose run takes a fraction of a second; keyword arguments change it."""
    base = {
        **TRANSLATION, "dataset": "tiny", "images": 24, "batch_size": 8, "width": 16, "precision": "fp32",
        "device": "cpu", "sample_images": 1000, "checkpoint_images": 1000, "ema_images": 16,
    }  # fmt: skip
    return dataclasses.replace(Config(**base), **changes)
