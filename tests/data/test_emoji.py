"""What every data set promises, and the bundled emoji in particular."""

import io
import json
import tarfile

import pytest
import torch
from PIL import Image

from gan import data
from gan.config import RESOLUTIONS
from gan.data import build_emoji, emoji, image_sheet
from gan.data.image_sheet import read_sheet, write_sheet

BUNDLED = [name for name, source in data.DATASETS.items() if not source.download]


@pytest.fixture(scope="module")
def full():
    return data.load("emoji", 64)


def picture(dataset, name):
    """Float (3, H, W) of the one picture with this caption."""
    assert dataset.captions.count(name) == 1
    return dataset.images[dataset.captions.index(name)].float()


@pytest.mark.parametrize("resolution", [None, 28, 32, 64])
@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_keep_the_contract(name, resolution):
    source, dataset = data.DATASETS[name], data.load(name, resolution)
    side = resolution or source.resolution
    assert dataset.name == name
    assert dataset.images.dtype == torch.uint8 and dataset.images.is_contiguous()
    assert dataset.images.shape[1] in (1, 3) and dataset.images.shape[2:] == (side, side)
    assert dataset.images.min() == 0 and dataset.images.max() == 255
    assert dataset.labels.dtype == torch.int64 and dataset.labels.shape == (len(dataset.images),)
    assert dataset.labels.unique().tolist() == list(range(len(dataset.classes)))
    assert len(set(dataset.classes)) == len(dataset.classes)


@pytest.mark.parametrize("name", BUNDLED)
def test_loading_twice_gives_the_same(name):
    one, two = data.load(name), data.load(name, data_root="/nonexistent")
    assert torch.equal(one.images, two.images) and torch.equal(one.labels, two.labels)
    assert one.captions == two.captions


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_have_no_test_split_and_say_what_has(name):
    with pytest.raises(data.DataError, match="--dataset mnist"):
        data.load(name, split="test")


@pytest.mark.parametrize("source", data.DATASETS.values(), ids=data.DATASETS)
def test_sources_describe_themselves(source):
    assert source.resolution in RESOLUTIONS and source.licence and source.download >= 0
    assert 0 < len(source.about) < 30 and "\n" not in source.about


@pytest.mark.parametrize("arguments, words", [
    (("emojis",), ["'emojis'", *data.DATASETS, "folder"]),
    (("",), ["''", "folder"]),
    (("x" * 5000,), ["unknown"]),
    (("nul\0",), ["unknown"]),
    (("emoji", 48), ["28, 32, 64", "48"]),
    (("emoji", -32), ["-32"]),
    (("emoji", 32, "data", "validation"), ["'validation'", "train"]),
    ((__file__,), ["is a file", "folder"]),
])  # fmt: skip
def test_wrong_arguments_are_answered_with_the_value_and_the_cure(arguments, words):
    with pytest.raises(data.DataError) as caught:
        data.load(*arguments)
    assert all(word in str(caught.value) for word in words), str(caught.value)


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


@pytest.mark.parametrize("shape, columns", [((6, 5, 5, 3), 3), ((4, 28, 28, 1), 2)])
def test_a_sheet_gives_back_what_was_put_in(tmp_path, shape, columns):
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1)).numpy()
    write_sheet(tmp_path / "s.webp", pictures, columns)
    mode = "L" if shape[-1] == 1 else "RGB"
    assert (read_sheet(tmp_path / "s.webp", mode, shape[1], shape[0]) == pictures).all()
    with pytest.raises(data.DataError, match="must hold"):
        read_sheet(tmp_path / "s.webp", mode, shape[1], shape[0] + 1)


@pytest.mark.parametrize("content", [None, b"", b"version https://git-lfs", emoji.SHEET.read_bytes()[:5000]])
def test_a_damaged_sheet_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "s.webp").write_bytes(content)
    with pytest.raises(data.DataError, match="s.webp is missing or damaged"):
        image_sheet.read_sheet(tmp_path / "s.webp", "RGB", 64, 1911)
