"""The server side of Quiz: ten pictures of a number, the truth about one at a time, and no faith in what is sent."""

from __future__ import annotations

import base64
import dataclasses
import json
import shutil

import numpy as np
import pytest
from conftest import answer

import gan
from gan.data import faces
from gan.editing.judge import judge, load_judge
from gan.hub.names import MODEL
from gan.models.taught_on import JUDGE
from gan.ui.server import quiz
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.quiz_api import QuizApi
from gan.ui.server.request import quoted
from gan.ui.tabs import gallery
from gan.ui.tabs import quiz as tab


@pytest.fixture(scope="module")
def registry(judged_folder, tiny_emoji_folder):
    return ModelRegistry([judged_folder, tiny_emoji_folder])


@pytest.fixture(scope="module")
def api(registry):
    return QuizApi(registry)


@pytest.fixture
def ask(api):
    return lambda name, **payload: answer(api, name, payload)


@pytest.fixture(scope="module")
def model(registry):
    return registry.model("tiny")


def test_a_number_is_the_same_ten_pictures_for_ever(registry, ask, model, loaded):
    first = quiz.deal(model, load_judge(model, registry.folder("tiny")), 7)
    reply = ask("deal", model="tiny", number=7)
    assert base64.b64decode(reply["p"]) == first.pictures.tobytes() and reply["n"] == quiz.QUESTIONS
    digits = {picture.tobytes() for picture in loaded("mnist-10k").images.numpy()}
    assert [picture.tobytes() in digits for picture in first.pictures[..., 0]] == first.real.tolist()
    made = model.sample(first.seeds[~first.real].tolist())
    assert np.array_equal(first.pictures[~first.real], made) and first.seeds.min() >= quiz.FIRST_MADE
    assert ask("deal", model="tiny", number=8)["p"] != reply["p"]


def test_before_an_answer_the_page_gets_pictures_and_figures_and_nothing_else(ask, registry, model):
    reply = ask("deal", model="tiny", number=7)
    figures = load_judge(model, registry.folder("tiny")).figures
    assert reply.keys() == {"n", "h", "w", "c", "p", "tells", "critic"}
    assert (reply["tells"], reply["critic"]) == (figures["made"], figures["critic_made"])
    page = tab.page(registry)
    assert "true" not in page.partition('data-models="')[2].partition('"')[0].replace("smooth&#34;: true", "")


def test_an_answer_tells_the_truth_the_judges_word_and_where_it_came_from(ask, registry, model):
    head = load_judge(model, registry.folder("tiny"))
    first = quiz.deal(model, head, 7)
    said = judge(model, head, first.pictures)[:, 1] > 0
    for at in range(quiz.QUESTIONS):
        reply = ask("reveal", model="tiny", number=7, at=float(at))
        seed = None if first.real[at] else int(first.seeds[at])
        assert reply == {"real": bool(first.real[at]), "judge": bool(said[at]), "seed": seed}


def test_half_of_many_are_real_and_no_place_tells_which(model, monkeypatch):
    monkeypatch.setattr(quiz, "real_pictures", lambda model, which: np.zeros((len(which), 28, 28, 1), np.uint8))
    monkeypatch.setattr("gan.editing.judge.judge", lambda model, head, pictures: np.zeros((len(pictures), 2)))
    sampled = dataclasses.make_dataclass("Sampled", ["resolution", "channels"])(28, 1)
    sampled.sample = lambda seeds: np.zeros((len(seeds), 28, 28, 1), np.uint8)
    head = dataclasses.make_dataclass("Head", ["figures"])({})
    real = np.stack([quiz.deal(sampled, head, number).real for number in range(400)])
    assert abs(real.mean() - 0.5) < 0.03 and np.abs(real.mean(0) - 0.5).max() < 0.1
    assert np.abs(np.corrcoef(real.T) - np.eye(10)).max() < 0.2


def test_faces_are_drawn_from_seeds_that_nothing_else_uses(model):
    like = dataclasses.make_dataclass("Like", ["config", "resolution", "channels", "name"])
    config = dataclasses.make_dataclass("Config", ["dataset"])
    portrait = like(config("faces"), 64, 3, "faces")
    which = np.array([0, 2**31 - 1])
    assert np.array_equal(quiz.real_pictures(portrait, which), faces.draw(which + quiz.FIRST_DRAWN))
    assert quiz.FIRST_DRAWN > 1_010_000
    with pytest.raises(ValueError, match="have other colours than those of faces"):
        quiz.real_pictures(like(config("mnist"), 28, 3, "faces"), which)
    with pytest.raises(ValueError, match="no real pictures here of /home/ann/cats"):
        quiz.real_pictures(like(config("/home/ann/cats"), 28, 3, "cats"), which)


def test_models_without_a_judge_or_real_pictures_are_told_and_left_out(registry, ask, judged_folder, tmp_path):
    assert JUDGE == quiz.JUDGE and JUDGE in MODEL.files and tab.playable(registry) == ("tiny",)
    page = tab.page(registry)
    assert "Not in the quiz: tiny-emoji, because it has no judge to play against." in page
    assert 'data-hero="quiz"' not in gallery.page(registry, quiz=False)
    assert ask("locate", model="tiny") == {"found": {"model": "tiny", "size": 28, "smooth": False}, "gone": ""}
    why = "tiny-emoji has no quiz, because it has no judge to play against"
    assert ask("locate", model="tiny-emoji") == {"found": None, "gone": why}
    assert ask("deal", model="tiny-emoji", number=1) == {"error": why}
    assert ask("locate", model=["x"])["gone"] == "there is no model a list of 1 here any more"
    none = ModelRegistry([])
    assert "No model here has a judge to play against." in tab.page(none)

    for name, change in (("cats", {"dataset": "/home/ann/cats"}), ("retrained", {})):
        shutil.copytree(judged_folder, tmp_path / name)
        text = (tmp_path / name / "config.json").read_text()
        (tmp_path / name / "config.json").write_text(json.dumps(json.loads(text) | change))
    critic = tmp_path / "retrained/critic.safetensors"
    other = bytearray(critic.read_bytes())
    other[-3] ^= 1
    critic.write_bytes(bytes(other))
    own = QuizApi(ModelRegistry([tmp_path / "cats", tmp_path / "retrained"], load=lambda f: gan.load(f, "cpu")))
    reply = answer(own, "deal", {"model": "cats", "number": 1})
    why = "there are no real pictures here of cats, which it has learnt from"
    assert reply == {"error": f"cats has no quiz, because {why}"}
    reply = answer(own, "deal", {"model": "retrained", "number": 1})
    assert reply == {"error": "retrained has no quiz, because its judge is of other weights: teach it anew"}


BAD = [
    ("number", None), ("number", -1), ("number", 2**32), ("number", 1.5), ("number", True), ("number", "7"),
    ("number", [7]), ("number", 10**400), ("model", None), ("model", "nobody"), ("model", ["tiny"]), ("model", {}),
    ("model", "../tiny"),
]  # fmt: skip
BAD_PLACES = [("at", None), ("at", -1), ("at", 10), ("at", 0.5), ("at", "0"), ("at", True), ("at", [0])]


def test_what_nobody_should_send_is_refused_with_one_sentence(ask, subtests):
    cases = [("deal", bad) for bad in BAD] + [("reveal", bad) for bad in BAD + BAD_PLACES]
    for name, (key, value) in cases:
        with subtests.test(name=name, key=key, value=quoted(value)):
            reply = ask(name, **{"model": "tiny", "number": 7, "at": 3} | {key: value})
            assert set(reply) == {"error"}, reply
            assert key in reply["error"] and len(reply["error"]) < 200 and "went wrong" not in reply["error"]
