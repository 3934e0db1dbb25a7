"""The named endpoints, called as a stranger would: through `gradio_client`, over HTTP, with `show_error=False`."""

from __future__ import annotations

import io
import json
import urllib.request

import numpy as np
import pytest
from conftest import served
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image


@pytest.fixture(scope="module")
def registry(tiny_registry):
    return tiny_registry


@pytest.fixture(scope="module")
def url(registry):
    with served(registry) as url:
        yield url


@pytest.fixture(scope="module")
def lab(url, tmp_path_factory):
    return Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_generate_sends_the_very_picture_the_session_renders(lab, registry):
    with Image.open(lab.predict("tiny", seed=7, label="3", truncation=0.5, api_name="/generate")) as picture:
        assert picture.format == "PNG"
        assert np.array_equal(np.asarray(picture), registry.picture("tiny", 7, label=3, truncation=0.5)[..., 0])


def test_generate_takes_a_class_by_index_or_name_and_none_for_the_seeds_own(lab):
    def pixels(**options):
        with Image.open(lab.predict("tiny", 7, api_name="/generate", **options)) as picture:
            return np.asarray(picture)

    assert np.array_equal(pixels(label=4), pixels(label="4"))
    assert np.array_equal(pixels(label=None), pixels())


def test_interpolate_sends_every_frame_of_the_walk(lab, registry):
    path = lab.predict("tiny", seeds=[1, 2, 3], frames=9, mode="lerp", loop=True, fps=30, api_name="/interpolate")
    strip = registry.interpolate("tiny", [1, 2, 3], 9, mode="lerp", loop=True)
    with Image.open(path) as film:
        assert (film.format, film.n_frames, film.size) == ("WEBP", 9, (280, 280))
        for i, frame in enumerate(strip):
            film.seek(i)
            assert np.array_equal(np.asarray(film.convert("L"))[::10, ::10], frame[..., 0])


GENERATE = [
    ({"model": "nobody"}, "model must be one of those served (tiny), got 'nobody'"),
    ({"model": 3}, "model must be"),
    ({"model": ["tiny"]}, "model must be"),
    ({"model": "../tiny"}, "model must be"),
    ({"seed": "7"}, "seed must be a whole number in [0, 4294967295], got '7'"),
    ({"seed": -1}, "seed must be"),
    ({"seed": 2**32}, "seed must be"),
    ({"seed": 1.5}, "seed must be"),
    ({"seed": True}, "seed must be"),
    ({"seed": [1]}, "seed must be"),
    ({"label": 10}, "label must be"),
    ({"label": "cat"}, "label must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, got 'cat'"),
    ({"label": True}, "label must be"),
    ({"label": {}}, "label must be"),
    ({"truncation": 9}, "truncation must be in [0, 2], got 9"),
    ({"truncation": "1"}, "truncation must be"),
    ({"truncation": None}, "truncation must be"),
]
INTERPOLATE = [
    ({"model": "nobody"}, "model must be"),
    ({"seeds": [1]}, "seeds must be a list of 2 to 8 whole numbers, got a list of 1"),
    ({"seeds": list(range(9))}, "seeds must be"),
    ({"seeds": "12"}, "seeds must be"),
    ({"seeds": [1, "2"]}, "seed must be"),
    ({"seeds": [1, None]}, "seed must be"),
    ({"frames": 1}, "frames must be a whole number in [2, 240], got 1"),
    ({"frames": 9000}, "frames must be a whole number in [2, 240], got 9000"),
    ({"frames": "60"}, "frames must be"),
    ({"mode": "cubic"}, "mode must be one of slerp, lerp, got 'cubic'"),
    ({"mode": None}, "mode must be"),
    ({"loop": 1}, "loop must be true or false"),
    ({"label": "cat"}, "label must be"),
    ({"truncation": -0.1}, "truncation must be"),
    ({"fps": 0}, "fps must be a whole number in [1, 60], got 0"),
    ({"fps": "24"}, "fps must be"),
]


@pytest.mark.parametrize("bad, message", GENERATE)
def test_generate_answers_nonsense_with_the_value_and_the_cure(lab, bad, message):
    with pytest.raises(AppError) as error:
        lab.predict(**{"model": "tiny", "seed": 0, **bad}, api_name="/generate")
    assert message in str(error.value)


@pytest.mark.parametrize("bad, message", INTERPOLATE)
def test_interpolate_answers_nonsense_with_the_value_and_the_cure(lab, bad, message):
    with pytest.raises(AppError) as error:
        lab.predict(**{"model": "tiny", "seeds": [1, 2], "frames": 4, **bad}, api_name="/interpolate")
    assert message in str(error.value)


def curl(url: str, endpoint: str, body: str) -> str:
    """Return what a client gets that writes its own JSON, `NaN` included, which `gradio_client` will not send."""
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}gradio_api/call/{endpoint}", body.encode(), kind)
    with urllib.request.urlopen(request, timeout=20) as reply:
        event = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{url}gradio_api/call/{endpoint}/{event}", timeout=20) as reply:
        return reply.read().decode()


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_know_are_refused(url, value):
    assert "truncation must be in [0, 2], got" in curl(url, "generate", f'{{"data": ["tiny", 0, null, {value}]}}')


def test_a_fault_of_ours_is_logged_here_and_told_as_a_sentence_there(lab, registry, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("the secret path /srv/models")

    monkeypatch.setattr(registry, "picture", broken)
    with pytest.raises(AppError, match="something went wrong") as error:
        lab.predict("tiny", api_name="/generate")
    assert "secret" not in str(error.value) and "secret" in caplog.text


def test_the_documentation_names_types_and_defaults(lab):
    endpoints = lab.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/generate", "/interpolate", "/translate"}
    generate = {p["parameter_name"]: p for p in endpoints["/generate"]["parameters"]}
    assert list(generate) == ["model", "seed", "label", "truncation"]
    assert [generate[key]["parameter_has_default"] for key in generate] == [False, True, True, True]
    assert generate["truncation"]["parameter_default"] == 1.0
    walk = {p["parameter_name"]: p["python_type"]["type"] for p in endpoints["/interpolate"]["parameters"]}
    assert walk["seeds"] == "list[int]" and "slerp" in walk["mode"] and walk["loop"] == "bool"
    for endpoint in endpoints.values():
        assert endpoint["returns"][0]["python_type"]["type"] == "filepath"
        assert "model" in {p["parameter_name"] for p in endpoint["parameters"]} and ": " in endpoint["description"]
    translate = {p["parameter_name"]: p["parameter_has_default"] for p in endpoints["/translate"]["parameters"]}
    assert translate == {"model": False, "picture": False, "to": True, "conditions": True}


def test_the_picture_is_a_file_that_the_server_serves(url, registry):
    reply = curl(url, "generate", '{"data": ["tiny", 5, null, 1]}')
    file = json.loads(reply.split("data: ", 1)[1])[0]
    with urllib.request.urlopen(file["url"], timeout=20) as body:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(body.read()))), registry.picture("tiny", 5)[..., 0])
