"""`gan.config`: what a config accepts, what it says when it does not, and its way through JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import typing

import pytest

from gan.config import PRESETS, RESOLUTIONS, Config
from gan.data import DATASETS
from gan.errors import ConfigError
from gan.networks import NETWORKS
from gan.training.losses import LOSSES

FIELDS = {f.name: f for f in dataclasses.fields(Config)}
KINDS = typing.get_type_hints(Config)
NUMBERS = [n for n, kind in KINDS.items() if kind in (int, float)]


def as_json(**changes) -> dict:
    """The default config as parsed JSON; keyword arguments change it."""
    return {**json.loads(Config().to_json()), **changes}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_a_help_text_and_a_default_of_its_type(name):
    assert len(FIELDS[name].metadata["help"]) > 5
    assert type(FIELDS[name].default) is (KINDS[name] if name != "classes" else tuple)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("side", ["low", "high"])
def test_number_beyond_its_range_is_refused_by_name_and_range(name, side):
    bound = FIELDS[name].metadata[side]
    assert math.isfinite(bound), "every number has both bounds"
    beyond = bound + (1 if side == "high" else -1)
    with pytest.raises(ConfigError, match=rf"^{name} must be in \[.*got {beyond}"):
        Config(**{name: KINDS[name](beyond)})


@pytest.mark.parametrize("name", [n for n in NUMBERS if n != "channels"])
@pytest.mark.parametrize("side", ["low", "high"])
def test_bounds_themselves_are_allowed(name, side):
    bound = KINDS[name](FIELDS[name].metadata[side])
    other = {"batch_size": 1024} if name == "accumulate" else {}
    assert getattr(Config(**{**other, name: bound}), name) == bound


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", [n for n in NUMBERS if KINDS[n] is float])
def test_not_finite_is_refused(name, value):
    with pytest.raises(ConfigError, match=f"^{name} must be in"):
        Config(**{name: value})


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [None, True, 1, [1], {"a": 1}, b"x"], ids=repr)
def test_wrong_type_is_refused_by_name(name, value):
    if type(value) is KINDS[name] or (value == 1 and KINDS[name] is float):
        pytest.skip("the right type")
    with pytest.raises(ConfigError, match=f"^{name} must be"):
        Config(**{name: value})


@pytest.mark.parametrize("name", NUMBERS)
def test_text_is_no_number(name):
    with pytest.raises(ConfigError, match=f"^{name} must be {KINDS[name].__name__}, got '1'"):
        Config(**{name: "1"})


@pytest.mark.parametrize("name", [n for n in NUMBERS if KINDS[n] is int])
def test_float_is_no_int(name):
    with pytest.raises(ConfigError, match=f"^{name} must be int"):
        Config(**{name: 32.0})


def test_int_serves_as_float_however_large():
    assert Config(gamma=2).gamma == 2.0
    with pytest.raises(ConfigError, match="gamma must be in"):
        Config(gamma=10**400)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution": 48}, "resolution must be one of 28, 32, 64, got 48"),
        ({"width": 40}, "width must be a multiple of 16"),
        ({"accumulate": 3}, "accumulate must divide batch_size, got 3 and 16"),
        ({"precision": "fp16"}, "precision must be one of auto, bf16, fp32, got 'fp16'"),
        ({"dataset": "x" * 1001}, "dataset must be at most 1000 characters"),
        ({"classes": ("a", 1)}, "classes must be a list of names"),
        ({"classes": "ab"}, "classes must be a list of names"),
        ({"classes": ("a" * 201,)}, "classes must be a list of names"),
        ({"classes": ("a",) * 1001}, "classes must have at most 1000 entries"),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_rules_beyond_ranges(changes, message):
    with pytest.raises(ConfigError, match=message) as raised:
        Config(**changes)
    assert len(str(raised.value)) <= 300


@pytest.mark.parametrize("resolution", (0, *RESOLUTIONS))
def test_offered_resolutions_are_valid(resolution):
    assert Config(resolution=resolution).resolution == resolution


def test_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().images = 5


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_valid_and_names_what_exists(name):
    config = Config(**PRESETS[name])
    assert config.dataset in DATASETS
    assert config.network in NETWORKS
    assert config.loss in LOSSES
    assert config.batch_size <= config.images


def test_emoji_preset_is_the_defaults_and_classics_are_classic():
    assert Config(**PRESETS["emoji"]) == Config()
    for name in ("classic-mlp", "classic-dcgan"):
        config = Config(**PRESETS[name])
        assert (config.loss, config.penalty, config.network) == ("nonsaturating", "none", name.removeprefix("classic-"))
        assert not config.conditional


@pytest.mark.parametrize("name", PRESETS)
def test_json_round_trip_of_presets(name):
    config = Config(**PRESETS[name], classes=("naïve", '"quoted"', "日本"), channels=3)
    assert Config.from_dict(json.loads(config.to_json())) == config


def test_json_has_every_field_and_ends_with_a_newline():
    text = Config().to_json()
    assert set(json.loads(text)) == set(FIELDS)
    assert text.endswith("}\n")


@pytest.mark.parametrize("name", [n for n in FIELDS if "absent" not in FIELDS[n].metadata])
def test_missing_json_field_is_named(name):
    values = as_json()
    del values[name]
    with pytest.raises(ConfigError, match=f"missing field '{name}'"):
        Config.from_dict(values)


@pytest.mark.parametrize("name", [n for n in FIELDS if "absent" in FIELDS[n].metadata])
def test_a_folder_older_than_a_field_means_what_it_did(name):
    values = as_json()
    del values[name]
    assert getattr(Config.from_dict(values), name) == FIELDS[name].metadata["absent"]


def test_unknown_json_field_is_named():
    with pytest.raises(ConfigError, match="unknown field 'layers'"):
        Config.from_dict(as_json(layers=3))


@pytest.mark.parametrize("values", [[], 3, "text", None, True, 1.5], ids=repr)
def test_json_must_be_an_object(values):
    with pytest.raises(ConfigError, match=f"expected a JSON object, got {type(values).__name__}"):
        Config.from_dict(values)


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [None, True, {}, [[1]]], ids=repr)
def test_wrong_json_field_is_named(name, value):
    if type(value) is KINDS[name]:
        pytest.skip("the right type")
    with pytest.raises(ConfigError, match=f"^{name} must be"):
        Config.from_dict(as_json(**{name: value}))


def test_from_dict_leaves_its_argument_alone():
    values = as_json(classes=["a", "b"])
    assert Config.from_dict(values).classes == ("a", "b")
    assert values["classes"] == ["a", "b"]
