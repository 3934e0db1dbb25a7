"""Translators in the engine that works in the browser, run by Node: the same pictures as `Translator`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from browser_engine import ROOT, assert_same, drawn, engine, rewritten
from conftest import translation

from gan.models.translator import Translator, load_folder
from gan.models.translator_pack import pack_translator
from gan.networks import build

SHIPPED = sorted(p.parent for p in ROOT.glob("weights/*/config.json"))
NAMES = ("x", "y", "z")
PALETTE = ("x", "hair red", "hair green", "hair blue", "skin red", "skin green", "skin blue")


def random_translator(seed: int = 0, **settings) -> Translator:
    """Return a translator with random weights in every layer, whose pictures lie mostly within [-1, 1]."""
    config = translation(**{"width": 32, "resolution": 28, "channels": 3, "network_parts": ("back",), **settings})
    torch.manual_seed(seed)
    generator, critic = build(config)
    for name, parameter in generator.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.1)
        elif "to_mix" in name:
            torch.nn.init.normal_(parameter, std=0.2 / parameter[0].numel() ** 0.5)
        elif "conv2" in name or "to_change" in name:
            torch.nn.init.normal_(parameter, std=0.5 / parameter[0].numel() ** 0.5)
        elif "from_insight" in name:  # an answer is one of a few
            torch.nn.init.normal_(parameter, std=0.06)
    return Translator("random", config, generator.eval(), critic.eval())


def pictures(model: Translator, count: int = 6) -> np.ndarray:
    """Return pictures as a hand might draw them: smooth, with black and white in them."""
    source = torch.Generator().manual_seed(3)
    coarse = torch.randn(count, 3, 5, 5, generator=source)
    fine = torch.nn.functional.interpolate(coarse, size=(model.resolution,) * 2, mode="bicubic")
    return (fine * 90 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def job(folder: Path, model: Translator, to: str, half: bool = False, told: np.ndarray | None = None) -> dict:
    """Write what the engine needs to translate `pictures(model)`, and return the job."""
    name = f"{len(list(folder.iterdir()))}"
    (folder / f"{name}.pack").write_bytes(pack_translator(model, half))
    pictures(model).tofile(folder / f"{name}.in")
    paths = {"pack": f"{name}.pack", "pictures": f"{name}.in", "out": f"{name}.out"}
    values = {"to": to, "told": None if told is None else told.tolist()}
    return {"job": "translate", **{key: str(folder / path) for key, path in paths.items()}, **values}


# Every size of picture, one width and a larger one, grey and colour, told something, colours and not, one way and both.
SHAPES = [
    {"resolution": 28, "channels": 1},
    {"resolution": 32, "width": 96, "network_parts": ("heads",)},
    {"resolution": 64, "classes": NAMES, "conditional": True},
    {"resolution": 32, "classes": PALETTE, "conditional": True, "network": "unet-palette", "network_parts": ("pairs",)},
    {"resolution": 32, "network": "unet-borrowed"},
    {"resolution": 28, "channels": 1, "network": "unet-borrowed", "network_parts": ()},
    {"resolution": 32, "network": "unet-informed"},
    {"resolution": 28, "channels": 1, "network": "unet-informed", "network_parts": (), "classes": ("grey",)},
]


def test_translators_of_every_shape_translate_as_on_the_server(tmp_path) -> None:
    models = [random_translator(i, **shape) for i, shape in enumerate(SHAPES)]
    ways = [(model, side) for model in models for side in model.sides]
    told = [
        np.random.default_rng(i).random((6, len(model.condition_names))).round(3)
        if side == "b" and model.condition_names
        else None
        for i, (model, side) in enumerate(ways)
    ]
    jobs = [job(tmp_path, model, side, told=own) for (model, side), own in zip(ways, told, strict=True)]
    engine(*jobs)
    assert len(jobs) == 12
    for (model, side), own, done in zip(ways, told, jobs, strict=True):
        theirs = model.translate(pictures(model), side, None if own is None else own)
        assert ((theirs > 0) & (theirs < 255)).mean() > 0.5, "most values are cut off: what does that compare?"
        assert np.abs(theirs.astype(int) - pictures(model)[..., : model.channels]).mean() > 10, "nothing was changed"
        assert_same(drawn(Path(done["out"]), model), theirs, share=0.002)
    half = job(tmp_path, models[0], "b", half=True)
    engine(half)
    assert_same(drawn(Path(half["out"]), models[0]), models[0].translate(pictures(models[0])))


def test_hostile_packs_are_refused_with_a_sentence(tmp_path) -> None:
    good = pack_translator(random_translator())
    cases = {
        "pictures have no size": [{"size": value} for value in (0, 4, 2**20, "28", None)],
        "one channel or three": [{"channels": 2}],
        "conditions make no sense": [{"conditions": -1}],
        "colours make no sense": [{"colours": value} for value in ([0], {}, "0", [0.5])],
        "finds or has make no sense": [{"found": -8}, {"found": 72}, {"found": "8"}, {"own": 0.5}, {"own": 65}],
        "the insight makes no sense": [
            {"insight": value} for value in (64, [64], [8, 8, 8], [0, 8, 8], [16, 1.5, 8], [64, 8], None)
        ],
        "towards.b.insight.from_picture.weight is missing": [{"insight": [64, 8, 16]}],
        "found in a picture must be a multiple of 8": [{"found": 4}],
        "there is no place for towards.a.to_change": [{"found": 8, "own": 4}],
        "no feature maps": [{"widths": value} for value in ([], [8], None)],
        "has no size": [{"widths": [8, 0, 32]}],
        "multiple of 8": [{"widths": [8, 12, 32]}],
        "at least 4 pixels": [{"size": 30}, {"size": 12}],
        "too large for a browser": [{"size": 512, "widths": [64, 64, 64]}],
        "sides must be": [{"sides": value} for value in (["a"], ["b", "c"], "b", None)],
        "another shape": [{"channels": 1}, {"conditions": 1}],
        "there is no place for": [{"sides": ["b"]}, {"widths": [8, 16, 32, 32], "size": 32}],
        "the latent has no length": [{"task": "generate"}],
    }
    told = pack_translator(random_translator(classes=PALETTE, network="unet-palette"))
    paths, expected = [], []
    for wrong in ([5], [-1], [1, 2, 3]):
        paths.append(tmp_path / str(len(paths)))
        paths[-1].write_bytes(rewritten(told, {"colours": wrong}))
        expected.append("colours make no sense")
    for wrong, sentence in ((0, "no place for towards.b.colours"), (3, "another shape")):
        paths.append(tmp_path / str(len(paths)))
        paths[-1].write_bytes(rewritten(told, {"own": wrong}))
        expected.append(sentence)
    for sentence, changes in cases.items():
        for change in changes:
            paths.append(tmp_path / str(len(paths)))
            paths[-1].write_bytes(rewritten(good, change))
            expected.append(sentence)
    paths.append(tmp_path / "missing")
    paths[-1].write_bytes(rewritten(good, entries={"towards.b.down.0.bias": None}))
    expected.append("towards.b.down.0.bias is missing")
    for sentence, reply in zip(expected, engine(*({"job": "read", "pack": str(path)} for path in paths)), strict=True):
        assert sentence in reply["error"], reply


@pytest.mark.parametrize("settings", [{"width": 16}, {"width": 48}, {"network": "cyclegan", "width": 32}])
def test_what_a_browser_cannot_translate_has_no_pack(settings) -> None:
    with pytest.raises(ValueError, match="a browser can translate by unet"):
        pack_translator(random_translator(**settings))
    with pytest.raises(ValueError, match="more than 100"):
        pack_translator(random_translator(), most=100)


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_translators_with_weights_of_half_precision(folder, tmp_path) -> None:
    model = load_folder(folder, "cpu")
    if not isinstance(model, Translator):
        pytest.skip("generates pictures")
    jobs = [job(tmp_path, model, side, half=True) for side in model.sides]
    engine(*jobs)
    for side, done in zip(model.sides, jobs, strict=True):
        assert_same(drawn(Path(done["out"]), model), model.translate(pictures(model), side), share=0.06)
