"""The engine that draws in the browser, run by Node: the same pictures as `Model`, and no faith in what it reads."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess

import numpy as np
import pytest
import torch
from browser_engine import ROOT, assert_same, drawn, engine, rewritten

from gan import networks
from gan.config import ClassGroup, Config
from gan.models.directions import Directions, Slider
from gan.models.latent import class_of, classes_of, latents
from gan.models.model import Model
from gan.models.pack import KEY, pack
from gan.models.translator import load_folder
from gan.ui.server import picture_requests
from gan.ui.server.drawing import draw, walk

STATIC = ROOT / "gan/ui/static"
SHIPPED = sorted(p.parent for p in ROOT.glob("weights/*/config.json"))
SEEDS = [0, 1, 2, 204, 2**31 - 1, 2**31, 2**32 - 1, 123_456_789]
GROUPS = (ClassGroup("where", 3), ClassGroup("what", 5, 3))


def random_model(seed: int = 0, **settings) -> Model:
    """Return a model with random weights in every layer, whose pictures lie mostly within [-1, 1]."""
    config = Config(**{"dataset": "any", "resolution": 28, "channels": 1, "width": 16, "z_dim": 20, **settings})
    torch.manual_seed(seed)
    generator, _ = networks.build(config)
    for name, parameter in generator.named_parameters():
        if name.startswith("modulate"):
            torch.nn.init.normal_(parameter, std=0.2 / parameter.shape[-1] ** 0.5)
        elif name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.1)
        elif "conv2" in name:
            torch.nn.init.normal_(parameter, std=0.7 / parameter[0].numel() ** 0.5)
    k, labels = min(16, config.z_dim), ["", "", *config.classes[:2]]
    sliders = tuple(Slider("tall" if i != 1 else "wide", label=label) for i, label in enumerate(labels))
    named = torch.randn(len(sliders), config.z_dim) / 4
    directions = Directions(torch.randn(k, config.z_dim), torch.ones(k), named, sliders)
    return Model("random", config, generator.eval(), torch.nn.Identity(), directions)


@pytest.mark.parametrize("size", [2, 3, 15, 16, 17, 32, 100, 511])
def test_latents_are_torchs(size, tmp_path) -> None:
    engine({"job": "latents", "seeds": SEEDS, "size": size, "out": str(tmp_path / "z")})
    ours = np.fromfile(tmp_path / "z", np.float32).reshape(len(SEEDS), size)
    np.testing.assert_allclose(ours, latents(SEEDS, size), rtol=0, atol=5e-7)


def test_a_seeds_classes_are_the_models() -> None:
    seeds = [*SEEDS, *range(300)]
    counts = (1, 2, 10, 1000)
    several = [(ClassGroup("one", 7),), GROUPS, (ClassGroup("all", 40, 40), ClassGroup("few", 2, 2))]
    jobs = [{"job": "classes", "seeds": seeds, "about": {"classes": count, "groups": []}} for count in counts]
    for groups in several:
        about = {"classes": sum(g.size for g in groups), "groups": [[g.size, g.most] for g in groups]}
        jobs.append({"job": "classes", "seeds": seeds, "about": about})
    replies = [reply["drawn"] for reply in engine(*jobs)]
    for count, reply in zip(counts, replies, strict=False):
        assert reply == [[class_of(seed, count)] for seed in seeds]
    for groups, reply in zip(several, replies[len(counts) :], strict=True):
        assert reply == [sum(classes_of(seed, groups), []) for seed in seeds]


# Every network and size of picture, the smallest width and a larger one, grey and colour, no classes, one, and several.
SHAPES = [
    {"resolution": resolution, "width": width, "channels": channels, "z_dim": z_dim, **classes}
    for resolution in (28, 32, 64)
    for width, channels, z_dim, classes in [
        (16, 1, 2, {}),
        (16, 3, 20, {"classes": tuple("abcdefgh"), "class_groups": GROUPS}),
        (48, 3, 100, {"classes": tuple("abc")}),
        (32, 3, 30, {"classes": tuple("abc"), "network": "modulated"}),
    ]
]


def test_networks_of_every_shape(tmp_path) -> None:
    models = [random_model(i, **shape) for i, shape in enumerate(SHAPES)]
    jobs = []
    for i, model in enumerate(models):
        (tmp_path / f"{i}.pack").write_bytes(pack(model, half=False))
        pictures = [{"seed": seed} for seed in SEEDS]
        jobs.append(
            {"job": "draw", "pack": str(tmp_path / f"{i}.pack"), "pictures": pictures, "out": str(tmp_path / f"{i}")}
        )
    engine(*jobs)
    for i, model in enumerate(models):
        theirs = model.sample(SEEDS)
        assert ((theirs > 0) & (theirs < 255)).mean() > 0.5, "most values are cut off: what does that compare?"
        assert_same(drawn(tmp_path / f"{i}", model), theirs, share=0.002)


def test_chosen_classes_replace_the_seeds_own_in_their_groups(tmp_path) -> None:
    model = random_model(classes=tuple("abcdefgh"), class_groups=GROUPS)
    labels = [None, 1, [4], [2, 5, 7], [3, 4, 5]]
    (tmp_path / "pack").write_bytes(pack(model, half=False))
    pictures = [{"seed": 5, "label": label} for label in labels]
    engine({"job": "draw", "pack": str(tmp_path / "pack"), "pictures": pictures, "out": str(tmp_path / "out")})
    wished = [frozenset(label) if isinstance(label, list) else label for label in labels]
    assert_same(drawn(tmp_path / "out", model), model.sample([5] * len(labels), label=wished))


@pytest.mark.parametrize("ends", [False, True])
def test_named_directions_move_the_picture_as_the_servers_do_also_those_of_a_class_alone(ends, tmp_path) -> None:
    model = random_model(classes=tuple("abcdefgh"), class_groups=GROUPS, attributes=ends)
    (tmp_path / "pack").write_bytes(pack(model, half=False))
    states = [{"seed": 5, "label": label, "named": named} for label in ([0], [1], [3]) for named in ([], [2], [1, -3])]
    states[1::3] = [{**state, "raw": [0.5, -1.5]} for state in states[1::3]]
    common = {"pack": str(tmp_path / "pack"), "pictures": states}
    _, found = engine({"job": "draw", **common, "out": str(tmp_path / "out")}, {"job": "acting", **common})
    rows = [model.class_weights([5], frozenset(state["label"]))[0] for state in states]
    assert found["acting"] == [model.named.acting(row) for row in rows]
    ours = drawn(tmp_path / "out", model)
    assert_same(ours, draw(model, [picture_requests.picture(state, model) for state in states]))
    assert any(map(model.named.depends, model.named.names))
    assert len({picture.tobytes() for picture in ours}) == len(states)


@pytest.mark.parametrize(("resolution", "network"), [(28, "resnet"), (32, "modulated"), (64, "modulated")])
def test_crossings_are_the_servers(resolution, network, tmp_path) -> None:
    model = random_model(network=network, width=32, resolution=resolution, channels=3, classes=tuple("abc"))
    (tmp_path / "pack").write_bytes(pack(model, half=False))
    states = [{"seed": 5, "partner": 9, "border": border, "sliders": [1]} for border in (0, 0.3, 0.5, 0.98, 1)]
    engine({"job": "draw", "pack": str(tmp_path / "pack"), "pictures": states, "out": str(tmp_path / "out")})
    ours = drawn(tmp_path / "out", model)
    assert_same(ours, draw(model, [picture_requests.picture(state, model) for state in states]))
    own, other = draw(
        model, [picture_requests.picture({"seed": seed, "sliders": [1]}, model) for seed in (5, 9)]
    ).astype(int)
    middle = resolution // 2
    for crossed, border in zip(ours, (0, 0.3, 0.5, 0.98, 1), strict=True):
        rows = [np.abs(crossed - picture).mean((1, 2)) for picture in (own, other)]
        assert (rows[0][middle] < rows[1][middle]) == (border > 0.5) or border == 0.5
    assert np.abs(ours[4] - own).max() <= 1


@pytest.mark.parametrize(("resolution", "network"), [(28, "resnet"), (32, "modulated"), (64, "modulated")])
def test_offsets_of_a_found_picture_are_the_servers(resolution, network, tmp_path) -> None:
    model = random_model(network=network, width=32, resolution=resolution, classes=tuple("abc"))
    (tmp_path / "pack").write_bytes(pack(model, half=False))
    z, y = model.latents([5]), model.class_weights([5])
    shape = model.generator.unfold(z, y)[0].shape
    offsets = torch.randn(shape, generator=torch.Generator().manual_seed(0)) / 2
    states = [{"seed": 5, "named": [1.0]}, {"seed": 5, "named": [1.0], "offsets": offsets.flatten().tolist()}]
    engine({"job": "draw", "pack": str(tmp_path / "pack"), "pictures": states, "out": str(tmp_path / "out")})
    at = picture_requests.picture({"seed": 5, "named": [1.0]}, model)
    theirs = draw(model, [at, at | {"offsets": offsets}])
    assert_same(drawn(tmp_path / "out", model), theirs)
    assert np.abs(theirs[0].astype(int) - theirs[1]).mean() > 2


def test_a_walk_through_edited_keyframes_is_the_servers(tmp_path) -> None:
    model = random_model(classes=tuple("abc"))
    (tmp_path / "pack").write_bytes(pack(model, half=False))
    edits = [None, {"label": 2, "truncation": 0.5, "named": [1.0], "sliders": [-2.0], "raw": [0, 1]}, None]
    edits[2] = {"partner": 3, "border": 0.4}
    asked = {"seeds": [5, 6, 7], "frames": 9, "mode": "slerp", "loop": True, "label": None, "truncation": 1.2}
    job = {"job": "draw", "pack": str(tmp_path / "pack"), "out": str(tmp_path / "out")}
    engine({**job, "walk": {**asked, "edits": edits}})
    request = picture_requests.WalkRequest.parse({**asked, "edits": edits}, model)
    assert_same(drawn(tmp_path / "out", model), walk(model, request))


WALKS = [
    {"seeds": [204, 93, 33], "frames": 25, "mode": "slerp", "loop": True, "label": None, "truncation": 1},
    {"seeds": [1, 2], "frames": 9, "mode": "lerp", "loop": False, "label": 0, "truncation": 0.7},
    {"seeds": [7, 7, 8], "frames": 4, "mode": "slerp", "loop": False, "label": None, "truncation": 1.5},
]


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_walks_of_shipped_models_with_weights_of_half_precision(folder, tmp_path) -> None:
    """Their seeds and the states of their sliders: `test_engine_in_browsers.py`."""
    model = load_folder(folder, "cpu")
    if not isinstance(model, Model):
        pytest.skip("translates pictures")
    (tmp_path / "pack").write_bytes(pack(model))
    common = {"job": "draw", "pack": str(tmp_path / "pack")}
    engine(*({**common, "walk": route, "out": str(tmp_path / f"walk{i}")} for i, route in enumerate(WALKS)))
    for i, route in enumerate(WALKS):
        assert_same(drawn(tmp_path / f"walk{i}", model), model.interpolate(**route), share=0.06)


# What nobody should send, and what the refusal says.


def test_damaged_and_hostile_packs_are_refused_with_a_sentence(tmp_path) -> None:
    good = pack(random_model(classes=("a", "b")))
    size = len(good)
    big = {"maps": [[4, 4096], [8, 4096]]}
    cases = {
        "cut off": [b"", good[:7], good[:100], good[: size // 2], good[:-1], struct.pack("<Q", 2**63) + good[8:]],
        "header is damaged": [struct.pack("<Q", 50) + good[8:], struct.pack("<Q", 4) + b"\xff\xfe{}" + good],
        "do not say what network": [rewritten(good, entries={"__metadata__": {KEY: "null"}})],
        "does not know": [rewritten(good, {"format": 2})],
        "one channel or three": [rewritten(good, {"channels": 4})],
        "latent has no length": [rewritten(good, {"z_dim": value}) for value in (0, -1, 1.5, "20", None, 2**60)],
        "classes make no sense": [rewritten(good, {"classes": -1}), rewritten(good, {"groups": "ab"})],
        "nor do their groups": [rewritten(good, {"groups": value}) for value in ([[0, 1]], [[2, 3]], [None])],
        "in one group": [rewritten(good, {"groups": [[1, 1]]})],
        "no feature maps": [rewritten(good, {"maps": value}) for value in ([], None, 3)],
        "has no size": [rewritten(good, {"maps": value}) for value in ([[7, 2**40]], [[1e9, 8]], [None], [[7, "8"]])],
        "multiple of 8": [
            rewritten(good, {"maps": [[7, 12], [14, 8]]}),
            rewritten(good, {"maps": [[7, 32], [14, 8]], "modulated": True}),
        ],
        "directions make no sense": [rewritten(good, {"reach": value}) for value in (0, -1, None, {}, [1, 2], "far")],
        "maps are modulated": [rewritten(good, {"modulated": value}) for value in (1, "yes", [])],
        "modulate.0.weight is missing": [rewritten(good, {"modulated": True})],
        "twice as large": [rewritten(good, {"maps": [[7, 32], [28, 16]]})],
        "too large for a browser": [rewritten(good, {"maps": [[256, 8], [512, 512]]})],
        "too many for a browser": [rewritten(good, big)],
        "another shape": [rewritten(good, {"z_dim": 21}), rewritten(good, entries={"dense.bias": {"shape": [1]}})],
        "is missing": [rewritten(good, entries={"dense.bias": None})],
        "there is no place for": [rewritten(good, entries={"other": {"dtype": "F16", "shape": [1]}})],
        "neither F16 nor F32": [rewritten(good, entries={"dense.bias": {"dtype": t}}) for t in ("I64", "toString", 5)],
        "another length": [rewritten(good, entries={"dense.bias": {"data_offsets": [0, 2]}})],
        "not finite": [rewritten(good, body=b"\xff" * (size - 8 - struct.unpack("<Q", good[:8])[0]))],
    }  # fmt: skip
    paths, expected = [], []
    for sentence, packs in cases.items():
        for data in packs:
            paths.append(tmp_path / str(len(paths)))
            paths[-1].write_bytes(data)
            expected.append(sentence)
    (tmp_path / "good").write_bytes(rewritten(good))
    *replies, last = engine(*({"job": "read", "pack": str(path)} for path in [*paths, tmp_path / "good"]))
    for sentence, reply in zip(expected, replies, strict=True):
        assert reply["kind"] == "Error", reply
        assert reply["error"].startswith("the model's weights cannot be used: "), reply
        assert sentence in reply["error"]
    assert last == {"error": None}


def test_wasm_is_what_the_compiler_makes_of_c(tmp_path) -> None:
    """Built as `npm run wasm` builds it. Other versions of the compiler make other code of it."""
    missing = [tool for tool in ("clang", "wasm-ld") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} on this machine (apt-get install clang lld)")
    version = re.search(r"version (\d+)", subprocess.check_output(["clang", "--version"], text=True))
    if not version or version[1] != "14":
        pytest.skip("it was built by version 14 of clang, that of Debian 12; this is another")
    built = sorted(path.relative_to(ROOT) for path in STATIC.glob("*/*.wasm"))
    assert [path.stem for path in built] == ["net", "points"]
    for path in built:
        (tmp_path / path).parent.mkdir(parents=True)
        shutil.copy(ROOT / path.with_suffix(".c"), tmp_path / path.parent)
    command = json.loads((ROOT / "package.json").read_text())["scripts"]["wasm"]
    subprocess.run(command, cwd=tmp_path, shell=True, check=True)
    for path in built:
        assert (tmp_path / path).read_bytes() == (ROOT / path).read_bytes(), path
