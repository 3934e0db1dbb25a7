"""Models whose pictures have several classes, in groups: requests and their replies, and the page in a real browser."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from conftest import answer, served

from gan.config import ClassGroup, Config
from gan.models.directions import without_names
from gan.models.model import Model
from gan.networks import build
from gan.ui.server import api, picture_requests
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.picture_api import PictureApi
from gan.ui.server.walk_api import WalkApi

if TYPE_CHECKING:
    from playwright import sync_api

PLACES, ANIMALS = ("meadow", "sea", "night"), ("cat", "dog", "mouse", "cow", "penguin")
KINDS = tuple(f"kind {i}" for i in range(40))
GROUPS = (ClassGroup("place", 3), ClassGroup("animals", 5, 3), ClassGroup("kind", 40))
CLASSES = (*PLACES, *ANIMALS, *KINDS)
SEA, CAT, DOG, MOUSE, COW = 1, 3, 4, 5, 6


@pytest.fixture(scope="module")
def model() -> Model:
    """An untrained model in which every class changes the picture."""
    torch.manual_seed(0)
    config = Config(
        network="resnet", resolution=28, channels=1, width=16, classes=CLASSES, class_groups=GROUPS, dataset="scenes"
    )
    nets = build(config)
    for net in nets:
        net.eval().requires_grad_(False)
        for p in net.parameters():
            torch.nn.init.normal_(p, std=0.05) if not p.any() else p.mul_(2 if p.ndim == 2 else 1)
    return Model("several", config, *nets, without_names(torch.eye(16, 100), torch.full((16,), 0.05)))


@pytest.fixture(scope="module")
def registry(model: Model, tmp_path_factory: pytest.TempPathFactory) -> ModelRegistry:
    folder = tmp_path_factory.mktemp("models") / "several"
    folder.mkdir()
    (folder / "config.json").write_text(model.config.to_json())
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    for name in ("model", "critic", "directions"):
        (folder / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    return ModelRegistry([folder], load=lambda folder: model)


def test_the_page_is_told_the_groups(registry):
    groups = [{"name": name, "size": size, "most": most} for name, size, most in GROUPS]
    assert registry.info("several").for_browser()["groups"] == groups
    assert registry.describe("several")["groups"] == groups


def test_a_picture_has_the_classes_wished_for_and_the_seed_s_in_other_groups(registry, model):
    for asked, wished in [
        (None, None), ([], None), (SEA, SEA), ("sea", SEA), ([SEA], {SEA}), (["cat", MOUSE, "cat"], {CAT, MOUSE}),
        ([SEA, CAT, DOG, MOUSE, 10], {SEA, CAT, DOG, MOUSE, 10}),
    ]:  # fmt: skip
        assert np.array_equal(registry.picture("several", 7, label=asked), model.sample([7], wished)[0]), asked
        assert np.array_equal(registry.grid("several", [7, 8], label=asked), model.sample([7, 8], [wished] * 2)), asked
    assert not np.array_equal(registry.picture("several", 7, label=[CAT]), registry.picture("several", 7, label=[DOG]))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (list(range(len(CLASSES))), "label must name at most 1 of place, got meadow, sea, night"),
        ([CAT, DOG, MOUSE, COW], "label must name at most 3 of animals, got cat, dog, mouse, cow"),
        ([SEA, 48], r"label must be a whole number in \[0, 47\], got 48"),
        ([SEA, None], "label must be a whole number .* got None"),
        ([[SEA]], "got a list of 1"),
        ([True], "got True"),
        (["cats"], "label must be one of meadow, .* got 'cats'"),
        ([SEA] * 49, "label must be a list of at most 48 classes, got a list of 49"),
        ({"sea": 1}, "label must be"),
    ],
)
def test_a_wish_that_no_picture_can_have_is_answered_in_a_sentence(registry, asked, says):
    with pytest.raises(ValueError, match=says):
        registry.picture("several", 7, label=asked)
    for reply in (
        answer(PictureApi(registry), "picture", {"model": "several", "seed": 7, "label": asked}),
        answer(PictureApi(registry), "grid", {"model": "several", "seeds": [7], "label": asked, "truncation": 1}),
    ):
        assert set(reply) == {"error"} and "Traceback" not in reply["error"]


def test_a_list_is_refused_by_a_model_with_one_class_a_picture(tiny_registry):
    with pytest.raises(ValueError, match=r"label must be a whole number in \[0, 9\], got a list of 1"):
        tiny_registry.picture("tiny", 7, label=[3])


def test_a_walk_takes_one_wish_or_one_for_each_seed(registry, model):
    def walk(label):
        return registry.interpolate("several", [1, 2], 3, label=label)

    assert np.array_equal(walk([SEA, CAT]), model.interpolate([1, 2], 3, label=[{SEA, CAT}] * 2))
    assert np.array_equal(walk([[SEA], [CAT, DOG]]), model.interpolate([1, 2], 3, label=[{SEA}, {CAT, DOG}]))
    assert np.array_equal(walk([None, [CAT]]), model.interpolate([1, 2], 3, label=[None, {CAT}]))
    for nothing in (None, [], [None, None], [[], []]):
        assert np.array_equal(walk(nothing), model.interpolate([1, 2], 3))
    with pytest.raises(ValueError, match="a list of 2 as there are seeds"):
        walk([[SEA], [CAT], None])
    reply = answer(WalkApi(registry), "walk", {
        "model": "several", "seeds": [1, 2], "frames": 3, "mode": "slerp", "loop": False, "label": [SEA, CAT],
        "truncation": 1,
    })  # fmt: skip
    assert reply["frames"] == 3 and reply["keys"] == 2


def test_the_api_takes_lists(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(api, "_file", lambda data, name, mime: data)
    generate, interpolate, *_ = api.endpoints(registry)
    assert generate("several", 7, ["sea", "cat"]) == generate("several", 7, [SEA, CAT]) != generate("several", 7)
    assert interpolate("several", [1, 2], 4, label=["sea"]) != interpolate("several", [1, 2], 4)


def test_labels_of_one_class_are_as_they_were(tiny_registry):
    model = tiny_registry.model("tiny")
    assert [picture_requests.label(one, model) for one in (None, 3, "3", 3.0)] == [None, 3, 3, 3]


@pytest.fixture(scope="module")
def site(registry: ModelRegistry) -> Iterator[str]:
    with served(registry, plain=True) as url:
        yield url


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_classes_are_chosen_group_by_group(browser: sync_api.Browser, site: str, width: int, request) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{site}?tab=explore&model=several&seed=7&label=3,4,1,999,2")
    explore = page.locator("#ll-explore")

    def group(name: str) -> sync_api.Locator:
        return page.locator(".ll-class-group:visible").filter(has=page.locator("legend", has_text=name))

    def chosen() -> list[list[str]]:
        return page.eval_on_selector_all(
            "#ll-explore .ll-class-group",
            "rows => rows.map((row) => [...row.querySelectorAll('input:checked + span')].map((s) => s.innerText))",
        )

    explore.locator(".ll-screen:not(.ll-blank)").wait_for()
    assert chosen() == [["sea"], ["cat", "dog"], ["from seed"]]  # of two places the first counts
    assert "up to 3" in group("animals").locator("legend").inner_text()
    group("animals").get_by_text("cow").click()
    page.wait_for_url("**/?tab=explore&model=several&seed=7&label=1,3,4,6")
    assert group("animals").locator("input:disabled").count() == 2  # three are chosen, the limit
    group("place").get_by_text("from seed").click()
    group("kind").get_by_text("kind 39").click()
    page.wait_for_url("**/?tab=explore&model=several&seed=7&label=3,4,6,47")
    assert (
        explore.locator(".ll-screen canvas[role=img]")
        .get_attribute("aria-label")
        .startswith("Generated picture: several, seed 7, cat, dog, cow, kind 39")
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := request.config.getoption("--basetemp"):
        page.screenshot(path=f"{folder}-explore-{width}.png", full_page=True)
    group("animals").get_by_text("from seed").click()
    page.wait_for_url("**/?tab=explore&model=several&seed=7&label=47")
    page.keyboard.press("Control+z")
    page.wait_for_url("**/?tab=explore&model=several&seed=7&label=3,4,6,47")
    assert chosen() == [["from seed"], ["cat", "dog", "cow"], ["kind 39"]]

    page.goto(f"{site}?tab=interpolate&model=several&seeds=5,6&label=1,3")
    page.wait_for_selector("#ll-interpolate .ll-walk:not(.ll-waiting) .ll-scrub:enabled")
    assert not page.locator("#ll-walk-label").is_visible()
    group("animals").get_by_text("mouse").click()
    page.wait_for_url("**/?tab=interpolate&model=several&seeds=5,6&label=1,3,5")
    page.wait_for_selector("#ll-interpolate .ll-walk:not(.ll-waiting) .ll-scrub:enabled")
    assert page.locator("#ll-interpolate .ll-problem").inner_text() == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder:
        page.screenshot(path=f"{folder}-interpolate-{width}.png", full_page=True)
    context.close()
    assert not wrong
