"""`faces`: the same faces everywhere, with the truth about each; and the script that builds their parts."""

import io
import json
import tarfile

import numpy as np
import pytest
import torch

from gan import data
from gan.data import build_faces, face_colors, face_layers, faces
from gan.errors import DataError

SOME = np.arange(300)
SEEDS, SUBSET = faces.SEEDS, faces.SUBSET  # before a fixture makes them few


def extremes(n):
    """Every attribute of n faces at one of its ends, or any of its names."""
    rng = np.random.default_rng(0)
    return {
        name: rng.choice([a.low, a.high], n) if isinstance(a, faces.Range) else rng.integers(0, len(a.names), n)
        for name, a in faces.ATTRIBUTES.items()
    }


def different(one, other):
    """bool (N, 64, 64): pixels of two sets of pictures that differ."""
    return (one != other).any(-1)


def test_a_face_depends_on_its_seed_alone():
    whole = faces.draw(SOME)
    order = np.random.default_rng(1).permutation(300)[:50]
    assert np.array_equal(faces.draw(order), whole[order])
    assert np.array_equal(faces.draw([7]), whole[7:8])
    assert len(np.unique(whole.reshape(300, -1), axis=0)) == 300
    assert faces.draw([]).shape == (0, 64, 64, 3)
    assert faces.draw([2**64 - 1]).shape == (1, 64, 64, 3)


def test_attributes_are_drawn_as_often_as_stated():
    found = faces.attributes(np.arange(20_000))
    assert found.keys() == faces.ATTRIBUTES.keys()
    related = {name for combination in (*faces.HELD_OUT, {"hair": (), "rear_hair": ()}) for name in combination}
    for name, attribute in faces.ATTRIBUTES.items():
        values = found[name]
        assert values.dtype == np.int64 and values.shape == (20_000,)
        if isinstance(attribute, faces.Range):
            low, high = attribute.low, attribute.high
            assert (values.min(), values.max()) == (low, high) or high - low > 300, name
            assert values.mean() == pytest.approx((low + high) / 2, abs=(high - low) / 50), name
            assert values.std() == pytest.approx((((high - low + 1) ** 2 - 1) / 12) ** 0.5, rel=0.02), name
        else:
            wanted = np.array(attribute.weights) / sum(attribute.weights)
            counts = np.bincount(values, minlength=len(attribute.names)) / 20_000
            assert np.abs(counts - wanted).max() < (0.06 if name in related else 0.015), name


def test_attributes_are_independent_of_each_other():
    found = faces.attributes(np.arange(20_000))
    related = {frozenset(c) for c in faces.HELD_OUT} | {frozenset(("hair", "rear_hair"))}
    names = list(found)
    correlation = np.corrcoef([found[name] for name in names])
    for i, one in enumerate(names):
        for j, other in enumerate(names[:i]):
            touched = {one, other} <= set().union(*related)
            assert abs(correlation[i, j]) < (0.2 if touched else 0.035), (one, other)


def test_held_out_combinations_are_in_no_split_and_can_be_asked_for():
    for split in SEEDS.values():
        found = faces.attributes(np.arange(split.start, split.start + 10_000))
        for combination in faces.HELD_OUT:
            masks = [
                np.isin(found[name], [faces.ATTRIBUTES[name].names.index(v) for v in values])
                for name, values in combination.items()
            ]
            assert not np.logical_and(*masks).any() and all(mask.sum() > 100 for mask in masks)
    asked = faces.attributes([1, 2], hair="bun", beard="full")
    assert faces.ATTRIBUTES["beard"].names[asked["beard"][0]] == "full"
    assert different(faces.draw([1, 2], hair="bun", beard="full"), faces.draw([1, 2], hair="bun", beard="none")).any()


def test_training_and_test_faces_are_others():
    assert (len(SEEDS["train"]), len(SEEDS["test"]), SUBSET) == (50_000, 10_000, 10_000)
    assert not set(SEEDS["train"]) & set(SEEDS["test"])


@pytest.mark.parametrize("name", faces.ATTRIBUTES)
def test_changing_one_thing_changes_it_alone(name):
    attribute, seeds = faces.ATTRIBUTES[name], SOME[:60]
    before = faces.attributes(seeds)
    ends = (attribute.low, attribute.high) if isinstance(attribute, faces.Range) else attribute.names[:2]
    for end in ends:
        after = faces.attributes(seeds, **{name: end})
        assert all(np.array_equal(before[other], after[other]) for other in before if other != name)
    pictures = [faces.draw(seeds, glasses="round", **{name: end}) if name != "glasses" else
                faces.draw(seeds, glasses=end) for end in ends]  # fmt: skip
    assert different(*pictures).any((1, 2)).mean() > 0.1  # such as hair's tone on a bald head without brows' change


def test_a_change_may_differ_from_face_to_face():
    each = faces.draw([1, 2, 3], skin=[0, 500, 1000], beard=["none", "full", "long"])
    for i, (skin, beard) in enumerate([(0, "none"), (500, "full"), (1000, "long")]):
        assert np.array_equal(each[i], faces.draw([i + 1], skin=skin, beard=beard)[0])


# A change of colour, and all regions that may show it.
RECOLOURED = {
    "skin": {"skin"}, "clothes_hue": {"clothes"}, "background_hue": {"background"}, "eye_color": {"eyes"},
    "frame_color": {"glasses"}, "hair_tone": {"hair", "brows", "beard"},
}  # fmt: skip


@pytest.mark.parametrize("name", RECOLOURED)
def test_masks_are_where_the_colour_is(name):
    attribute = faces.ATTRIBUTES[name]
    # Two places of a ring that are opposite each other, or the ends of a ramp.
    ends = (60, 240) if attribute.unit == "degrees" else (attribute.low, attribute.high)
    fixed = {"hair_family": "brown", "clothes_light": 500, "background_light": 500}
    one, other = (faces.draw(SOME, **fixed, **{name: end}).astype(int) for end in ends)
    changed, moved = different(one, other), abs(one - other).max(-1) > 1
    regions = [i for i, region in enumerate(faces.REGIONS) if region in RECOLOURED[name]]
    cover = faces.coverage(SOME, **fixed)[:, regions].astype(int).sum(1)
    labels = np.isin(faces.labels(SOME, **fixed), regions)
    assert changed.any((1, 2)).mean() > 0.25
    assert cover[moved].min() > 0  # a change by one level may be rounding
    if name not in ("eye_color", "clothes_hue", "frame_color"):  # eyes have white, shirts a collar, glasses lenses
        assert changed[cover > 40].mean() > 0.97
        assert (changed & labels).sum() / labels.sum() > 0.97


def test_coverage_sums_to_the_whole_and_is_of_the_parts_there_are():
    cover, found = faces.coverage(SOME), faces.attributes(SOME)
    assert cover.shape == (300, len(faces.REGIONS), 64, 64)
    sums = cover.sum(1, dtype=int)
    assert abs(sums - 255).max() <= 3
    assert np.array_equal(faces.labels(SOME), cover.argmax(1))
    share = (cover > 127).mean((2, 3))
    for region, none in (("beard", "beard"), ("glasses", "glasses")):
        assert np.array_equal(share[:, faces.REGIONS.index(region)] > 0, found[none] > 0)
    for region in ("background", "skin", "clothes"):
        assert (share[:, faces.REGIONS.index(region)] > 0).mean() > 0.95, region
    assert (cover[:, faces.REGIONS.index("hair")].any((1, 2)) == (found["hair"] > 0)).all()


def test_no_pose_moves_a_part_out_of_its_window_or_its_tile(monkeypatch):
    poses = extremes(300)
    pictures = faces.draw(SOME, **poses)
    nearest = face_layers._texel
    monkeypatch.setattr(face_layers, "_texel", lambda *place: np.clip(nearest(*place), 0, face_layers.SIZE - 1))
    monkeypatch.setattr(face_layers, "WINDOWS", dict.fromkeys(face_layers.LAYERS, (0, 64, 0, 64)))
    assert not different(pictures, faces.draw(SOME, **poses)).any()


def test_poses_move_what_they_name():
    def middle(region, **changes):
        """Mean row and column of a region, in pixels, over faces that are upright and in the middle."""
        upright = {"tilt": 0, "shift_x": 0, "shift_y": 0, "scale": 1000, "glasses": "none", "eyes": "wide"}
        cover = faces.coverage(SOME[:40], **{**upright, **changes})[:, faces.REGIONS.index(region)].sum(0, dtype=float)
        at = np.arange(64) + 0.5
        return (cover.sum(1) * at).sum() / cover.sum(), (cover.sum(0) * at).sum() / cover.sum()

    row, column = middle("clothes")
    assert abs(column - 32) < 0.5  # some clothes are not symmetrical
    assert middle("clothes", shift_x=24)[1] - column == pytest.approx(2, abs=0.1)  # 24 units are 2 pixels
    assert middle("eyes", eye_height=-9)[0] - middle("eyes", eye_height=9)[0] == pytest.approx(1.5, abs=0.1)
    assert middle("hair", tilt=80)[1] > 33 > 31 > middle("hair", tilt=-80)[1]
    for name, region in (("scale", "eyes"), ("head_width", "eyes"), ("eye_distance", "eyes"), ("mouth_size", "mouth")):
        ends = faces.ATTRIBUTES[name].low, faces.ATTRIBUTES[name].high
        spread = []
        for end in ends:
            fixed = {"tilt": 0, "shift_x": 0, "glasses": "none", "beard": "none", "eyes": "wide", "mouth": "laugh"}
            cover = faces.coverage(SOME[:40], **{**fixed, name: end})[:, faces.REGIONS.index(region)].sum((0, 1))
            spread.append((cover * abs(np.arange(64) - 31.5)).sum() / cover.sum())
        assert spread[1] > spread[0] * 1.02, name


def test_sine_and_cosine_are_those_of_the_angle():
    tenths = np.arange(-200, 201)
    sine, cosine = face_layers._sine_cosine(tenths)
    assert abs(sine / 65536 - np.sin(np.radians(tenths / 10))).max() < 1e-4
    assert abs(cosine / 65536 - np.cos(np.radians(tenths / 10))).max() < 1e-4


def test_colours_are_wide_and_end_where_their_ramps_end():
    def luma(seeds, **changes):
        """Mean luminance of pixels that are all skin."""
        skin = faces.coverage(seeds, **changes)[:, faces.REGIONS.index("skin")] == 255
        return (faces.draw(seeds, **changes).astype(float) @ [0.299, 0.587, 0.114])[skin].mean()

    assert luma([1], skin=0) > 205 and luma([1], skin=1000) < 75
    for ramp in (face_colors.SKIN, *face_colors.HAIR.values(), face_colors.EYES, face_colors.FRAMES):
        ends = face_colors.along(ramp, np.array([0, 1000]))
        assert np.array_equal(ends, ramp[[0, -1]])
        assert ramp.min() >= 0 and ramp.max() <= 255
    for ring in (face_colors.CLOTHES, face_colors.BACKGROUND):
        assert np.array_equal(face_colors.around(ring, np.arange(0, 360, 30)), ring)
    colours = faces.draw(np.arange(2000))[:, 0, 0].astype(int)  # backgrounds
    saturation = 1 - colours.min(1) / colours.max(1)
    assert (saturation < 0.08).mean() < 0.1 and (saturation > 0.3).mean() > 0.5


@pytest.mark.parametrize("changes, words", [
    ({"hat": "top"}, ["'hat'", "hair", "glasses", "skin"]),
    ({"beard": "goat"}, ["beard", "'goat'", "goatee", "none"]),
    ({"skin": 1001}, ["skin", "[0, 1000]", "1001"]),
    ({"skin": -1}, ["skin", "-1"]),
    ({"skin": 1.5}, ["skin", "1.5"]),
    ({"skin": "dark"}, ["skin", "'dark'"]),
    ({"beard": 6}, ["beard", "6"]),
    ({"beard": True}, ["beard", "True"]),
    ({"beard": None}, ["beard", "None"]),
    ({"beard": ["none"] * 3}, ["beard", "2", "3"]),
])  # fmt: skip
def test_impossible_changes_are_refused_with_what_there_is(changes, words):
    with pytest.raises(DataError) as caught:
        faces.draw([1, 2], **changes)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("seeds", [[-1], [0.5], 3, ["a"], [[1]]])
def test_impossible_seeds_are_refused(seeds):
    with pytest.raises(DataError, match="seeds must be"):
        faces.draw(seeds)


def test_the_data_set_holds_the_faces_of_its_seeds():
    train, test, subset = data.load("faces"), data.load("faces", split="test"), data.load("faces-10k")
    assert len(train.images) == len(faces.SEEDS["train"]) and len(test.images) == len(faces.SEEDS["test"])
    assert torch.equal(train.images[:50].permute(0, 2, 3, 1), torch.from_numpy(faces.draw(np.arange(50))))
    assert torch.equal(test.images[:5].permute(0, 2, 3, 1), torch.from_numpy(faces.draw(faces.SEEDS["test"][:5])))
    assert torch.equal(subset.images, train.images[: len(subset.images)]) and len(subset.images) < len(train.images)
    assert torch.equal(train.labels, torch.from_numpy(faces.attributes(np.arange(len(train.labels)))["hair"]))
    assert train.classes == ("Bald", "Side-combed", "Undercut", "Spiky", "Bun", "Afro", "Fringe")


def test_a_damaged_sheet_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(face_layers, "SHEET", tmp_path / "faces.webp")
    face_layers.texels.cache_clear()
    with pytest.raises(DataError, match=r"faces\.webp is missing or damaged.*reinstall"):
        faces.draw([1])


def package(path, version="9.4.3"):
    """A package of the same layout, whose every part is the same small drawing in its layer's colour."""
    files = {"package/package.json": json.dumps({"name": "@dicebear/toon-head", "version": version})}
    eye = '<circle cx="314" cy="407.677" r="27" fill="#4B2422"/><circle cx="27" cy="27" r="27" ' \
          'transform="matrix(-1 0 0 1 480.15 380.68)" fill="#4B2422"/>'  # fmt: skip
    for layer, names in face_layers.LAYERS.items():
        colour = 'fill="${escape.xml(`${colors.hair}`)}"'
        body = eye if layer == "eyes" else f'<path d="M0 0h9v9z" {colour} stroke="black"/>'
        lines = [f"    '{build_faces.NAMES.get(n, n)}': (components, colors) => `{body}`," for n in names
                 if n not in build_faces.OURS]  # fmt: skip
        files[f"package/lib/components/{build_faces.NAMES.get(layer, layer)}.js"] = "\n".join(lines)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content.encode()))
    return path


def test_building_reads_every_part_of_the_package(tmp_path):
    drawings = build_faces.read_drawings(package(tmp_path / "p.tgz"))
    assert list(drawings) == [(layer, part) for layer, names in face_layers.LAYERS.items() for part in names]
    assert len(drawings) == face_layers.COUNT
    assert all(("TINT" in d or layer == "mouth") and "colors" not in d for (layer, _), d in drawings.items())
    # Both irises have pupils, the right one where its mirrored circle was.
    assert drawings["eyes", "wide"].count("TINT") == 2
    assert 'cx="453.15" cy="407.68" r="14"' in drawings["eyes", "wide"]
    with pytest.raises(SystemExit, match=r"9\.4\.2: pass @dicebear/toon-head 9\.4\.3"):
        build_faces.read_drawings(package(tmp_path / "q.tgz", "9.4.2"))


def test_a_part_is_taken_apart_into_colour_tint_alpha_and_coverage():
    size = face_layers.SIZE * build_faces.OVERSAMPLED

    def rasterise(drawing):
        """A half-opaque square of the tint above an opaque red one, premultiplied as a renderer would."""
        pixels = np.zeros((size, size, 4), np.uint8)
        level = 255 if "#ffffff" in drawing else 0
        alpha = 128 if 'opacity="0.5"' in drawing else 255
        pixels[: size // 2] = [level * alpha // 255] * 3 + [alpha]
        pixels[size // 2 :] = [200, 0, 0, 255]
        return pixels

    colour, other = build_faces.render('<path fill="TINT" fill-opacity="0.5"/>', rasterise)
    assert colour.shape == other.shape == (face_layers.SIZE, face_layers.SIZE, 3)
    assert colour[0, 0].tolist() == [0, 0, 0] and colour[-1, -1].tolist() == [200, 0, 0]
    assert other[0, 0].tolist() == [128, 128, 128] and other[-1, -1].tolist() == [0, 255, 255]
