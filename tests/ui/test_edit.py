"""The server side of Edit: what `Model.invert` finds, and no faith in what it is sent."""

from __future__ import annotations

import base64
import io
import threading

import numpy as np
import pytest
import torch
from conftest import answer
from editors import write_editor
from PIL import Image

import gan
from gan.data import faces
from gan.ui.server import edit_requests, finding, held_out, taught_parts
from gan.ui.server.edit_api import EditApi
from gan.ui.server.fair_line import FairLine
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.request import quoted
from gan.ui.server.visitor import Visitor
from gan.ui.tabs import edit


@pytest.fixture(scope="module")
def registry(tiny_folder, tmp_path_factory):
    folder = write_editor(tiny_folder, tmp_path_factory.mktemp("models") / "finds")
    return ModelRegistry([tiny_folder, folder], load=lambda folder: gan.load(folder, "cpu"))


@pytest.fixture(scope="module")
def model(registry):
    return registry.model("finds")


@pytest.fixture(scope="module")
def ask(registry):
    api = EditApi(registry)
    return lambda name, **payload: answer(api, name, payload)


@pytest.fixture(scope="module")
def pictures(model) -> np.ndarray:
    return model.sample([3, 4, 5])


def sent(picture: np.ndarray) -> str:
    return base64.b64encode(np.broadcast_to(picture, (*picture.shape[:2], 3)).tobytes()).decode()


def received(reply: dict) -> np.ndarray:
    data = np.frombuffer(base64.b64decode(reply["p"]), np.uint8)
    return data.reshape(reply["n"], reply["h"], reply["w"], reply["c"])


def cut(sheet: dict) -> np.ndarray:
    """Return the pictures of a sheet as the page cuts it, uint8 (N, R, R)."""
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet["sheet"].partition(",")[2]))))
    side, columns = sheet["size"], sheet["columns"]
    places = [(side * (i // columns), side * (i % columns)) for i in range(sheet["count"])]
    return np.stack([pixels[y : y + side, x : x + side] for y, x in places])


def test_only_models_that_find_pictures_are_offered(registry, ask):
    assert registry.with_encoder == ("finds",)
    page = edit.page(registry)
    assert "&#34;finds&#34;" in page and "&#34;tiny&#34;" not in page
    assert "No model here has learnt to find pictures yet" in edit.page(ModelRegistry([]))
    error = ask("find", model="tiny", picture="")["error"]
    assert error.startswith("tiny cannot find pictures: choose another model.")
    about = ask("describe", model="finds")
    assert about["usual"] == 20.0 and about["tasks"] == ["hole", "shrink", "noise"] and about["z_dim"] > 0


def test_what_is_found_comes_with_the_film_and_is_drawn_again(ask, model, pictures):
    seen = ask("glance", model="finds", picture=sent(pictures[0]))
    (encoded,) = model.invert(pictures[:1], steps=0).pictures
    assert seen["film"]["count"] == 1 and np.array_equal(cut(seen["film"])[0], encoded[..., 0])
    found = ask("find", model="finds", picture=sent(pictures[0]))
    frames = cut(found["film"])
    assert 2 < len(frames) == len(found["decibels"]) <= finding.FRAMES
    assert found["decibels"][-1] > found["decibels"][0] and found["far"] == ""
    error = np.square((frames[-1] / 255.0) - pictures[0, ..., 0] / 255.0).mean()
    assert -10 * np.log10(error) == pytest.approx(found["decibels"][-1], abs=0.1)
    state = {"seed": 0, "truncation": 0, "label": found["label"], "raw": found["latent"]}
    again = ask("picture", model="finds", **state, offsets=found["offsets"], follows=True)
    assert np.abs(received(again)[0, ..., 0].astype(int) - frames[-1]).max() <= 1
    plain = received(ask("picture", model="finds", **state, offsets=None))
    assert np.abs(plain[0, ..., 0].astype(int) - frames[-1]).max() > 1, "the offsets say something"


def test_several_visitors_pictures_are_found_in_one_batch_each_its_own(model, pictures):
    asked = [edit_requests.FindRequest.parse({"picture": sent(p)}, model) for p in pictures]
    crowd = finding.find(model, asked)
    for one, picture in zip(crowd, pictures, strict=True):
        off = [np.square(one.frames[-1].astype(float) - other).mean() for other in pictures]
        assert off[int(np.argmin(off))] == np.square(one.frames[-1].astype(float) - picture).mean()
        assert one.decibels[-1] > one.decibels[0] and np.abs(one.latent).max() <= 4


def test_a_picture_that_the_model_cannot_know_is_told_so(ask, model, monkeypatch):
    monkeypatch.setitem(model.encoder.figures, "encoder_low", 19.0)
    noise = np.random.default_rng(0).integers(0, 255, (28, 28, 1), dtype=np.uint8)
    found = ask("find", model="finds", picture=sent(noise))
    assert found["far"].startswith("The model cannot draw this: pixels of its nearest picture are")
    assert found["offsets"] is None, "the first map could be bent into anything"
    state = {"seed": 0, "truncation": 0, "label": found["label"], "raw": found["latent"], "offsets": None}
    shown = received(ask("picture", model="finds", **state))[0, ..., 0].astype(int)
    assert np.abs(shown - cut(found["film"])[-1]).max() <= 1


def test_who_waits_is_told_how_many_come_before():
    line: FairLine[str] = FairLine(9)
    ann, bob, eve = (Visitor(name, name) for name in ("ann", "bob", "eve"))
    for visitor, item in ((ann, "a1"), (ann, "a2"), (bob, "b1"), (eve, "e1")):
        line.add(visitor, item)
    assert [line.before(one) for one in (ann, bob, eve, Visitor("nobody"))] == [0, 1, 2, None]
    assert line.take() == "a1"
    assert [line.before(one) for one in (ann, bob, eve)] == [2, 0, 1], "a turn each"


def test_a_place_in_line_is_told_while_others_are_found(registry, pictures, monkeypatch):
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(model, requests):
        begun.release()
        go_on.wait(20)
        return finding.find(model, requests)

    api = EditApi(registry)
    monkeypatch.setattr(api._finds, "_render", slow)
    registry.model("finds")
    request = {"model": "finds", "picture": sent(pictures[0])}
    threads = [threading.Thread(target=answer, args=(api, "find", request))]
    threads[0].start()
    assert begun.acquire(timeout=20)
    assert answer(api, "line", {}) == {"before": None}, "it is being found"
    threads.append(threading.Thread(target=answer, args=(api, "find", request)))
    threads[1].start()
    while answer(api, "line", {})["before"] is None:
        pass
    assert answer(api, "line", {}) == {"before": 0}
    go_on.set()
    for thread in threads:
        thread.join(20)


def test_pictures_to_begin_with_are_those_that_training_did_not_see(ask, model, monkeypatch, tmp_path):
    monkeypatch.setattr(held_out, "ROOT", tmp_path)
    found = held_out.beginnings(model)
    assert found.kind == "a bundled picture, which training may have seen" and found.count == 10_000
    picture, named = found.take(3)
    assert picture.shape == (28, 28, 1) and named in model.classes
    assert received(ask("example", model="finds", row=3)).shape == (1, 28, 28, 1)
    of_faces = type("Model", (), {"config": type("C", (), {"dataset": "faces-10k"}), "channels": 3, "resolution": 64})
    of_faces.classes = faces.ATTRIBUTES["hair"].names
    shown = held_out.beginnings(of_faces)
    picture, named = shown.take(7)
    assert np.array_equal(picture, faces.draw([1_000_007])[0]) and shown.kind == "a face that training did not see"
    assert named == faces.ATTRIBUTES["hair"].names[int(faces.attributes([1_000_007])["hair"][0])]
    strange = type("Model", (), {"config": type("C", (), {"dataset": "horses"}), "channels": 1})
    strange.sample = staticmethod(lambda seeds: np.full((1, 28, 28, 1), seeds[0] % 7, np.uint8))
    assert held_out.beginnings(strange).kind == "a sample of the model itself"
    assert held_out.beginnings(strange).take(2)[0].shape == (28, 28, 1)


HUGE = "A" * 10**6
BAD_PICTURE = [("picture", bad) for bad in (None, 7, "", "AAAA", "%" * 3136, HUGE, [1, 2])]
BAD_MODEL = [("model", bad) for bad in ("tiny", None, ["finds"], "../finds", {"a": 1})]
BAD_STATE = [
    ("seed", -1), ("seed", "0"), ("raw", [9.0]), ("raw", [0.0] * 10**5), ("raw", "ab"), ("named", [float("nan")]),
    ("label", 99), ("label", {"a": 1}), ("truncation", 3), ("border", 0.5), ("offsets", 7), ("offsets", HUGE),
    ("offsets", ""), ("offsets", base64.b64encode(b"\xff\x7f" * 99).decode()),
]  # fmt: skip
BAD_ROW = [("row", bad) for bad in (-1, "x", None, 2**40, 1.5)]


def test_what_nobody_should_send_is_refused_with_one_sentence(ask, model, pictures, subtests):
    good = {"model": "finds", "picture": sent(pictures[0]), "seed": 0, "offsets": None, "row": 1}
    of_map = model.generator.unfold(torch.zeros(1, model.z_dim), torch.zeros(1, 10))[0].numel()
    nan = base64.b64encode(np.full(of_map, np.nan, "<f2").tobytes()).decode()
    cases = [(name, bad) for name in ("glance", "find") for bad in BAD_PICTURE + BAD_MODEL]
    cases += [("picture", bad) for bad in [*BAD_STATE, *BAD_MODEL, ("offsets", nan)]]
    cases += [("example", bad) for bad in BAD_ROW + BAD_MODEL]
    for name, (key, value) in cases:
        with subtests.test(name=name, key=key, value=quoted(value)):
            reply = ask(name, **good | {key: value})
            assert set(reply) == {"error"}, reply
            assert len(reply["error"]) < 250 and "went wrong" not in reply["error"]


# What a picture loses and gets back.


def mask_of(side: int = 28) -> np.ndarray:
    mask = np.zeros((side, side), np.uint8)
    mask[side // 2 :, 4:20] = 1
    return mask


def test_a_hole_is_filled_eight_times_and_what_is_seen_stays_as_it_was(ask, pictures):
    hidden = mask_of()
    sent_mask = base64.b64encode(hidden.tobytes()).decode()
    reply = ask("restore", model="finds", picture=sent(pictures[1]), task="hole", mask=sent_mask)
    answers = cut(reply["answers"])
    assert len(answers) == len(reply["decibels"]) == 8 and 1 < reply["film"]["count"] <= 8
    seen = hidden == 0
    assert all(np.array_equal(one[seen], pictures[1, ..., 0][seen]) for one in answers)
    assert len({one.tobytes() for one in answers}) > 1
    tool = cut(reply["tool"])[0]
    assert np.array_equal(tool[seen], pictures[1, ..., 0][seen]) and len(np.unique(tool[~seen])) == 1
    error = np.square(answers[0] / 255.0 - pictures[1, ..., 0] / 255.0).mean()
    assert reply["decibels"][0] == pytest.approx(-10 * np.log10(error), abs=0.1)


def test_damage_is_what_the_operator_leaves(ask, pictures):
    small = received(ask("damage", model="finds", picture=sent(pictures[0]), task="shrink", mask=None))[0, ..., 0]
    means = pictures[0, ..., 0].reshape(7, 4, 7, 4).mean((1, 3))
    assert np.abs(small.reshape(7, 4, 7, 4)[:, 0, :, 0] - means).max() <= 1 and (small[:4, :4] == small[0, 0]).all()
    noisy = received(ask("damage", model="finds", picture=sent(pictures[0]), task="noise", mask=None))
    assert np.abs(noisy[0].astype(int) - pictures[0]).mean() > 10
    assert ask("restore", model="finds", picture=sent(pictures[0]), task="noise")["answers"]["count"] == 1


# Parts.


def painted(model, seed: int) -> dict:
    from gan.editing.known_parts import painted_digits

    labels = painted_digits(model, seed + 1).labels[seed].clip(0, 1)
    return {"seed": seed, "labels": base64.b64encode(labels.tobytes()).decode()}


def test_painted_parts_are_learnt_and_colour_other_pictures_and_those_with_a_slider_moved(ask, model, monkeypatch):
    monkeypatch.setattr("gan.ui.server.taught_parts.STEPS", 30)
    samples = [painted(model, seed) for seed in range(3)]
    name = ask("teach", model="finds", names=["outside", "stroke"], painted=samples)["parts"]
    states = [{"seed": seed} for seed in range(20, 24)] + [{"seed": 20, "sliders": [3]}]
    reply = ask("colour", model="finds", parts=name, states=states, follows=False)
    found = received(reply)[..., 0]
    strokes = model.sample(range(20, 24))[..., 0] >= 128
    assert found.shape == (5, 28, 28) and (found[:4] == strokes).mean() > 0.8
    assert ask("colour", model="finds", parts="made-up", states=states) == {"gone": True}
    known = ask("known_parts", model="finds")["names"]
    assert known == ["outside", "stroke", "hole"]
    assert received(ask("colour", model="finds", parts=None, states=states[:1], follows=True)).shape == (1, 28, 28, 1)


def test_heads_are_kept_for_a_while_and_whoever_has_most_makes_room(model):
    heads = taught_parts.Heads(most=3)
    ann, bob = Visitor("ann"), Visitor("bob")
    parts = type("Parts", (), {"model": model})
    names = [heads.add(parts, who) for who in (bob, ann, ann, ann)]
    assert [heads.find(name, model) is not None for name in names] == [True, False, True, True]
    assert heads.find(names[0], object()) is None and heads.find(None, model) is None


# What it is.


def test_a_picture_is_read_by_classifier_neighbours_judge_and_critic(ask, model, registry, monkeypatch):
    from gan.editing.judge import evidence, judge, load_judge

    picture = held_out.beginnings(model).take(5)[0]
    reply = ask("read", model="finds", picture=sent(picture))
    assert reply["by"].startswith("a classifier that is right about 9") and len(reply["classes"]) == 3
    assert reply["classes"][0] == (held_out.beginnings(model).take(5)[1], pytest.approx(1, abs=0.05))
    nearest = reply["nearest"]
    assert nearest["count"] == 10_000 and nearest["decibels"][0] == 100 and nearest["decibels"][3] < 30
    assert np.array_equal(cut(nearest["pictures"])[0], picture[..., 0])
    head = load_judge(model, registry.folder("finds"))
    damage, made = judge(model, head, picture[None])[0]
    assert reply["judge"]["damage"] == pytest.approx(damage, abs=0.01)
    assert reply["judge"]["figures"] == {"damage": 0.99, "made": 0.6}
    (places,) = evidence(model, head, picture[None])
    assert np.allclose(reply["judge"]["evidence"], places / np.abs(places).max(), atol=0.01)
    assert np.abs(np.array(reply["judge"]["evidence"])).max() == 1
    assert reply["logit"]["value"] == pytest.approx(float(model.critic_score(picture[None])[0]), abs=0.01)
    assert 0 <= reply["logit"]["above"] <= 1 and reply["logit"]["made"] is None


BAD_RESTORE = [
    ("task", "blur"), ("task", None), ("task", ["hole"]), ("task", "grey"), ("mask", "AAAA"), ("mask", HUGE),
    ("mask", 7), ("mask", None), ("mask", base64.b64encode(bytes(784)).decode()),
    ("mask", base64.b64encode(b"\1" * 784).decode()),
]  # fmt: skip
BAD_TEACH = [
    ("names", None), ("names", ["one"]), ("names", ["a"] * 9), ("names", ["a", ""]), ("names", ["a", "b" * 25]),
    ("names", "ab"), ("painted", None), ("painted", []), ("painted", [{"seed": 0}]), ("painted", [7]),
    ("painted", [{"seed": 0, "labels": "AAAA"}]), ("painted", [{"seed": -1, "labels": "A" * 1048 + "=="}]),
    ("painted", [{"seed": 0, "labels": base64.b64encode(bytes(784)).decode()}]),
    ("painted", [{"seed": 0, "labels": base64.b64encode(b"\2" * 784).decode()}]),
    ("painted", [{"seed": 0, "labels": base64.b64encode(bytes(784)).decode()}] * 11),
]  # fmt: skip
BAD_COLOUR = [("states", None), ("states", []), ("states", [{"seed": 0}] * 13), ("states", [7]), ("states", [{}])]


def test_nor_is_what_nobody_should_send_to_the_other_functions(ask, model, pictures, subtests):
    good = {
        "model": "finds", "picture": sent(pictures[0]), "task": "hole",
        "mask": base64.b64encode(mask_of().tobytes()).decode(), "names": ["a", "b"],
        "painted": [painted(model, 0)], "parts": None, "states": [{"seed": 0}],
    }  # fmt: skip
    cases = [(name, bad) for name in ("damage", "restore") for bad in BAD_RESTORE + BAD_PICTURE + BAD_MODEL]
    cases += [("teach", bad) for bad in BAD_TEACH + BAD_MODEL] + [("colour", bad) for bad in BAD_COLOUR + BAD_MODEL]
    cases += [("read", bad) for bad in BAD_PICTURE + BAD_MODEL] + [("known_parts", bad) for bad in BAD_MODEL]
    for name, (key, value) in cases:
        with subtests.test(name=name, key=key, value=quoted(value)):
            reply = ask(name, **good | {key: value})
            assert set(reply) == {"error"}, reply
            assert len(reply["error"]) < 250 and "went wrong" not in reply["error"]
