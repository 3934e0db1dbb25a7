"""`gan.evaluation.metrics.face_regions`: the parts of faces as a network finds them, against those that are drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gan.data import faces
from gan.evaluation.metrics import face_regions
from gan.evaluation.metrics.face_attributes import NAMES
from gan.evaluation.metrics.face_regions import change_elsewhere, own_regions, read

SEEDS = faces.SEEDS["test"][2_000:2_032]  # on which its accuracy was not measured


def test_parts_are_found_as_well_as_the_file_says():
    about = json.loads(face_regions.FILE.with_suffix(".json").read_text())
    found = read(faces.draw(SEEDS))
    assert found.shape == (32, 64, 64) and found.dtype == np.uint8
    assert (found == faces.labels(SEEDS)).mean() > about["accuracy"] - 0.02
    assert about["accuracy"] > 0.9 and set(about["overlap"]) == set(faces.REGIONS)


def test_every_attribute_has_a_part():
    for name in NAMES:
        assert own_regions(name) and set(own_regions(name)) <= set(faces.REGIONS), name
    assert own_regions("hair_family_red") == ("hair", "brows", "beard") and own_regions("eyes_wide")[0] == "eyes"


@pytest.mark.parametrize("name, change", [
    ("glasses", faces.LAYERS["glasses"][0]), ("beard", faces.LAYERS["beard"][0]), ("background_light", 700),
    ("clothes_light", 900), ("skin", 900),
])  # fmt: skip
def test_what_changes_one_part_changes_little_elsewhere_and_much_where_it_should_not(name, change):
    plain = {"glasses": "none", "beard": "none", "background_light": 450, "clothes_light": 200, "skin": 200}
    changed = {**plain, name: change}
    before, after = faces.draw(SEEDS, **plain), faces.draw(SEEDS, **changed)
    own = [faces.REGIONS.index(region) for region in own_regions(name)]
    labels = [faces.labels(SEEDS, **plain), faces.labels(SEEDS, **changed)]
    outside = ~(np.isin(labels[0], own) | np.isin(labels[1], own))
    exact = np.abs(after.astype(float) - before).mean(3)[outside].mean()
    assert change_elsewhere(name, before, after) == pytest.approx(exact, abs=2.0)
    assert change_elsewhere("rear_hair", before, after) > change_elsewhere(name, before, after)
