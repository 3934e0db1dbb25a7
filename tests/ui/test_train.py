"""`gan.ui.server.train_api`: what a visitor's browser can do with runs, and how bad requests are refused."""

from __future__ import annotations

import base64
import dataclasses
import gc
import io
import itertools
import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
import torch
from conftest import drawing_name
from PIL import Image

import gan
from gan.data import DATASETS
from gan.data.points import DISTRIBUTIONS, Distribution
from gan.live import worker
from gan.live.lessons import LESSONS
from gan.live.runs import Runs
from gan.networks import NETWORKS, POINT_NETWORKS
from gan.training.losses import LOSSES
from gan.training.optimizers import OPTIMIZERS
from gan.training.penalties import PENALTIES
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.train_api import TrainApi
from gan.ui.server.visitor import Visitor

WAIT = 90.0  # seconds that anything may take on a busy machine
QUICK = {"width": 16, "batch_size": 16}


class Tab:
    """The functions of the tab, by name, as one visitor's browser calls them."""

    def __init__(self, registry, runs: Runs) -> None:
        self._functions = {f.__name__: f for f in TrainApi(registry, lambda: runs).functions()}

    def __getattr__(self, name):
        return lambda **payload: self._functions[name](payload)

    def begin_ring(self, **changes) -> str:
        reply = self.begin(dataset="ring", seed=0, sides=[{"preset": "modern", "changes": {**QUICK, **changes}}])
        return reply["run"]

    def until(self, run: str, good, what: str) -> dict:
        """Return a run's news, all from the first, once they are good."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            news = self.news(run=run, after=-1)
            if good(news):
                return news
            time.sleep(0.02)
        pytest.fail(f"never: {what}; {news}")


@pytest.fixture
def runs():
    runs = Runs(2)
    yield runs
    runs.close()


@pytest.fixture
def tab(tiny_registry, runs):
    return Tab(tiny_registry, runs)


def seen(news) -> bool:
    return "moment" in news and news["moment"]["number"] > 3


def array(packed) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["data"]), packed["type"]).reshape(packed["shape"])


def menus(tab, kind: str) -> dict:
    """Return the tab's settings for data of a kind, by name."""
    return {setting["name"]: setting for setting in tab.about()["settings"][kind]}


def test_the_tab_is_told_what_there_is(tab):
    about = tab.about()
    assert set(about["presets"]) == set(LESSONS)
    assert about["data"]["points"]["ring"] == "Ring of 8" and set(about["data"]["points"]) == set(DISTRIBUTIONS)
    bundled = {"emoji", "emoji-styles", "faces-10k", "scenes-10k", "mnist-10k", "fashion-mnist-10k"}
    assert set(about["data"]["pictures"]) == bundled, "no network is needed"
    for kind, dataset in (("points", "ring"), ("pictures", "emoji"), ("translations", "flat-to-3d")):
        taught = [name for name, lesson in about["presets"].items() if kind in lesson["stories"]]
        assert taught and dataset in about["data"][kind]
        for preset in taught:
            assert set(menus(tab, kind)) <= set(tab.preset(preset=preset, dataset=dataset)["settings"])


def test_only_what_can_be_chosen_is_offered(tab):
    points, pictures = menus(tab, "points"), menus(tab, "pictures")
    of_pictures = {"augment", "augment_images", "augment_target", "conditional", "mirror"}
    assert set(pictures) - set(points) == of_pictures, "points have none"
    assert points["network"]["choices"] == list(POINT_NETWORKS) and pictures["network"]["choices"] == list(NETWORKS)
    assert points["critic_norm"]["choices"] == ["none", "spectral"]
    assert pictures["critic_norm"]["choices"] == ["none", "batch", "spectral"]
    assert points["gamma"] == {"name": "gamma", "kind": "float", "live": True, "help": points["gamma"]["help"]}
    assert [points[name]["live"] for name in ("loss", "width", "batch_size")] == [True, False, True]


def test_what_is_added_to_a_dict_is_offered_and_can_be_trained(tab, monkeypatch):
    dot = Distribution(lambda count, source: 0.1 * torch.randn(count, 2, generator=source), 1.0, "A dot")
    monkeypatch.setitem(DISTRIBUTIONS, "dot", dot)
    monkeypatch.setitem(DATASETS, "mine", DATASETS["emoji"])
    monkeypatch.setitem(DATASETS, "far", dataclasses.replace(DATASETS["emoji"], download=5))
    for registry in (LOSSES, PENALTIES, OPTIMIZERS, NETWORKS, POINT_NETWORKS):
        monkeypatch.setitem(registry, "new", list(registry.values())[0])
    data, points, pictures = tab.about()["data"], menus(tab, "points"), menus(tab, "pictures")
    assert data["points"]["dot"] == "A dot" and data["pictures"]["mine"] == "1,911 emoji"
    assert "far" not in data["pictures"]
    assert "faces" not in data["pictures"] and "faces-10k" in data["pictures"]  # a visitor need not wait for 50,000
    for settings in (points, pictures):
        assert all("new" in settings[name]["choices"] for name in ("loss", "penalty", "optimizer", "network"))
    changes = {**QUICK, "loss": "new", "penalty": "new", "optimizer": "new", "network": "new"}
    begun = tab.begin(dataset="dot", sides=[{"preset": "modern", "changes": changes}])
    tab.until(begun["run"], seen, "frames of the new data")


def test_points_take_what_is_offered_for_them(tab):
    run = tab.begin_ring(network="points-fourier", critic_norm="spectral", ema_images=500)
    news = tab.until(run, seen, "frames")
    assert [news["sides"][0][name] for name in ("critic_norm", "ema_images")] == ["spectral", 500]


def test_a_translator_is_seen_changed_and_opened(tab, tiny_registry):
    changes = {"width": 16, "batch_size": 4}
    run = tab.begin(dataset="beard-close-up", seed=0, sides=[{"preset": "no-cycle", "changes": changes}])["run"]
    news = tab.until(run, seen, "frames")
    shown, behind = news["moment"]["sides"][0], news["backdrop"]["arrays"]
    assert array(shown["arrays"]["back_a"]).shape == array(behind["truth"]).shape == (6, 32, 32, 3)
    assert news["sides"][0]["content"] == 0 and "psnr" in news["curve"][-1]["sides"][0]
    assert tab.ask(run=run, what="change", settings={"content": 3}) == {}
    assert tab.news(run=run)["sides"][0]["content"] == 3
    assert (
        "cannot change while a run goes on"
        in tab.ask(run=run, what="change", settings={"objective": "paired"})["error"]
    )
    opened = tab.open(run=run, number=2**20, side=0)
    assert opened["sides"] == ["b", "a"] and tiny_registry.translator(opened["model"]).resolution == 32
    refused = tab.begin(dataset="ring", seed=0, sides=[{"preset": "no-cycle", "changes": {}}])
    assert "no-cycle is no lesson on ring" in refused["error"]


def test_a_run_is_seen_asked_and_gone_back_to(tab):
    run = tab.begin_ring()
    news = tab.until(run, seen, "frames")
    assert array(news["moment"]["sides"][0]["arrays"]["points"]).shape == (600, 2)
    assert array(news["backdrop"]["arrays"]["centres"]).shape == (8, 2) and news["sides"][0]["gamma"] == 0.1
    assert "backdrop" not in tab.news(run=run, after=0)
    assert tab.ask(run=run, what="change", settings={"gamma": 2}, side=0) == {}
    assert tab.ask(run=run, what="pause") == {} and tab.news(run=run)["paused"]
    assert tab.ask(run=run, what="step", move="critic") == {} and tab.ask(run=run, what="slow", seconds=0.1) == {}
    early = tab.moment(run=run, number=0)
    assert early["shown"] == 0 and early["number"] == 0
    fork = tab.fork(run=run, number=0)
    assert fork["run"] != run and fork["shown"] == 0
    tab.until(fork["run"], seen, "frames of the fork")
    assert tab.ask(run=run, what="play") == {} and tab.ask(run=run, what="stop") == {}
    assert tab.ask(run=run, what="forget") == {}
    assert "no longer available" in tab.news(run=run)["error"]


def test_what_a_run_has_learnt_is_opened_taken_home_and_filmed(tab, tiny_registry, tmp_path):
    run = tab.begin_ring()
    tab.until(run, seen, "frames")
    tab.ask(run=run, what="pause")
    number = tab.news(run=run)["kept"][-1][0]
    opened = tab.open(run=run, number=number)
    assert opened["size"] == 64 and opened["model"] not in tiny_registry.names
    picture = tiny_registry.picture(opened["model"], 3)
    assert picture.shape == (64, 64, 3)
    taken = tab.take(run=run, number=number)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(taken["data"]))) as archive:
        archive.extractall(tmp_path)
    model = gan.load(tmp_path / "ring", "cpu")
    assert np.array_equal(model.sample([3])[0], picture) and taken["name"].startswith("ring-")
    film = tab.film(run=run, kind="webp")
    with Image.open(io.BytesIO(base64.b64decode(film["data"]))) as frames:
        assert frames.n_frames >= 2 and film["name"] == "ring-training.webp"


def test_a_duel_and_a_drawing_are_runs_like_any_other(tab):
    cells = np.zeros((64, 64), bool)
    cells[20:40, 20:40] = True
    sides = [{"preset": "modern", "changes": QUICK}, {"preset": "classic", "changes": QUICK}]
    run = tab.begin(dataset=drawing_name(cells), seed=3, sides=sides)["run"]
    news = tab.until(run, seen, "frames")
    first, second = (array(side["arrays"]["points"]) for side in news["moment"]["sides"])
    assert not np.array_equal(first, second) and [s["loss"] for s in news["sides"]] == ["relativistic", "nonsaturating"]
    assert (
        "recall"
        in tab.until(run, lambda n: "recall" in n["moment"]["sides"][0]["numbers"], "recall")["moment"]["sides"][1][
            "numbers"
        ]
    )


def png_files(count: int = 17, seed: int = 0) -> list[dict[str, str]]:
    """Pictures of noise, as the page sends them, of the same names whatever the seed."""
    files = []
    for i in range(count):
        out = io.BytesIO()
        Image.fromarray(np.random.default_rng([seed, i]).integers(0, 256, (36, 36, 3), np.uint8)).save(out, "PNG")
        files.append({"name": f"../{i}.png", "data": base64.b64encode(out.getvalue()).decode()})
    return files


def test_a_visitors_own_pictures_are_learnt(tab):
    files = png_files()
    files.append({"name": "notes.txt", "data": base64.b64encode(b"hello").decode()})
    begun = tab.begin(files=files, sides=[{"preset": "modern", "changes": {"width": 16, "batch_size": 4}}])
    assert any("notes.txt (not a picture" in note for note in begun["notes"])
    news = tab.until(begun["run"], lambda n: "moment" in n and n["moment"]["steps"] > 0, "a step")
    assert array(news["moment"]["sides"][0]["arrays"]["pictures"]).shape == (36, 32, 32, 3)


@pytest.mark.parametrize("preset", ["cycle", "pairs"])
def test_a_visitors_two_sets_are_translated(tab, tiny_registry, preset):
    side = {"preset": preset, "changes": {"width": 16, "batch_size": 4}}
    begun = tab.begin(source_files=png_files(), files=png_files(20, seed=1), sides=[side])
    assert "A: 17 pictures of set A; B: " in begun["notes"][0]
    assert ("3 pictures of set B without a partner in A: 17, 18, 19" in begun["notes"]) == (preset == "pairs"), begun
    news = tab.until(begun["run"], seen, "frames")
    behind = news["backdrop"]["arrays"]
    assert array(behind["a"]).shape == array(news["moment"]["sides"][0]["arrays"]["to_b"]).shape == (6, 32, 32, 3)
    assert ("truth" in behind) == (preset == "pairs")
    assert (news["sides"][0]["dataset"], news["sides"][0]["gamma"]) == ("uploaded-b", 0.05)
    number = news["moment"]["number"]
    opened = tab.open(run=begun["run"], number=number, side=0)
    assert opened["sides"] == (["b", "a"] if preset == "cycle" else ["b"])
    assert tiny_registry.translator(opened["model"]).config.source == "uploaded-a"
    assert tab.take(run=begun["run"], number=number, side=0)["name"].endswith(".zip")


def test_two_sets_that_cannot_be_translated_say_which_and_why(tab):
    cycle, pairs = ([{"preset": preset, "changes": {}}] for preset in ("cycle", "pairs"))
    good, few, renamed = png_files(), png_files(3), [{**file, "name": f"x{file['name'][3:]}"} for file in png_files()]
    for a, b, sides, words in (
        (good, None, cycle, "without files of set B"),
        (good, few, cycle, "Set B: 3 of the files are readable pictures, at least 16 are needed"),
        (few, good, cycle, "Set A: 3 of the files"),
        (good, good, cycle, "are the same pictures"),
        (good, renamed, pairs, "0 pairs of one name in set A and set B, at least 16 are needed"),
        (good, png_files(seed=1), [{"preset": "modern", "changes": {}}], "modern is no lesson on uploaded-b"),
    ):
        payload = {"source_files": a} if b is None else {"source_files": a, "files": b}
        assert words in tab.begin(sides=sides, **payload)["error"]


SIDE = {"preset": "modern", "changes": {}}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "sides must be a list"),
        ({"sides": [SIDE] * 3, "dataset": "ring"}, "one or two"),
        ({"sides": [1], "dataset": "ring"}, "sides[0] must be an object, got 1"),
        ({"sides": [SIDE], "dataset": "../../etc"}, "dataset must be one of"),
        ({"sides": [SIDE], "dataset": ["ring"]}, "dataset must be one of"),
        ({"sides": [SIDE], "dataset": "ink:AAAA"}, "draw it again"),
        ({"sides": [{"preset": "x"}], "dataset": "ring"}, "preset must be one of"),
        ({"sides": [SIDE], "dataset": "ring", "seed": -1}, "seed must be"),
        ({"sides": [{"preset": "modern", "changes": [1]}], "dataset": "ring"}, "settings must be an object"),
        (
            {"sides": [{"preset": "modern", "changes": {"device": "cuda"}}], "dataset": "ring"},
            "'device' is not",
        ),
        ({"sides": [{"preset": "modern", "changes": {"data_root": "/"}}], "dataset": "ring"}, "not a setting"),
        ({"sides": [{"preset": "modern", "changes": {"gamma": "1"}}], "dataset": "ring"}, "gamma must be float"),
        ({"sides": [{"preset": "modern", "changes": {"gamma": float("nan")}}], "dataset": "ring"}, "gamma must be in"),
        (
            {"sides": [{"preset": "modern", "changes": {"batch_size": 65536}}], "dataset": "ring"},
            "batch_size must be at most 1024 here",
        ),
        ({"sides": [{"preset": "modern", "changes": {"batch_size": 256}}], "dataset": "emoji"}, "at most 128 here"),
        ({"sides": [{"preset": "modern", "changes": {"width": 256}}], "dataset": "ring"}, "a machine of your own"),
        ({"sides": [{"preset": "modern", "changes": {"network": "resnet"}}], "dataset": "ring"}, "made of points"),
        ({"sides": [SIDE], "files": "x"}, "files must be a list"),
        ({"sides": [SIDE], "files": [{"name": "a.png", "data": "%%%"}]}, "arrived damaged"),
        ({"sides": [SIDE], "files": []}, "0 of the files"),
    ],
)
def test_nonsense_begins_nothing_and_says_why(tab, runs, payload, words):
    reply = tab.begin(**payload)
    if "run" in reply:  # found out by the run itself
        reply = tab.until(reply["run"], lambda n: n["done"], "an end")
    assert words in reply["error"]
    end = time.monotonic() + WAIT
    while runs.training and time.monotonic() < end:
        time.sleep(0.05)
    assert runs.training == 0


def test_more_files_than_an_upload_may_hold_are_refused(tab, monkeypatch):
    monkeypatch.setattr("gan.live.uploads.SENT_BYTES", 2**20)
    files = [{"name": f"{i}.png", "data": "A" * 2**18} for i in range(6)]
    assert "at most 1 MB in all" in tab.begin(sides=[SIDE], files=files)["error"]


def test_a_run_that_is_not_there_is_not_there_for_anyone(tab, subtests):
    for function in ("news", "moment", "ask", "film", "take", "open", "fork"):
        for name in (None, 5, "", "nobody", ["a"], "x" * 10_000):
            with subtests.test(function=function, name=str(name)[:20]):
                reply = getattr(tab, function)(run=name, what="play", number=0, kind="gif")
                assert "no longer available" in reply["error"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"what": "explode"}, "what must be one of"),
        ({"what": "step", "move": "sideways"}, "move must be one of"),
        ({"what": "slow", "seconds": 99}, "seconds must be in"),
        ({"what": "change", "side": 1, "settings": {}}, "side must be"),
        ({"what": "change", "settings": {"seed": 4}}, "cannot change while a run goes on"),
        ({"what": "change", "settings": {"gamma": -1}}, "gamma must be in"),
        ({"what": "change", "settings": {"batch_size": 2048}}, "batch_size must be at most 1024 here"),
    ],
)
def test_nonsense_asked_of_a_run_is_refused_and_the_run_goes_on(tab, payload, words):
    run = tab.begin_ring()
    tab.until(run, seen, "frames")
    assert words in tab.ask(run=run, **payload)["error"]
    last = tab.news(run=run, after=-1)["moment"]["number"]
    tab.until(run, lambda n: n["moment"]["number"] > last, "more frames")


def test_the_third_stands_in_line_and_is_told_its_place(tab):
    begun = [tab.begin_ring() for _ in range(3)]
    assert [tab.news(run=run)["place"] for run in begun] == [0, 0, 1]
    tab.ask(run=begun[0], what="forget")
    tab.until(begun[2], seen, "its turn")


@pytest.mark.slow
def test_twenty_runs_leave_no_thread_and_no_memory(tab, runs, monkeypatch):
    monkeypatch.setitem(worker.DRAW_EVERY, "points", 0.0)

    def resident() -> int:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024

    def one() -> None:
        run = tab.begin_ring(width=64)
        tab.until(run, seen, "frames")
        thread = runs.find(run).run
        tab.ask(run=run, what="forget")
        thread.join(WAIT)

    memory = []
    for count in (4, 7, 7, 7):
        for _ in range(count):
            one()
        gc.collect()
        memory.append(resident())
    end = time.monotonic() + WAIT
    while runs._runs and time.monotonic() < end:  # the last one is dropped at the next tick
        time.sleep(0.02)
    assert not [t for t in threading.enumerate() if t.name == "live-run"] and not runs._runs
    # A leak shows in every seven runs; what the allocator keeps for new threads comes in steps.
    assert min(after - before for before, after in itertools.pairwise(memory)) < 14, f"megabytes: {memory}"


def test_a_model_that_is_opened_again_is_the_same(tab, tiny_registry):
    run = tab.begin_ring()
    tab.until(run, seen, "frames")
    first, again, later = (tab.open(run=run, number=number)["model"] for number in (0, 0, 10**6))
    assert first == again != later and tiny_registry.is_unlisted(first) and tiny_registry.is_unlisted(later)
    tiny_registry._drop_unlisted(first)
    assert tab.open(run=run, number=0)["model"] != first, "it was dropped meanwhile"


def test_a_run_and_a_model_are_those_of_the_visitor_who_asked(tab, runs, tiny_registry, monkeypatch):
    ann = Visitor("1.1.1.1", "ann")
    monkeypatch.setattr("gan.ui.server.visitor.asking", lambda: ann)
    run = tab.begin_ring()
    tab.until(run, seen, "frames")
    fork = tab.fork(run=run, number=0)["run"]
    model = tab.open(run=run, number=0)["model"]
    assert runs.find(run).owner == runs.find(fork).owner == tiny_registry._unlisted[model] == ann


def test_a_fork_leaves_what_it_was_forked_from_to_be_viewed(tiny_registry, request):
    runs = Runs(1)
    request.addfinalizer(runs.close)
    tab = Tab(tiny_registry, runs)
    run = tab.begin_ring()
    tab.until(run, seen, "frames")
    fork = tab.fork(run=run, number=0)["run"]
    tab.until(fork, seen, "frames of the fork, in the place of the run")
    news = tab.news(run=run, after=-1)
    assert news["done"] and news["why"] == "a fork of it took its place" and news["moment"]["shown"] > 0
    assert tab.moment(run=run, number=0)["shown"] == 0 and "data" in tab.film(run=run, kind="gif")
    assert "run" in tab.fork(run=run, number=news["moment"]["number"])


def test_what_visitors_made_is_deleted_in_the_end(tiny_registry, tiny_folder, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr("gan.ui.server.model_registry.MAX_UNLISTED", 2)
    registry = ModelRegistry([tiny_folder])
    before, folders, names = registry.names, [], []
    for i in range(4):
        folders.append(shutil.copytree(tiny_folder, tmp_path / str(i)))
        names.append(registry.add_unlisted("mine", folders[-1]))
        assert registry.picture(names[-1], 1).ndim == 3
    assert registry.names == before and len(set(names)) == 4
    assert [folder.exists() for folder in folders] == [False, False, True, True]
    with pytest.raises(ValueError, match="model must be one of those served"):
        registry.picture(names[0], 1)


def test_torch_is_not_needed_before_the_tab_is_opened():
    code = "import sys; import gan.ui.tabs.train as t; t.page(); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 0, done.stderr
