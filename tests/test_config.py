"""`gan.config`: accepted and refused values, the messages of refusals, and the way through JSON and back."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from gan.config import ALL_RESOLUTIONS, ClassGroup, Config
from gan.data import DATASETS, PAIRS
from gan.errors import ConfigError
from gan.networks import networks_for
from gan.presets import PRESETS
from gan.training.losses import LOSSES

FIELDS = {f.name: f for f in dataclasses.fields(Config)}
KINDS = typing.get_type_hints(Config)
NUMBERS = [n for n, kind in KINDS.items() if kind in (int, float)]


def as_json(**changes) -> dict:
    """Return the default config as parsed JSON; keyword arguments change it."""
    return {**json.loads(Config().to_json()), **changes}


def check_refused(pattern: str, make=Config, **changes) -> None:
    """Fail, naming the changes, unless a config with them is refused with a short message that begins as `pattern`."""
    try:
        make(**changes)
    except ConfigError as error:
        assert re.match(pattern, str(error)), f"{changes!r:.300} gives: {error}"
        assert len(str(error)) <= 300, f"{changes!r:.300} gives a message of {len(str(error))} characters"
    else:
        pytest.fail(f"{changes!r:.300} is accepted")


def from_json(**changes) -> Config:
    return Config.from_dict(as_json(**changes))


def test_what_other_tests_loop_over_is_there():
    assert {"images", "gamma", "dataset", "mirror"} <= FIELDS.keys() and {"images", "gamma"} <= set(NUMBERS)
    assert KINDS["images"] is int and KINDS["gamma"] is float
    assert {"smoke", "emoji"} <= PRESETS.keys()
    absent = {name for name, f in FIELDS.items() if "absent" in f.metadata}
    assert "class_groups" in absent and "images" in FIELDS.keys() - absent


def test_every_field_has_a_help_text_and_a_default_of_its_type():
    for name, f in FIELDS.items():
        assert len(f.metadata["help"]) > 5, name
        assert type(f.default) is (typing.get_origin(KINDS[name]) or KINDS[name]), name


def test_number_beyond_its_range_is_refused_by_name_and_range():
    for name in NUMBERS:
        for side, step in (("low", -1), ("high", 1)):
            bound = FIELDS[name].metadata[side]
            assert math.isfinite(bound), f"{name} has no bound: every number has both"
            beyond = bound + step
            check_refused(rf"{name} must be in \[.*got {beyond}", **{name: KINDS[name](beyond)})


def test_bounds_themselves_are_allowed():
    for name in NUMBERS:
        for side in ("low", "high"):
            bound = KINDS[name](FIELDS[name].metadata[side])
            other = {"batch_size": 1024} if name == "accumulate" else {}
            assert getattr(Config(**{**other, name: bound}), name) == bound, f"{name}={bound}"


def test_not_finite_is_refused():
    for name in (n for n in NUMBERS if KINDS[n] is float):
        for value in (math.nan, math.inf, -math.inf):
            check_refused(f"{name} must be in", **{name: value})


def test_wrong_type_is_refused_by_name():
    for name in FIELDS:
        for value in (None, True, 1, [1], {"a": 1}, b"x"):
            if type(value) is not KINDS[name] and not (type(value) is int and KINDS[name] is float):
                check_refused(f"{name} must be", **{name: value})


def test_text_is_no_number():
    for name in NUMBERS:
        check_refused(f"{name} must be {KINDS[name].__name__}, got '1'", **{name: "1"})


def test_float_is_no_int():
    for name in (n for n in NUMBERS if KINDS[n] is int):
        check_refused(f"{name} must be int", **{name: 32.0})


def test_int_serves_as_float_however_large():
    assert Config(gamma=2).gamma == 2.0
    try:
        Config(gamma=10**400)
        pytest.fail("a number that no float can hold is accepted")
    except ConfigError as error:
        assert "gamma must be in" in str(error)


def test_rules_beyond_ranges():
    for changes, message in (
        ({"resolution": 48}, "resolution must be one of 28, 32, 64, 128, 256, got 48"),
        ({"width": 40}, "width must be a multiple of 16"),
        ({"accumulate": 3}, "accumulate must divide batch_size, got 3 and 16"),
        ({"precision": "fp16"}, "precision must be one of auto, bf16, fp32, got 'fp16'"),
        ({"dataset": "x" * 1001}, "dataset must be at most 1000 characters"),
        ({"dataset": "\ud800"}, "dataset must be text that UTF-8 can hold"),
        ({"classes": ("a", 1)}, "classes must be a list of names"),
        ({"classes": "ab"}, "classes must be a list of names"),
        ({"classes": ("a" * 201,)}, "classes must be a list of names"),
        ({"classes": ("a", "\udfff")}, "classes must be a list of names"),
        ({"classes": ("a",) * 1001}, "classes must have at most 1000 entries"),
        ({"class_groups": (("a", 2, 1),)}, "class_groups must be a list of .name, size, most."),
        ({"class_groups": [ClassGroup("a", 2)]}, "class_groups must be a list of"),
        ({"class_groups": (ClassGroup("a", 2.0),)}, "class_groups must be a list of"),
        ({"class_groups": (ClassGroup("a", 2, 3),)}, "class_groups must be a list of"),
        ({"class_groups": (ClassGroup("a", 10**9, 1),)}, "class_groups must be a list of"),
        ({"class_groups": (ClassGroup("\udfff", 2),)}, "class_groups must be a list of names"),
        (
            {"classes": ("a", "b"), "class_groups": (ClassGroup("g", 3),)},
            "class_groups must hold each of the 2 classes once",
        ),
    ):
        check_refused(message, **changes)


def test_class_groups_are_read_back():
    config = Config(classes=("a", "b", "c"), class_groups=(ClassGroup("x", 1), ClassGroup("y", 2, 2)))
    assert Config.from_dict(json.loads(config.to_json())) == config
    for group in ("ab", [], ["x", 1], ["x", 1, 1, 1], {"name": "x"}, None):
        values = json.loads(config.to_json()) | {"class_groups": [group]}
        with pytest.raises(ConfigError, match="class_groups must be"):
            Config.from_dict(values)


def test_offered_resolutions_alone_are_valid():
    valid = set()
    for resolution in range(1025):
        with contextlib.suppress(ConfigError):
            valid.add(Config(resolution=resolution).resolution)
    assert valid == {0, *ALL_RESOLUTIONS} and len(valid) > 1


def test_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().images = 5


def test_config_needs_no_torch():
    code = "import sys, gan.config; print('torch' in sys.modules, 'numpy' in sys.modules)"
    root = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout.split()) == (0, ["False", "False"]), run.stderr


def test_presets_are_valid_and_name_what_exists():
    for name, preset in PRESETS.items():
        config = Config(**preset)
        assert config.dataset in DATASETS | PAIRS or (not config.dataset and name.startswith("large-")), name
        assert config.network in networks_for(config.task), name
        assert config.loss in LOSSES, name
        assert config.batch_size <= config.images, name


def test_emoji_preset_is_the_defaults_and_classics_are_classic():
    assert Config(**PRESETS["emoji"]) == Config()
    for name in ("classic-mlp", "classic-dcgan"):
        config = Config(**PRESETS[name])
        assert (config.loss, config.penalty, config.network) == ("nonsaturating", "none", name.removeprefix("classic-"))
        assert not config.conditional, name


def test_json_round_trip_of_presets():
    for name, preset in PRESETS.items():
        config = Config(**preset, classes=("naïve", '"quoted"', "日本"), channels=3)
        assert Config.from_dict(json.loads(config.to_json())) == config, name


def test_json_has_every_field_and_ends_with_a_newline():
    text = Config().to_json()
    assert set(json.loads(text)) == set(FIELDS)
    assert text.endswith("}\n")


def test_missing_json_field_is_named_or_has_the_value_of_folders_that_are_older_than_it():
    for name, f in FIELDS.items():
        values = as_json()
        del values[name]
        if "absent" in f.metadata:
            assert getattr(Config.from_dict(values), name) == f.metadata["absent"], name
        else:
            check_refused(f"missing field '{name}'", lambda values=values: Config.from_dict(values))


def test_unknown_json_field_is_named():
    check_refused("unknown field 'layers'", from_json, layers=3)


def test_json_must_be_an_object():
    for values in ([], 3, "text", None, True, 1.5):
        kind = type(values).__name__
        check_refused(f"expected a JSON object, got {kind}", lambda value: Config.from_dict(value), value=values)


def test_wrong_json_field_is_named():
    for name in FIELDS:
        for value in (None, True, {}, [[1]]):
            if type(value) is not KINDS[name]:
                check_refused(f"{name} must be", from_json, **{name: value})


def test_from_dict_leaves_its_argument_alone():
    values = as_json(classes=["a", "b"])
    assert Config.from_dict(values).classes == ("a", "b")
    assert values["classes"] == ["a", "b"]
