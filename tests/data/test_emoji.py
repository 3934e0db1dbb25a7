"""`emoji`: names that belong to their pictures, and the script that builds both files."""

import io
import json
import tarfile

import pytest
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


def tarball(path, version="16.0.0"):
    """A package of the same layout with 49 emoji: a red square whose transparent border hides green."""
    entries = [
        {"name": f"NAME {i}", "category": "Component" if i else "Symbols", "sort_order": 48 - i, "image": f"{i}.png",
         "has_img_google": True}
        for i in range(49)
    ]  # fmt: skip
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (8, 8, 56, 56))
    files = {"package/package.json": json.dumps({"name": "emoji-datasource-google", "version": version}).encode(),
             "package/emoji.json": json.dumps(entries).encode()}  # fmt: skip
    for i in range(49):
        (image if i % 2 else image.convert("LA")).save(buffer := io.BytesIO(), "PNG")
        files[f"package/img/google/64/{i}.png"] = buffer.getvalue()
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_building_sorts_merges_composites_and_repeats(tmp_path, monkeypatch):
    monkeypatch.setattr(build_emoji, "SHEET", tmp_path / "emoji.webp")
    monkeypatch.setattr(build_emoji, "NAMES", tmp_path / "emoji.json")
    monkeypatch.setattr(emoji, "SHEET", tmp_path / "emoji.webp")
    monkeypatch.setattr(emoji, "NAMES", tmp_path / "emoji.json")
    build_emoji.build(tarball(tmp_path / "p.tgz"))
    before = (tmp_path / "emoji.webp").read_bytes(), (tmp_path / "emoji.json").read_bytes()
    build_emoji.build(tmp_path / "p.tgz")
    assert before == ((tmp_path / "emoji.webp").read_bytes(), (tmp_path / "emoji.json").read_bytes())
    built = data.load("emoji", 64)
    assert built.captions[0] == "name 48" and built.classes == ("Symbols",)
    odd = built.images[built.captions.index("name 7")]
    assert (odd[:, :8] == 255).all() and odd[:, 32, 32].tolist() == [255, 0, 0]
    small = data.load("emoji", 32).images[built.captions.index("name 7")]
    assert (small[0].float() > 250).all()  # red everywhere: nothing of the hidden green, no dark seam
    with pytest.raises(SystemExit, match="16.0.0"):
        build_emoji.build(tarball(tmp_path / "q.tgz", "15.0.0"))
