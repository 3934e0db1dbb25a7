"""`emoji`: names that belong to their pictures, and the script that builds both files."""

import io
import json
import sys
import tarfile
import types

import pytest
import torch
from PIL import Image

from gan import data
from gan.data import build_emoji, emoji


@pytest.fixture(scope="module")
def full():
    return data.load("emoji", 64)


def picture(dataset, name):
    """Float (3, H, W) of the one picture with this caption."""
    assert dataset.captions.count(name) == 1
    return dataset.images[dataset.captions.index(name)].float()


def test_all_1911_emoji_have_names_and_categories(full):
    assert full.images.shape == (1911, 3, 64, 64) and len(full.captions) == 1911
    assert full.classes == (
        "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities",
        "Objects", "Symbols", "Flags",
    )  # fmt: skip
    for name, category in [
        ("grinning face", "Smileys & Emotion"),
        ("slice of pizza", "Food & Drink"),
        ("japan flag", "Flags"),
        ("emoji modifier fitzpatrick type-6", "Symbols"),
    ]:
        assert full.classes[full.labels[full.captions.index(name)]] == category


def test_names_belong_to_their_pictures(full):
    # Colours are independent of our own tables: names say what must be seen.
    red, green, blue = picture(full, "grinning face")[:, 16:48, 16:48].flatten(1).median(1).values
    assert red > 230 and green > 170 and blue < 100  # yellow
    red, green, blue = picture(full, "large blue square")[:, 32, 32]
    assert blue > 150 and blue > red + 60
    flag = picture(full, "france flag")
    left, right = flag[:, 32, 10], flag[:, 32, 53]
    assert left[2] > left[0] + 50 and right[0] > right[2] + 50  # blue on the left, red on the right
    japan = picture(full, "japan flag")
    assert japan[0, 32, 32] > 150 and japan[1:, 32, 32].max() < 100  # the sun in the middle


@pytest.mark.parametrize("resolution", [28, 32, 64])
def test_emoji_stand_on_white(resolution):
    images = data.load("emoji", resolution).images
    corners = images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].float()
    assert (corners == 255).all(1).float().mean() > 0.95
    # Resampling may ring by a level or two, yet no dark seam may appear around a circle on white.
    face = images[data.load("emoji").captions.index("grinning face")].float()
    assert (face[0] > 60).float().mean() > 0.85  # red is high in yellow and in white: only eyes and mouth are dark


def test_smaller_emoji_are_the_larger_ones_averaged(full):
    small = data.load("emoji", 32).images.float()
    means = full.images.float().unflatten(2, (32, 2)).unflatten(4, (32, 2)).mean((3, 5))
    assert (small - means).abs().mean() < 6  # levels of 255: a shift by one pixel gives over 10
    assert (small - means.roll(1, 3)).abs().mean() > 10


def test_every_style_draws_the_same_emoji():
    about = emoji.index()
    assert len(about.rows["noto"]) == 1911 and about.rows["noto"] == tuple(range(1911))
    everywhere = set.intersection(*map(set, about.rows.values()))
    assert len(everywhere) == 1570
    # Colours are independent of our own tables: a lemon is yellow and a heart red, whoever drew them.
    for name, high, low in [("lemon", (0, 1), (2,)), ("heavy black heart", (0,), (1, 2))]:
        number = about.names.index(name)
        for style in emoji.STYLES:
            middle = emoji.on_white(style)[about.rows[style].index(number), :, 24:40, 24:40].float().mean((1, 2))
            assert min(middle[c] for c in high) > max(middle[c] for c in low) + 60, (style, name)


def test_styles_and_kinds_are_classes_side_by_side(loaded):
    styles, noto = loaded("emoji-styles", 32), loaded("emoji", 32)
    about = emoji.index()
    assert len(styles.images) == sum(map(len, about.rows.values())) == 7268
    assert [(group.name, group.size, group.most) for group in styles.groups] == [("style", 4, 1), ("kind", 64, 1)]
    assert torch.equal(styles.images[:1911], noto.images)
    row = styles.captions.index("slice of pizza, fluent-3d")
    assert [styles.classes[k] for k in styles.labels[row].nonzero()[:, 0]] == ["fluent-3d", "food-prepared"]
    counts = styles.labels[:1911].sum(0)[4:]  # of Noto's, by kind
    assert all(
        n >= emoji.MIN_KIND or name.startswith("other ") for n, name in zip(counts, styles.classes[4:], strict=True)
    )


def packages(folder, flat="1.2.6", count=50):
    """Write four packages of the same layout as the real ones, of red squares whose transparent border hides green.

    Emoji i has the code i in hexadecimal; Fluent's packages lack the first. flat: version inside the last package.
    """
    entries = [
        {"name": f"NAME {i}", "category": "Component" if i else "Symbols",
         "subcategory": "skin-tone" if i else "geometric",
         "sort_order": count - i, "unified": f"00{i:02X}-FE0F", "has_img_google": True}
        for i in range(count)
    ]  # fmt: skip
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (8, 8, 56, 56))
    image.save(small := io.BytesIO(), "PNG")
    image.resize((256, 256), Image.Resampling.NEAREST).save(large := io.BytesIO(), "WEBP", lossless=True, exact=True)
    files = {f"00{i:02x}-fe0f": small.getvalue() for i in range(count)}
    icons = {"icons": {f"icon-{i}": {"body": "<rect/>"} for i in range(2, count)}, "width": 32, "height": 32,
             "aliases": {"icon-1": {"parent": "icon-2"}}}  # fmt: skip
    contents = {
        "noto": {"emoji.json": json.dumps(entries), **{f"img/google/64/{k}.png": v for k, v in files.items()}},
        "twemoji": {f"img/twitter/64/{k}.png": v for k, v in files.items()},
        "fluent-3d": {f"assets/{k}.webp": large.getvalue() for k in list(files)[1:]},
        "fluent-flat": {
            "icons.json": json.dumps(icons),
            "chars.json": json.dumps({f"00{i:02x}": f"icon-{i}" for i in range(1, count)}),
        },
    }  # fmt: skip
    for style, held in contents.items():
        name, version = build_emoji.PACKAGES[style]
        version = flat if style == "fluent-flat" else version
        held = {"package.json": json.dumps({"name": name, "version": version}), **held}
        with tarfile.open(folder / build_emoji._tarball(*build_emoji.PACKAGES[style]), "w:gz") as tar:
            for path, content in held.items():
                content = content.encode() if isinstance(content, str) else content
                info = tarfile.TarInfo(f"package/{path}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return small.getvalue()


def test_building_sorts_merges_joins_and_repeats(tmp_path, monkeypatch):
    drawn = packages(tmp_path)
    monkeypatch.setitem(sys.modules, "resvg_py", types.SimpleNamespace(svg_to_bytes=lambda svg_string: drawn))
    monkeypatch.setattr(emoji, "BUNDLED", tmp_path)
    for module in (emoji, build_emoji):
        monkeypatch.setattr(module, "NAMES", tmp_path / "emoji.json")
    monkeypatch.setattr(emoji, "index", emoji.index.__wrapped__)
    build_emoji.build(tmp_path)
    written = [*map(emoji.sheet, emoji.STYLES), tmp_path / "emoji.json"]
    before = [path.read_bytes() for path in written]
    build_emoji.build(tmp_path)
    assert before == [path.read_bytes() for path in written]
    built = data.load("emoji", 64)
    assert built.captions[0] == "name 49" and built.classes == ("Symbols",)
    for image in built.images:
        assert (image[:, :8] == 255).all() and image[:, 32, 32].tolist() == [255, 0, 0]
    small = data.load("emoji", 32).images
    assert (small[:, 0].float() > 250).all()  # red everywhere: nothing of the hidden green, no dark seam
    styles = data.load("emoji-styles")
    assert styles.classes == (*emoji.STYLES, "skin-tone", "other symbols")
    assert styles.labels.sum(0).tolist() == [50, 50, 49, 49, 196, 2]
    reduced = styles.images[styles.captions.index("name 7, fluent-3d")]  # from 256 pixels: rings by a level or two
    assert reduced[:, 32, 32].tolist() == [255, 0, 0] and (reduced[0] > 250).all()
    packages(tmp_path, flat="1.0.0")
    with pytest.raises(KeyError, match="not @iconify-json/fluent-emoji-flat 1.2.6"):
        build_emoji.build(tmp_path)
