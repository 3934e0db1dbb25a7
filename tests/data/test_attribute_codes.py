"""Attributes as coordinates of a latent: standard normal, independent, and readable again."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from gan.data import faces, scenes, seeded
from gan.data.attribute_codes import ABSENT, AttributeCodes, choices_of, coordinates_of, towards
from gan.data.seeded import Choice, Range

TABLE = {
    "tall": Range(10, 19, "any"),
    "hue": Range(0, 359, "degrees", circular=True),
    "mirrored": Choice(("no", "yes"), (3, 1)),
    "hat": Choice(("none", "cap", "crown"), (6, 3, 1)),
    "mood": Choice(("calm", "glad", "cross"), (1, 5, 4)),
}
COUNT = 40_000
COLUMNS = {"tall": 0, "hue": slice(1, 3), "mirrored": 3, "hat": slice(4, 7), "mood": slice(7, 10)}


@pytest.fixture(scope="module")
def codes() -> AttributeCodes:
    values = seeded.draw(TABLE, np.arange(COUNT, dtype=np.uint64), lambda found: np.zeros(len(found["tall"]), bool))
    return AttributeCodes(TABLE, values)


@pytest.fixture(scope="module")
def drawn(codes) -> torch.Tensor:
    return codes.draw(torch.arange(COUNT), torch.Generator().manual_seed(0))


def test_coordinates_are_standard_normal_and_independent(codes, drawn):
    assert drawn.shape == (COUNT, codes.coordinates) == (COUNT, 10)
    assert drawn.dtype == torch.float32
    assert drawn.abs().max() < 5
    normal = torch.distributions.Normal(0, 1)
    for column in drawn.T:
        sorted_ = normal.cdf(column).sort().values
        assert (sorted_ - (torch.arange(COUNT) + 0.5) / COUNT).abs().max() < 0.012  # Kolmogorov and Smirnov, 1e-4
    assert (torch.corrcoef(drawn.T) - torch.eye(10)).abs().max() < 0.025


def test_values_can_be_read_from_the_coordinates(codes, drawn):
    values = {name: torch.from_numpy(found) for name, found in codes.values.items()}
    quantile = torch.distributions.Normal(0, 1).cdf(drawn.double())
    assert torch.equal((10 + quantile[:, COLUMNS["tall"]] * 10).floor().long(), values["tall"])
    x, y = drawn[:, COLUMNS["hue"]].double().T
    away = (torch.atan2(y, x).rad2deg() - values["hue"] - 0.5 + 180) % 360 - 180
    assert away.abs().max() < 0.51
    assert torch.equal(quantile[:, COLUMNS["mirrored"]] > 0.75, values["mirrored"] == 1)
    there, *kinds = drawn[:, COLUMNS["hat"]].double().T
    assert torch.equal(there > torch.distributions.Normal(0, 1).icdf(torch.tensor(0.6)), values["hat"] > 0)
    for names, shares, value in (
        (kinds, (3, 1), values["hat"] - 1), (drawn[:, COLUMNS["mood"]].double().T, (1, 5, 4), values["mood"]),
    ):  # fmt: skip
        shares = torch.tensor(shares, dtype=torch.float64) / sum(shares)
        noise = -torch.log(-torch.log(torch.distributions.Normal(0, 1).cdf(torch.stack(list(names), 1))))
        wins, known = (noise + shares.log()).argmax(1), value >= 0
        assert (wins[known] == value[known]).float().mean() > 0.9999  # but for rounding to float32


def test_choices_are_read_as_they_were_drawn(codes, drawn):
    beyond = torch.cat([drawn, torch.randn(COUNT, 3)], 1)
    found = choices_of(TABLE, beyond)
    assert list(found) == ["mirrored", "hat", "mood"]
    for name, value in found.items():
        assert torch.equal(value, torch.from_numpy(codes.values[name]))


def test_conditions_are_centred_tell_values_apart_and_cover_every_attribute(codes):
    rows = codes.condition(torch.arange(COUNT))
    assert rows.shape == (COUNT, codes.conditions) == (COUNT, 10)
    assert rows.mean(0).abs().max() < 0.02
    assert rows.std(0).min() > 0.65 and rows.std(0).max() < 1.05
    for name, columns in COLUMNS.items():
        own = rows[:, columns].reshape(COUNT, -1)
        found = codes.values[name]
        for value in np.unique(found)[:4]:
            same = own[found == value]
            assert torch.equal(same, same[:1].expand_as(same))
        assert len(own.unique(dim=0)) == len(np.unique(found))


def test_the_same_source_draws_the_same_and_another_does_not(codes):
    rows = torch.tensor([5, 5, 9])
    first, again, other = (codes.draw(rows, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1]), "what an attribute leaves open is drawn anew each time"


def test_faces_bring_codes_of_every_attribute_but_their_class_and_can_be_sent_to_another_process():
    found = faces.attributes(range(50))
    known = AttributeCodes({n: a for n, a in faces.ATTRIBUTES.items() if n != "hair"}, found)
    sent = pickle.loads(pickle.dumps(known))
    rows = torch.arange(50)
    assert torch.equal(sent.condition(rows), known.condition(rows))
    assert known.coordinates <= 100, "the preset's z_dim"
    assert {"skin", "beard", "mouth", "background_hue"} <= known.table.keys()


def test_what_is_absent_is_noise_in_the_latent_and_nothing_to_the_critic(codes):
    values = {name: np.array([found[0], ABSENT]) for name, found in codes.values.items()}
    half = AttributeCodes(TABLE, values)
    rows = torch.tensor([0, 1] * 2000)
    assert torch.equal(half.condition(rows[:1]), codes.condition(rows[:1]))
    assert not half.condition(rows[1:2]).any()
    drawn = half.draw(rows, torch.Generator().manual_seed(0))
    assert drawn[1::2].mean(0).abs().max() < 0.1 and (drawn[1::2].std(0) - 1).abs().max() < 0.1
    assert drawn[::2, 0].std() < 0.6, "one tenth of the values"


def test_scenes_bring_codes_of_their_look_and_of_each_animal_that_is_there():
    seeds = range(200)
    known, found = scenes.codes(seeds), scenes.attributes(seeds)
    there = scenes.classes(seeds)[:, len(scenes.BACKGROUNDS) :].astype(bool)
    for number, kind in enumerate(scenes.KINDS):
        depth = known.values[f"{kind}_depth"]
        assert np.array_equal(depth != ABSENT, there[:, number])
        slot = np.stack([found[f"animal_{i}"] == number + 1 for i in (1, 2, 3)], 1)
        expected = np.stack([found[f"depth_{i}"] for i in (1, 2, 3)], 1)[slot]
        assert np.array_equal(depth[depth != ABSENT], expected)
    assert np.array_equal(known.values["sky"], found["sky"])


def test_a_row_towards_some_kinds_is_longer_in_what_has_those(codes, drawn):
    row = towards(TABLE, "hat", ["crown"], 12)
    assert row.shape == (12,) and row.norm() == pytest.approx(1) and row.nonzero().flatten().tolist() == [5, 6]
    along, kind = drawn @ row[:10], torch.from_numpy(codes.values["hat"])
    assert along[kind == 2].mean() > 1 > -0.2 > along[kind == 1].mean() and along[kind == 0].mean().abs() < 0.05
    beard = towards(faces.CODED, "beard", faces.MEANT["beard"], 100)
    names = faces.ATTRIBUTES["beard"].names[1:]
    assert [name for name, value in zip(names, beard[beard != 0], strict=True) if value > 0] == ["full", "long"]


def test_coordinates_of_attributes_are_where_their_codes_are():
    for name, columns in COLUMNS.items():
        assert coordinates_of(TABLE, [name]) == np.atleast_1d(np.arange(10)[columns]).tolist()
    assert coordinates_of(TABLE, ["mood", "tall"]) == [0, 7, 8, 9]
    assert coordinates_of(TABLE, []) == []
