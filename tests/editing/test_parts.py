"""`gan.editing.parts` and `labelled_set`: a few painted pictures teach parts, which other pictures then show."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch
from PIL import Image
from small_models import untrained

import gan.editing.parts
from gan import label as command
from gan.config import Config
from gan.data import faces
from gan.data.attribute_codes import choices_of, coordinates_of
from gan.editing.diverse import diverse, shapes_of
from gan.editing.heads import HIDDEN, WIDE, DeepHead, LinearHead
from gan.editing.known_parts import READINGS, steady_face_parts
from gan.editing.labelled_set import FILE, MASKS, PICTURES, read_set, save_mask, write_set
from gan.editing.parts import (
    FEW,
    MANY,
    PATIENCE,
    RECOLOURED,
    THIN_PULL,
    UNPAINTED,
    WARM,
    Maps,
    Painted,
    Parts,
    feature_maps,
    overlaps,
    pixel_maps,
    teach,
    teach_well,
)
from gan.editing.recolour import colour_coordinates, recoloured
from gan.editing.spread import PULL
from gan.errors import DataError
from gan.models.model import Model


@pytest.fixture(scope="module")
def model() -> Model:
    """Return a model whose pictures have edges, as those of a trained one do."""
    sharp = untrained()
    with torch.no_grad():
        sharp.generator.to_picture.weight *= 30
    return sharp


def labels_of(model: Model, seeds) -> np.ndarray:
    """Return whether each pixel of the pictures of seeds is light."""
    return (model.render(model.latents(seeds), model.class_weights(seeds))[..., 0] > 127).astype(np.uint8)


def paint(model: Model, seeds) -> Painted:
    return Painted(model.latents(seeds), model.class_weights(seeds), labels_of(model, seeds), ("dark", "light"))


@pytest.fixture(scope="module")
def parts(model) -> Parts:
    return teach(model, paint(model, [1, 2, 3]), steps=60)


def test_what_was_painted_on_a_few_is_found_in_others(model, parts):
    seeds = range(10, 20)
    found, truth = parts.of(model.latents(seeds), model.class_weights(seeds)), labels_of(model, seeds)
    assert found.dtype == np.uint8 and overlaps(found, truth, 2).min() > 0.7
    pixels = teach(model, paint(model, [1, 2, 3]), pixel_maps, steps=60)
    assert overlaps(pixels.of(model.latents(seeds), model.class_weights(seeds)), truth, 2).min() > 0.8


def test_many_painted_pictures_are_learnt_by_a_linear_head_alone(model):
    seeds = range(20, 20 + FEW)
    taught = teach(model, paint(model, seeds), steps=60)
    assert [type(head) for head in taught._heads.heads] == [LinearHead]
    z, y = model.latents(range(10, 20)), model.class_weights(range(10, 20))
    assert overlaps(taught.of(z, y), labels_of(model, range(10, 20)), 2).min() > 0.8


def test_many_parts_are_learnt_by_a_deep_head_and_spread_less(model, monkeypatch):
    seeds, pulls = range(20, 20 + FEW), []
    monkeypatch.setattr("gan.editing.parts.spread", lambda shares, pictures, pull: pulls.append(pull) or shares)
    few = paint(model, seeds)
    for names in (few.names, ("dark", "light", *("part",) * (MANY - 2))):
        taught = teach(model, Painted(few.latents, few.classes, few.labels, names), steps=2)
        taught.of(few.latents[:2], few.classes[:2])
    assert [type(head) for head in taught._heads.heads] == [DeepHead]
    assert pulls == [PULL, THIN_PULL]


def test_a_deep_head_learns_from_the_pictures_that_are_painted(model):
    few, others = paint(model, range(20, 26)), range(10, 20)
    names = ("dark", "light", *("part",) * (MANY - 2))
    few.labels[3:] = UNPAINTED
    taught = teach(model, Painted(few.latents, few.classes, few.labels, names), steps=30)
    found = taught.of(model.latents(others), model.class_weights(others))
    assert overlaps(found, labels_of(model, others), 2).min() > 0.7


def test_painted_faces_come_in_other_colours_too_and_nothing_of_a_latent_changes_but_those(model, monkeypatch):
    coordinates = colour_coordinates(Config(dataset="faces-10k", attributes=True))
    places = {name: coordinates_of(faces.CODED, [name]) for name in faces.CODED}
    assert set(coordinates) == {i for name in faces.COLOURS for i in places[name]} and len(coordinates) == 17
    assert colour_coordinates(Config(dataset="faces")) == colour_coordinates(Config(attributes=True)) == []
    z = torch.randn(3, 5)
    many = recoloured(z, [1, 4], 4)
    assert many.shape == (12, 5) and many[:3].equal(z) and many[:, [0, 2, 3]].equal(z[:, [0, 2, 3]].repeat(4, 1))
    assert (many[3:, [1, 4]] != z[:, [1, 4]].repeat(3, 1)).all() and many.equal(recoloured(z, [1, 4], 4))

    seen = []
    monkeypatch.setattr("gan.editing.parts.colour_coordinates", lambda config: [0])
    whole = paint(model, [1, 2])
    many_parts = Painted(whole.latents, whole.classes, whole.labels, ("dark", "light", *("part",) * (MANY - 2)))

    def watched(model, z, *rest):
        seen.append(z)
        return feature_maps(model, z, *rest)

    for painted, times in ((whole, 1), (many_parts, RECOLOURED)):
        teach(model, painted, watched, steps=1)
        assert len(seen.pop()) == 2 * times  # all pictures in each step would take too long


def test_who_has_time_learns_longer_and_asks_in_several_colours(model, monkeypatch):
    steps, asked, widths = [], [], []
    fit = gan.editing.parts._fit

    def watched_fit(head, features, labels, count, **other):
        steps.append(count)
        widths.append(getattr(head, "hidden", None))
        return fit(head, features, labels, 2, **other)

    monkeypatch.setattr("gan.editing.parts._fit", watched_fit)
    monkeypatch.setattr("gan.editing.parts.colour_coordinates", lambda config: [0])
    painted = paint(model, [1, 2])
    for taught, readings in ((teach(model, painted), 1), (teach_well(model, painted), gan.editing.parts.COLOURINGS)):
        ask = taught._maps
        taught._maps = lambda model, z, *rest, ask=ask: asked.append(z) or ask(model, z, *rest)
        assert taught.of(painted.latents, painted.classes).shape == painted.labels.shape
        assert len(asked) == readings and asked[0].equal(painted.latents)
        assert all(not z.equal(painted.latents) and z[:, 1:].equal(painted.latents[:, 1:]) for z in asked[1:])
        asked.clear()
    assert steps[-1] == PATIENCE * steps[0]
    many = Painted(painted.latents, painted.classes, painted.labels, tuple("abcde"))
    teach(model, many), teach_well(model, many)
    assert widths[-2:] == [HIDDEN, WIDE] and steps[-1] == PATIENCE * steps[-2]


def test_samples_to_paint_differ_most_and_begin_with_the_first(model, monkeypatch):
    kinds = {0: 0.0, 1: 0.1, 2: 5.0, 3: 0.2, 4: 5.1, 5: -9.0}
    maps = Maps([torch.tensor(list(kinds.values()))[:, None, None, None].expand(-1, 2, 16, 16)], torch.empty(0))
    monkeypatch.setattr("gan.editing.diverse.feature_maps", lambda model, z, y: maps)
    assert diverse(model, range(6), 3) == [0, 5, 4]
    monkeypatch.undo()
    assert len(set(diverse(model, range(20), 4))) == 4 and diverse(model, [7, 7], 5)[0] == 7


def test_of_samples_whose_shapes_are_known_those_are_painted_that_show_all(model, monkeypatch):
    shapes = torch.tensor([[0, 0], [0, 0], [0, 1], [2, 0], [1, 1], [2, 2]])
    monkeypatch.setattr("gan.editing.diverse.shapes_of", lambda config, latents: shapes)
    assert diverse(model, range(10, 16), 3) == [10, 14, 15]
    assert sorted(diverse(model, range(10, 16), 9)) == [*range(10, 16)]
    z = torch.randn(4, 100)
    known = shapes_of(Config(dataset="faces", attributes=True), z)
    kinds = choices_of(faces.CODED, z)
    assert known.shape == (4, len(kinds) - 1) and set(kinds) & set(faces.COLOURS) == {"hair_family"}
    assert shapes_of(Config(dataset="faces"), z) is shapes_of(Config(attributes=True), z) is None


def test_parts_of_a_face_are_what_most_readings_say(monkeypatch):
    said = itertools.cycle([1, 2, 2, 5, 2, 1, 1, 2, 3])
    read = "gan.editing.known_parts.face_regions.read"
    monkeypatch.setattr(read, lambda pictures: np.full((2, 64, 64), next(said), np.uint8))
    rendered = []

    class Faces:
        config, resolution = Config(dataset="faces", attributes=True), 64

        def render(self, z, y):
            rendered.append(z)

    z = torch.randn(2, 100)
    assert (steady_face_parts(Faces(), z, None) == 2).all()
    assert len(rendered) == READINGS and rendered[0].equal(z) and not rendered[1].equal(z)


@pytest.mark.parametrize("single", [False, True])
def test_who_sees_one_picture_a_step_begins_with_small_steps(single):
    torch.manual_seed(0)
    features = [torch.randn(3, 6, 8, 8)]
    head = DeepHead.of(features, 2, hidden=5)
    before = [weight.clone() for weight in head.parameters()]
    gan.editing.parts._fit(head, features, torch.randint(0, 2, (3, 8, 8)), 1, single=single)
    moved = max(float((a - b).detach().abs().max()) for a, b in zip(head.parameters(), before, strict=True))
    assert moved == pytest.approx(DeepHead.rate / (WARM if single else 1), rel=0.05)  # Adam's first step is its rate


def test_a_linear_head_gives_loud_channels_no_more_say():
    torch.manual_seed(0)
    maps = [torch.randn(2, 3, 4, 4), torch.randn(2, 2, 8, 8)]
    louder = [m * 7 + 3 for m in maps]
    head, same = LinearHead(maps, 2), LinearHead(louder, 2)
    for weights in head.weights:
        torch.nn.init.normal_(weights)
    same.load_state_dict(head.state_dict())
    assert head(maps).shape == (2, 2, 8, 8) and torch.allclose(head(maps), same(louder), atol=1e-4)


def test_unpainted_pixels_do_not_count_and_the_same_paint_gives_the_same_parts(model):
    half = paint(model, [1, 2])
    half.labels[:, 14:] = UNPAINTED
    a, b = (teach(model, half, steps=5).of(half.latents, half.classes) for _ in range(2))
    assert (a == b).all() and a.max() <= 1
    wrong = half.labels.copy()
    wrong[:, 14:] = 1
    assert (
        teach(model, Painted(half.latents, half.classes, wrong, half.names), steps=5).of(half.latents, half.classes)
        != a
    ).any()


def test_offsets_of_the_first_map_move_parts_with_the_picture(model, parts):
    z, y = model.latents([4]), model.class_weights([4])
    offsets = torch.zeros_like(model.generator.unfold(z, y))
    assert (parts.of(z, y, offsets) == parts.of(z, y)).all()
    assert (parts.of(z, y, offsets - 5) != parts.of(z, y)).any()


def test_overlap_counts_what_is_known():
    found, truth = np.array([[[0, 1, 1, 0]]], np.uint8), np.array([[[0, 1, 0, UNPAINTED]]], np.uint8)
    assert np.allclose(overlaps(found, truth, 3), [0.5, 0.5, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        (np.zeros((1, 28, 28), np.uint8), ("a", "b"), "paint at least two parts"),
        (np.full((1, 28, 28), UNPAINTED, np.uint8), ("a", "b"), "paint at least two parts"),
        (np.eye(28, dtype=np.uint8)[None] * 7, ("a", "b"), "labels must be below 2"),
        (np.eye(28, dtype=np.uint8)[None], ("a",), "parts must have 2 to"),
        (np.zeros((2, 28, 28), np.uint8), ("a", "b"), "one for each latent"),
    ],
)
def test_labels_from_which_nothing_can_be_learnt_are_refused(model, labels, names, message):
    with pytest.raises(ValueError, match=message):
        Painted(model.latents([1]), None, labels, names)


def test_a_network_without_maps_is_named():
    flat = untrained((), network="mlp")
    with pytest.raises(ValueError, match="no feature maps to look at: its network is mlp"):
        teach(flat, Painted(flat.latents([1]), None, np.eye(28, dtype=np.uint8)[None], ("a", "b")))


def test_a_set_is_written_and_can_be_read_and_taught_from(model, parts, tmp_path):
    folder = tmp_path / "set"
    write_set(folder, model, parts, [7, 8])
    about = json.loads((folder / FILE).read_text())
    assert about["parts"] == ["dark", "light"] and len(about["pictures"]) == 2
    names = sorted(p.name for p in (folder / PICTURES).iterdir())
    assert names == sorted(p.name for p in (folder / MASKS).iterdir()) == ["0000000007.png", "0000000008.png"]
    again = read_set(folder, model)
    assert (again.labels == parts.of(model.latents([7, 8]), model.class_weights([7, 8]))).all()
    assert torch.equal(again.classes, model.class_weights([7, 8])) and again.names == ("dark", "light")
    with pytest.raises(DataError, match="name a new or an empty folder"):
        write_set(folder, model, parts, [7])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": "x"}, "a list of names"),
        ({"pictures": []}, "must be a list of 1 to"),
        ({"pictures": [3]}, "needs `file`"),
        ({"pictures": [{"file": "../a.png", "seed": 1}]}, "needs `file`"),
        ({"pictures": [{"file": "a.png", "seed": -1}]}, "needs `file`"),
        ({"pictures": [{"file": "a.png", "seed": 1, "classes": [2]}]}, "must be a list of names"),
        ({"pictures": [{"file": "a.png", "seed": 1, "classes": ["z"]}]}, "label must be"),
        ({"pictures": [{"file": "none.png", "seed": 1}]}, "not a mask that can be read"),
        ({"pictures": [{"file": "small.png", "seed": 1}]}, "must be 28 x 28"),
        ({"parts": ["one", "two"], "pictures": [{"file": "a.png", "seed": 1}]}, "labels must be below 2"),
    ],
)
def test_a_folder_that_nobody_wrote_is_refused(model, tmp_path, change, message):
    (tmp_path / MASKS).mkdir()
    save_mask(tmp_path / MASKS / "a.png", np.eye(28, dtype=np.uint8) * 2)
    save_mask(tmp_path / MASKS / "small.png", np.eye(8, dtype=np.uint8))
    about = {"parts": ["a", "b", "c"], "pictures": [{"file": "a.png", "seed": 1}]} | change
    (tmp_path / FILE).write_text(json.dumps(about))
    with pytest.raises(DataError, match=message):
        read_set(tmp_path, model)


def test_masks_can_be_looked_at(tmp_path):
    save_mask(tmp_path / "a.png", np.array([[0, 1], [2, UNPAINTED]], np.uint8))
    shown = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).reshape(-1, 3)
    assert len({tuple(c) for c in shown.tolist()}) == 4 and shown[3].tolist() == [255, 255, 255]


def test_the_command_gives_pictures_to_paint_and_labels_others(tiny_folder, tmp_path, capsys):
    blank, out = tmp_path / "blank", tmp_path / "out"
    assert command.main([str(tiny_folder), "--blank", "2", "--out", str(blank), "--parts", "dark", "light"]) == 0
    assert command.main([str(tiny_folder), str(blank), "--out", str(out)]) == 1
    assert "paint at least two parts" in capsys.readouterr().err
    mask = np.full((28, 28), UNPAINTED, np.uint8)
    mask[:4], mask[12:16] = 0, 1
    save_mask(blank / MASKS / "0000000000.png", mask)
    assert command.main([str(tiny_folder), str(blank), "--out", str(out), "--count", "3"]) == 0
    assert "3 pictures labelled" in capsys.readouterr().out
    assert [p.name for p in sorted((out / MASKS).iterdir())] == [f"{1_000_000 + i:010d}.png" for i in range(3)]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "pass a folder of painted pictures, or --blank N"),
        (["painted", "--count", "0"], "count must be in"),
        (["painted", "--first", "-1"], "first must be in"),
        (["nowhere"], "labels.json"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line(tiny_folder, tmp_path, capsys, flags, message):
    assert command.main([str(tiny_folder), *flags, "--out", str(tmp_path / "out")]) == 1
    err = capsys.readouterr().err
    assert err.startswith("gan.label: error: ") and message in err and err.count("\n") == 1
