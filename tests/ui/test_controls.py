"""The declaration of Explore's controls: what page, browser and server make of it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import answer
from fake_models import fake_load, write_folder

from gan.models import latent, model
from gan.ui import assets
from gan.ui.server import controls, drawing, rpc
from gan.ui.server.controls import CONTROLS, Control
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.picture_api import PictureApi
from gan.ui.tabs import explore, interpolate, train

BRIGHTNESS = Control("brightness", "b", "slider", "Brightness", "Added to <every> pixel", -100, 100, 1, 0)


def declared_in(head: str) -> list[dict]:
    """Return the controls as a script of the page's head finds them."""
    return json.loads(re.search(r"window\.latentLab = (.*);", head)[1])["controls"]


def test_a_control_that_is_left_out_is_at_its_default(tmp_path: Path) -> None:
    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load)
    expected = registry.picture("grey", 1)
    for control in CONTROLS:
        value = [] if control.kind in controls.LISTS else control.default
        if control.kind != "seed":
            assert np.array_equal(registry.picture("grey", 1, **{control.name: value}), expected), control.name


def test_controls_can_be_told_apart_and_their_ranges_hold_their_defaults() -> None:
    for key in ("name", "query"):
        values = [getattr(control, key) for control in CONTROLS]
        assert len(set(values)) == len(values) and not {"model", "tab", "run", "train"} & set(values)
    for control in CONTROLS:
        assert control.low < control.high and control.step > 0, control.name
        assert control.default is None or control.low <= control.default <= control.high, control.name
        assert control.label and control.help and not control.help.endswith("."), control.name


def test_the_engine_takes_the_same_ranges() -> None:
    named = controls.by_name()
    assert (named["seed"].low, named["seed"].high) == (0, latent.MAX_SEED)
    assert (named["truncation"].low, named["truncation"].high) == (0, model.MAX_TRUNCATION)


@pytest.mark.parametrize("name", [c.name for c in CONTROLS if c.kind != "class"])
def test_the_server_takes_what_the_range_holds_and_nothing_else(tmp_path: Path, name: str) -> None:
    registry, control = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load), controls.by_name()[name]
    for value in (control.low, control.high, control.low - control.step, control.high + control.step):
        given = [value] if control.kind in controls.LISTS else value
        payload = {"model": "grey", "seed": 1, name: given}
        reply = answer(PictureApi(registry), "picture", payload)
        assert ("error" not in reply) == (control.low <= value <= control.high), (value, reply)


def test_the_page_has_the_ranges_of_the_declaration(tmp_path: Path) -> None:
    assert declared_in(assets.scripts(assets.APP, {})) == [dataclasses.asdict(control) for control in CONTROLS]
    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load)
    seed = 'min="0"[^>]*max="4294967295"[^>]*step="1"'
    for page in (explore.page(registry), train.page()):
        assert re.search(f'<input[^>]*type="number"[^>]*{seed}', page, re.DOTALL)
    truncation = re.search(r'<input id="ll-walk-truncation"[^>]*>', interpolate.page(registry))[0]
    assert re.search(r'min="0"\s+max="2"\s+step="0.05"\s+value="1"', truncation)


def test_a_control_that_is_added_reaches_page_server_and_picture(tmp_path: Path, monkeypatch) -> None:
    """Make two edits: the declaration, and the function that applies it. A browser test moves the slider."""
    monkeypatch.setattr(controls, "CONTROLS", (*CONTROLS, BRIGHTNESS))

    draw = drawing.draw
    monkeypatch.setattr(
        drawing,
        "draw",
        lambda model, requests: [
            (picture + at["brightness"]).clip(0, 255).astype(np.uint8)
            for picture, at in zip(draw(model, requests), requests, strict=True)
        ],
    )

    head = assets.scripts(assets.APP, {})
    assert declared_in(head)[-1] == dataclasses.asdict(BRIGHTNESS)
    assert "<every>" not in head, "a declaration cannot end the script it stands in"

    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load)
    api = PictureApi(registry)
    darker = rpc.pixels(np.clip(registry.picture("grey", 1).astype(int) - 60, 0, 255).astype(np.uint8)[None])
    assert answer(api, "picture", {"model": "grey", "seed": 1, "brightness": -60})["p"] == darker["p"]
    refused = answer(api, "picture", {"model": "grey", "seed": 1, "brightness": 101})
    assert refused == {"error": "brightness must be in [-100, 100], got 101"}
    monkeypatch.undo()
    api = PictureApi(ModelRegistry([tmp_path / "grey"], load=fake_load))
    plain, unknown = ({"model": "grey", "seed": 1, **more} for more in ({}, {"brightness": -60}))
    assert answer(api, "picture", plain)["p"] == answer(api, "picture", unknown)["p"]


def test_a_range_that_is_changed_changes_page_and_server(tmp_path: Path, monkeypatch) -> None:
    wider = [dataclasses.replace(c, high=3.5) if c.name == "truncation" else c for c in CONTROLS]
    monkeypatch.setattr(controls, "CONTROLS", tuple(wider))
    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load)
    assert 'max="3.5"' in interpolate.page(registry)
    assert registry.picture("grey", 1, truncation=3).shape == (28, 28, 1)
    with pytest.raises(ValueError, match=r"truncation must be in \[0, 3.5\], got 4"):
        registry.picture("grey", 1, truncation=4)
