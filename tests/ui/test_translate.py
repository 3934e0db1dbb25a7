"""The server side of Translate: the same pictures as `Translator`, and no faith in what it is sent."""

from __future__ import annotations

import base64
import io
import json
import shutil

import numpy as np
import pytest
from conftest import answer, tiny_pairs
from fake_models import KINDS, fake_load, write_folder
from PIL import Image
from translators import write_translators

import gan
from gan.ui.server.api import endpoints
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.picture_api import PictureApi
from gan.ui.server.request import quoted
from gan.ui.server.translate_api import TranslateApi
from gan.ui.server.translations import blends
from gan.ui.tabs import gallery, translate

PICTURES = np.random.default_rng(0).integers(0, 255, (4, 28, 28, 3), dtype=np.uint8)
TOLD = [0.25, 1.0]


def sent(picture: np.ndarray) -> str:
    return base64.b64encode(picture.tobytes()).decode()


def received(reply: dict) -> np.ndarray:
    data = np.frombuffer(base64.b64decode(reply["p"]), np.uint8)
    return data.reshape(reply["n"], reply["h"], reply["w"], reply["c"])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_translators(tmp_path_factory.mktemp("translators"))


@pytest.fixture(scope="module")
def registry(folders, tmp_path_factory):
    def load(folder):
        return fake_load(folder) if folder.name in KINDS else gan.load(folder, "cpu")

    return ModelRegistry([write_folder(tmp_path_factory.mktemp("models"), "grey"), *folders], load=load)


@pytest.fixture(scope="module")
def api(registry):
    return TranslateApi(registry)


@pytest.fixture
def ask(api):
    return lambda name, **payload: answer(api, name, payload)


def test_each_task_has_its_own_models_and_tabs(registry, ask):
    assert registry.names == ("grey",) and registry.translators == ("both", "told")
    wall = gallery.page(registry)
    assert 'data-translate="both"' in wall and 'data-open="both"' not in wall and 'data-open="grey"' in wall
    assert "grey" not in translate.page(registry)
    for wrong in ("both", "nobody"):
        with pytest.raises(ValueError, match=rf"model must be one of those served \(grey\), got '{wrong}'"):
            registry.picture(wrong, 0)
    assert answer(PictureApi(registry), "locate", {"model": "both"})["gone"] == "there is no model 'both' here any more"
    assert ask("locate", model="grey") == {"found": None, "gone": "there is no translator 'grey' here any more"}
    found = {"model": "told", "size": 28, "sides": ["b"], "conditions": ["x", "y"]}
    assert ask("locate", model="told") == {"found": found, "gone": ""}
    assert "error" in ask("translate", model="grey", picture=sent(PICTURES[0]), to="b")
    assert "There is no translator yet" in translate.page(ModelRegistry([]))


def test_translations_are_the_models(registry, ask):
    both, told = registry.translator("both"), registry.translator("told")
    for to in ("b", "a"):
        reply = ask("translate", model="both", picture=sent(PICTURES[0]), to=to, follows=True)
        assert np.array_equal(received(reply), both.translate(PICTURES[:1], to)) and reply["waited"] >= 0
    reply = ask("translate", model="told", picture=sent(PICTURES[1]), to="b", conditions=TOLD)
    assert np.array_equal(received(reply), told.translate(PICTURES[1:2], conditions=TOLD))
    middle = ask("translate", model="told", picture=sent(PICTURES[1]), to="b")
    assert np.array_equal(received(middle), told.translate(PICTURES[1:2]))


def test_requests_that_are_drawn_at_once_each_get_their_own(registry):
    from gan.ui.server.translations import TranslationRequest, draw

    for name in ("both", "told"):
        model = registry.translator(name)
        ways = [("b", None), ("a", None), ("b", None)] if name == "both" else [("b", TOLD), ("b", None), ("b", [0, 0])]
        asked = [{"picture": sent(p), "to": to, "conditions": c} for p, (to, c) in zip(PICTURES, ways, strict=False)]
        made = draw(model, [TranslationRequest.parse(one, model) for one in asked])
        for picture, one, (to, told) in zip(made, PICTURES, ways, strict=False):
            assert np.abs(picture.astype(int) - model.translate([one], to, told)[0]).max() <= 1


def test_a_verdict_is_the_critics_and_the_way_back_the_other_translators(registry, ask):
    both, told = registry.translator("both"), registry.translator("told")
    reply = ask("judge", model="both", picture=sent(PICTURES[0]), to="b")
    made, back = both.there_and_back(PICTURES[:1])
    assert np.array_equal(received(reply), back)
    after, before = both.critic_score(np.concatenate([made, PICTURES[:1]]))
    assert reply["score"] == pytest.approx(float(after - before), abs=1e-5)
    real = tiny_pairs(None, 28, "test", print).b.permute(0, 2, 3, 1).numpy()
    assert reply["above"] == pytest.approx(float((both.critic_score(real) < after).mean()))
    reply = ask("judge", model="told", picture=sent(PICTURES[0]), to="b", conditions=TOLD)
    assert reply["n"] == 0, "there is no way back"
    made = told.translate(PICTURES[:1], conditions=TOLD)
    pair = np.concatenate([made, PICTURES[:1]])
    after, before = told.critic_score(pair, inputs=PICTURES[[0, 0]], conditions=TOLD)
    assert reply["score"] == pytest.approx(float(after - before), abs=1e-5)
    assert 0 <= reply["above"] <= 1


def test_examples_are_of_the_pairs_that_training_did_not_see(registry, ask):
    pairs = tiny_pairs(None, 28, "test", print)
    a, b = (side.permute(0, 2, 3, 1).numpy() for side in (pairs.a, pairs.b))
    about = ask("describe", model="told")
    assert about["names"] == {"a": "squares", "b": "brighter ones"} and about["examples"] == {"a": 20, "b": 20}
    np.testing.assert_allclose(about["told"], pairs.conditions[:8], atol=1e-6)
    reply = ask("example", model="told", to="b", row=23)
    assert np.array_equal(received(reply), np.stack([a[3], b[3]]))
    np.testing.assert_allclose(reply["told"], pairs.conditions[3], atol=1e-6)
    assert ask("describe", model="both")["told"] == []
    reply = ask("example", model="both", to="a", row=1)
    assert np.array_equal(received(reply), np.stack([b[1], a[1]])) and reply["told"] is None
    made = registry.translator("told").translate(a[[2, 0]], conditions=pairs.conditions[[2, 0]])
    assert np.array_equal(received(ask("grid", model="told", to="b", rows=[2, 20])), np.concatenate([a[[2, 0]], made]))


def test_a_model_of_somebodys_pictures_has_those_of_its_sheet_as_examples(folders, tmp_path):
    for folder in folders:
        shutil.copytree(folder, tmp_path / folder.name)
        config = json.loads((folder / "config.json").read_text())
        text = json.dumps(config | {"source": "/home/ann/horses", "dataset": "C:\\zebras"})
        (tmp_path / folder.name / "config.json").write_text(text)
    shutil.copytree(tmp_path / "both", tmp_path / "bare")
    (tmp_path / "bare/samples.png").write_bytes(b"\x89PNG damaged")
    api = TranslateApi(ModelRegistry([tmp_path / name for name in ("both", "told", "bare")]))
    sheet = np.asarray(Image.open(folders[0] / "samples.png").convert("RGB"))[::2, ::2]
    about = answer(api, "describe", {"model": "both"})
    assert about["names"] == {"a": "horses", "b": "zebras"} and about["examples"] == {"a": 8, "b": 8}
    reply = answer(api, "example", {"model": "both", "to": "b", "row": 1})
    assert np.array_equal(received(reply), sheet[None, :28, 28:56])
    reply = answer(api, "example", {"model": "both", "to": "a", "row": 0})
    assert np.array_equal(received(reply), sheet[None, 3 * 28 : 4 * 28, :28])
    assert answer(api, "describe", {"model": "told"})["examples"] == {"a": 32}
    assert answer(api, "judge", {"model": "told", "to": "b", "picture": sent(PICTURES[0])})["above"] is None
    assert answer(api, "describe", {"model": "bare"})["examples"] == {}
    assert answer(api, "example", {"model": "bare", "to": "b", "row": 1}) == {
        "error": "there are no examples of horses"
    }
    assert answer(api, "grid", {"model": "bare", "to": "a", "rows": [1]}) == {
        "error": "there are no examples of zebras"
    }


def test_a_film_goes_through_the_pictures_beside_their_translations(registry, ask):
    film = {"pictures": [sent(p) for p in PICTURES[:3]], "to": "b", "conditions": TOLD, "loop": True, "fps": 12}
    reply = ask("film", model="told", frames=9, kind="webp", **film)
    assert (reply["name"], reply["mime"]) == ("told.webp", "image/webp")
    with Image.open(io.BytesIO(base64.b64decode(reply["data"]))) as shown:
        assert shown.n_frames == 9 and shown.width == 2 * shown.height
        shown.seek(3)
        scale = shown.height // 28
        frame = np.asarray(shown.convert("RGB"))[::scale, ::scale]
    made = registry.translator("told").translate(PICTURES[1:2], conditions=TOLD)[0]
    assert np.array_equal(frame[:, :28], PICTURES[1])
    assert np.abs(frame[:, 28:].astype(int) - made).max() <= 1
    straight = blends(PICTURES[:2], 3, loop=False)
    assert np.array_equal(straight[[0, 2]], PICTURES[:2])
    assert np.abs(straight[1] - PICTURES[:2].mean(0)).max() <= 0.5


def as_file(picture: np.ndarray, kind: str = "PNG", **options) -> str:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, **options)
    return base64.b64encode(out.getvalue()).decode()


def test_the_endpoint_takes_a_file_of_any_size_and_kind(registry):
    *_, translate = endpoints(registry)
    made = registry.translator("told").translate(PICTURES[:1], conditions=TOLD)[0]
    with Image.open(translate("told", as_file(PICTURES[0]), conditions=TOLD).path) as picture:
        assert picture.format == "PNG" and np.array_equal(np.asarray(picture), made)
    wide = np.full((40, 100, 3), 90, np.uint8)
    with Image.open(translate("both", as_file(wide, "JPEG", quality=100), "a").path) as picture:
        expected = registry.translator("both").translate([np.full((28, 28, 3), 90, np.uint8)], "a")[0]
        assert np.abs(np.asarray(picture).astype(int) - expected).max() <= 2


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"model": "grey"}, r"model must be one of those served \(both, told\), got 'grey'"),
        ({"model": None}, "model must be"), ({"picture": "no"}, "picture must be base64 of a picture's file"),
        ({"picture": "A" * 2_000_000}, "of at most 1.4 MB"), ({"picture": 3}, "picture must be"),
        ({"picture": base64.b64encode(b"<svg/>").decode()}, "picture cannot be used: cannot be read as a picture"),
        ({"picture": ""}, "picture cannot be used"), ({"to": "a"}, "to must be one of b, got 'a'"),
        ({"to": 1}, "to must be"), ({"conditions": [2, 0]}, "conditions must be null or a list of 2 numbers"),
    ],
)  # fmt: skip
def test_the_endpoint_answers_nonsense_with_the_value_and_the_cure(registry, bad, message):
    *_, translate = endpoints(registry)
    with pytest.raises(ValueError, match=message):
        translate(**{"model": "told", "picture": as_file(PICTURES[0]), **bad})


HUGE = "A" * 10**6
BAD = [
    ("picture", None), ("picture", 7), ("picture", ""), ("picture", "AAAA"), ("picture", "%" * 3136),
    ("picture", HUGE), ("picture", [1, 2]), ("picture", sent(PICTURES[:2])), ("to", "c"), ("to", None), ("to", ["b"]),
    ("to", "a"), ("conditions", [0.5]), ("conditions", [0.5, 2]), ("conditions", [0.5, float("nan")]),
    ("conditions", [True, 0]), ("conditions", "ab"), ("conditions", {"x": 1}), ("conditions", [0.5] * 10**5),
    ("model", "grey"), ("model", None), ("model", ["told"]), ("model", "../told"),
]  # fmt: skip
FILM = {"pictures": [sent(PICTURES[0])] * 2, "frames": 8, "loop": False, "kind": "gif", "fps": 24}
BAD_FILM = [
    ("pictures", [sent(PICTURES[0])]), ("pictures", [sent(PICTURES[0])] * 9), ("pictures", ["x", "y"]),
    ("pictures", None), ("frames", 7), ("frames", 241), ("frames", "9"), ("loop", 1), ("kind", "exe"), ("fps", 0),
    ("fps", 61), ("fps", None),
]  # fmt: skip
BAD_GRID = [("rows", []), ("rows", [0] * 33), ("rows", [-1]), ("rows", ["0"]), ("rows", None), ("to", "a")]


def test_what_nobody_should_send_is_refused_with_one_sentence(ask, subtests):
    good = {"model": "told", "picture": sent(PICTURES[0]), "to": "b", "conditions": TOLD}
    cases = [("translate", good, bad) for bad in BAD] + [("judge", good, bad) for bad in BAD]
    cases += [("film", good | FILM, bad) for bad in BAD_FILM]
    cases += [("grid", {"model": "told", "rows": [1], "to": "b"}, bad) for bad in BAD_GRID]
    cases += [("example", {"model": "told", "row": 1, "to": "b"}, bad) for bad in (("row", -1), ("row", "x"))]
    for name, request, (key, value) in cases:
        with subtests.test(name=name, key=key, value=quoted(value)):
            reply = ask(name, **request | {key: value})
            assert set(reply) == {"error"}, reply
            title = {"row": "rows", "fps": "frame rate"}.get(key, key)
            assert title in reply["error"] and len(reply["error"]) < 200 and "went wrong" not in reply["error"]
    assert "error" in ask("translate", model="both", picture=sent(PICTURES[0]), to="b", conditions=TOLD)
