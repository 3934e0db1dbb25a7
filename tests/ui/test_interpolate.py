"""The Interpolate tab's page, and its two functions against hostile payloads."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import in_background, within
from PIL import Image

from gan.ui.server import video, walk_api
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.video import EXPORTS
from gan.ui.server.walk_api import WalkApi
from gan.ui.tabs import interpolate

GOOD = {"model": "tiny", "seeds": [3, 14, 15], "frames": 10}
GOOD |= {"mode": "slerp", "loop": False, "label": None, "truncation": 1}


@pytest.fixture(scope="module")
def registry(tiny_registry):
    return tiny_registry


@pytest.fixture(scope="module")
def calls(registry):
    return SimpleNamespace(**{function.__name__: function for function in WalkApi(registry).functions()})


def cells(reply: dict) -> np.ndarray:
    """Cut the sheet back into pictures, (frames + keys, H, W)."""
    head, data = reply["sheet"].split(",")
    assert head == "data:image/png;base64"
    whole = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    size, columns = reply["size"], reply["columns"]
    return np.stack(
        [
            whole[i // columns * size :, i % columns * size :][:size, :size]
            for i in range(reply["frames"] + reply["keys"])
        ]
    )


@pytest.mark.parametrize("change", [{}, {"loop": True}, {"mode": "lerp", "label": 4}, {"frames": 3, "truncation": 0.5}])
def test_a_sheet_is_the_strip_and_then_the_keyframes(calls, registry, change):
    request = {**GOOD, **change}
    reply = calls.walk(request)
    pictures = cells(reply)
    walk = registry.interpolate(request["model"], **{key: request[key] for key in request if key != "model"})
    assert np.array_equal(pictures[: request["frames"]], walk[..., 0])
    keys = registry.grid("tiny", request["seeds"], label=request["label"], truncation=request["truncation"])
    assert np.array_equal(pictures[request["frames"] :], keys[..., 0])
    json.dumps(reply, allow_nan=False)


HOSTILE = [
    (None, "expected a JSON object"),
    ([], "expected a JSON object"),
    ("x" * 10_000, "expected a JSON object"),
    ({}, "seeds must be a list of 2 to 8"),
    ({"model": "../../etc/passwd"}, "model must be one of those served"),
    ({"model": None}, "model must be"),
    ({"model": {"path": "/etc/passwd"}}, "model must be"),
    ({"seeds": [1]}, "seeds must be a list of 2 to 8"),
    ({"seeds": [1] * 9}, "seeds must be a list of 2 to 8 whole numbers, got a list of 9"),
    ({"seeds": "ab"}, "seeds must be"),
    ({"seeds": {"0": 1}}, "seeds must be"),
    ({"seeds": [1, 2.5]}, "seed must be"),
    ({"seeds": [1, True]}, "seed must be"),
    ({"seeds": [1, 2**32]}, "seed must be"),
    ({"seeds": [1, [2]]}, "seed must be"),
    ({"seeds": [1, float("nan")]}, "seed must be"),
    ({"frames": 1}, "frames must be a whole number in [3, 240]"),
    ({"frames": 2}, "frames must be a whole number in [3,"),
    ({"frames": 9000}, "frames must be a whole number in [3, 240], got 9000"),
    ({"frames": float("inf")}, "frames must be"),
    ({"frames": "10"}, "frames must be"),
    ({"mode": "cubic"}, "mode must be one of slerp, lerp"),
    ({"mode": ["slerp"]}, "mode must be"),
    ({"loop": "yes"}, "loop must be true or false"),
    ({"loop": 0}, "loop must be"),
    ({"label": 10}, "label must be"),
    ({"label": "cat"}, "label must be"),
    ({"label": [1, 2]}, "label must be"),
    ({"truncation": 9}, "truncation must be in [0, 2], got 9"),
    ({"truncation": float("nan")}, "truncation must be in [0, 2], got nan"),
    ({"truncation": None}, "truncation must be"),
]


def test_a_keyframe_with_edits_is_the_picture_that_was_edited(calls, registry):
    edit = {"label": 7, "truncation": 0.5, "sliders": [2.0], "raw": [0, 1.0]}
    request = {**GOOD, "frames": 7, "edits": [None, edit, None]}
    pictures = cells(calls.walk(request))
    plain = registry.interpolate("tiny", GOOD["seeds"], 7)[..., 0]
    edited = registry.picture("tiny", 14, **edit)[..., 0]
    assert np.array_equal(pictures[3], edited) and np.array_equal(pictures[8], edited)
    for at, same in ((0, plain[0]), (6, plain[6])):
        assert np.abs(pictures[at].astype(int) - same).max() <= 1
    assert (pictures[2] != plain[2]).any()
    none = calls.walk({**request, "edits": [None] * 3})
    assert none == calls.walk({**request, "edits": None})


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([None], "edits must be a list of 3"),
        ({}, "edits must be a list of 3"),
        ([1, None, None], "edits must be a list of objects and nulls"),
        ([{"truncation": 9}, None, None], r"truncation must be in [0, 2]"),
        ([{"sliders": [0] * 99}, None, None], "sliders must be a list of at most"),
        ([{"label": 99}, None, None], "label must be"),
    ],
)
def test_edits_that_make_no_sense_get_a_sentence(calls, edits, message):
    assert message in calls.walk({**GOOD, "edits": edits})["error"]


@pytest.mark.parametrize("name", ["walk", "film"])
def test_hostile_payloads_get_a_sentence(calls, name, subtests):
    for bad, message in HOSTILE:
        payload = {**GOOD, "kind": "gif", "fps": 24, **bad} if isinstance(bad, dict) and bad else bad
        if payload == {}:
            payload = {"kind": "gif", "fps": 24}
        with subtests.test(bad=str(bad)[:60]):
            reply = getattr(calls, name)(payload)
            assert list(reply) == ["error"] and message in reply["error"]


@pytest.mark.parametrize(
    "bad, message",
    [
        ({"kind": "exe"}, "kind must be one of gif, webp, mp4, got 'exe'"),
        ({"kind": "../gif"}, "kind must be"),
        ({"kind": None}, "kind must be"),
        ({"fps": 0}, "frame rate must be a whole number in [1, 60], got 0"),
        ({"fps": 61}, "frame rate must be"),
        ({"fps": "24"}, "frame rate must be"),
    ],
)
def test_films_of_no_kind_or_speed_are_refused(calls, bad, message):
    assert message in calls.film({**GOOD, "kind": "gif", "fps": 24, **bad})["error"]


def test_a_model_too_large_for_the_sheet_is_refused_before_it_is_rendered(registry, monkeypatch):
    monkeypatch.setattr(walk_api, "SHEET", 28 * 28 * 20)
    monkeypatch.setattr(registry, "interpolate", lambda *_, **__: pytest.fail("rendered"))
    walk, _ = WalkApi(registry).functions()
    assert "frames must be in [2, 17]" in walk({**GOOD, "frames": 18})["error"]


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_film_is_named_after_what_it_shows(calls, kind):
    reply = calls.film({**GOOD, "kind": kind, "fps": 20})
    assert (reply["name"], reply["mime"]) == (f"tiny-seeds-3-14-15.{kind}", EXPORTS[kind].mime)
    with Image.open(io.BytesIO(base64.b64decode(reply["data"]))) as film:
        assert (film.n_frames, film.size, film.format) == (10, (280, 280), kind.upper() if kind == "gif" else "WEBP")


@pytest.mark.parametrize("model", ["runs/tiny", "..", "a b\n", 'x"; rm', "ünï", "a" * 300])
def test_file_names_hold_nothing_but_plain_letters(model):
    name = video.file_name(model, [1.0, 2**32 - 1], ".gif")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}-seeds-1-4294967295\.gif", name)


def test_more_downloads_than_places_are_told_to_wait(registry, monkeypatch):
    started, finish = threading.Semaphore(0), threading.Event()

    def slow(*_):
        started.release()
        finish.wait(10)
        return b"film"

    monkeypatch.setattr(walk_api, "EXPORTS", {"gif": SimpleNamespace(encode=slow, suffix=".gif", mime="image/gif")})
    monkeypatch.setattr(walk_api, "DOWNLOADS", (1, 0))
    _, film = WalkApi(registry).functions()
    request = {**GOOD, "kind": "gif", "fps": 24}
    first = in_background(film, request)
    assert started.acquire(timeout=10)
    assert within(5, film, request) == {"busy": True, "after": 1.0}
    finish.set()
    first.result(10)
    assert within(5, film, request)["data"] == base64.b64encode(b"film").decode()


def test_the_page_escapes_what_a_folder_is_called(registry, monkeypatch):
    evil = '"><img src=x onerror=alert(1)>'
    monkeypatch.setattr(ModelRegistry, "names", property(lambda _: (evil,)))
    info = dataclasses.replace(registry.info("tiny"), name=evil, classes=("</select><b>", "{options}"))
    monkeypatch.setattr(registry, "info", lambda _: info)
    page = interpolate.page(registry)
    assert "<img" not in page and "<b>" not in page and page.count("<select") == 2


def test_a_button_whose_format_cannot_be_written_says_why(registry, monkeypatch):
    monkeypatch.setenv("PATH", "")
    page = interpolate.page(registry)
    (button,) = re.findall(r'<button[^>]*data-save="mp4"[^>]*>', page)
    assert " disabled" in button and "needs ffmpeg" in page
    (button,) = re.findall(r'<button[^>]*data-save="gif"[^>]*>', interpolate.page(registry))
    assert "disabled" not in button


def test_no_models_no_tab():
    assert "no model" in interpolate.page(ModelRegistry([]))
