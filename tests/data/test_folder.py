"""A folder of anybody's pictures: every mode, every kind of damage."""

import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan import data
from gan.data import folder


def scene(size=(48, 48)):
    """Left half red, right half blue, top eighth green: it shows turning, cropping and mirroring."""
    width, height = size
    image = Image.new("RGB", size, "red")
    image.paste("blue", (width // 2, 0, width, height))
    image.paste((0, 255, 0), (0, 0, width, height // 8))
    return image


def fill(path, n=folder.MIN_PICTURES, start=0):
    path.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + n):
        Image.new("RGB", (40, 40), (i % 256, i // 256, 9)).save(path / f"{i:04}.png")
    return path


def test_pictures_come_in_order_of_path_and_unlabelled(tmp_path):
    fill(tmp_path / "mine", 20)
    fill(tmp_path / "mine" / "deep" / "er", 3, start=20)
    (tmp_path / "mine" / "readme.txt").write_text("no picture")
    (tmp_path / "mine" / "._0000.png").write_bytes(b"a file manager's litter")
    dataset = data.load(str(tmp_path / "mine"))
    assert dataset.name == "mine" and dataset.classes == () and not dataset.labels.any()
    assert dataset.images.shape == (23, 3, 32, 32) and dataset.images.dtype == torch.uint8
    assert dataset.images[:, 0, 0, 0].tolist() == list(range(23))
    assert dataset.captions[0] == "0000.png" and dataset.captions[-1] == "deep/er/0022.png"
    assert len(dataset.notes) == 1 and "only 23 pictures" in dataset.notes[0]
    assert data.load(str(tmp_path / "mine"), 64).images.shape[2:] == (64, 64)


def test_subfolders_are_classes_only_when_nothing_else_holds_pictures(tmp_path):
    fill(tmp_path / "dog", 9)
    fill(tmp_path / "cat" / "tabby", 9, start=9)
    (tmp_path / "empty").mkdir()
    dataset = data.load(str(tmp_path))
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels.tolist() == [0] * 9 + [1] * 9
    assert dataset.images[:, 0, 0, 0].tolist() == [*range(9, 18), *range(9)]
    Image.new("RGB", (40, 40)).save(tmp_path / "stray.png")
    assert data.load(str(tmp_path)).classes == ()


def test_one_subfolder_is_no_class(tmp_path):
    fill(tmp_path / "all")
    assert data.load(str(tmp_path)).classes == ()


@pytest.mark.parametrize("n", [0, 15])
def test_too_few_pictures_say_how_many_and_how_many_are_needed(tmp_path, n):
    fill(tmp_path, n)
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    with pytest.raises(data.DataError) as caught:
        data.load(str(tmp_path))
    for word in (f"holds {n} readable", "at least 16", "add pictures", "bad.jpg"):
        assert word in str(caught.value)


def test_many_pictures_need_no_warning(tmp_path):
    assert data.load(str(fill(tmp_path, folder.FEW_PICTURES))).notes == ()


def saved(tmp_path, image, name="a.png", **options):
    image.save(tmp_path / name, **options)
    return folder.read_picture(tmp_path / name, 32)[0].astype(int)


@pytest.mark.parametrize("mode, name", [
    ("RGB", "a.png"), ("RGB", "a.jpg"), ("RGB", "a.webp"), ("RGB", "a.bmp"), ("RGB", "a.ppm"), ("RGB", "a.avif"),
    ("P", "a.png"), ("P", "a.gif"), ("RGBA", "a.png"), ("RGBA", "a.webp"), ("CMYK", "a.jpg"), ("CMYK", "a.tif"),
    ("LAB", "a.tif"),
])  # fmt: skip
def test_colour_survives_every_mode_and_format(tmp_path, mode, name):
    image = scene()
    if mode == "LAB":
        pytest.importorskip("PIL.ImageCms")
        from PIL import ImageCms

        lab = ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    pixels = saved(tmp_path, image.convert(mode), name)
    assert pixels.shape == (32, 32, 3)
    for (y, x), colour in {(20, 6): (255, 0, 0), (20, 26): (0, 0, 255), (1, 6): (0, 255, 0)}.items():
        assert np.abs(pixels[y, x] - colour).max() < 60, (y, x, pixels[y, x])


@pytest.mark.parametrize("make, name", [
    (lambda ramp: Image.fromarray((ramp * 255).astype(np.uint8)), "a.png"),
    (lambda ramp: Image.fromarray((ramp * 65535).astype(np.uint16)), "a.png"),
    (lambda ramp: Image.fromarray((ramp * 65535).astype(np.uint16)), "a.tif"),
    (lambda ramp: Image.fromarray((ramp * 65535).astype(">u2")), "a.tif"),
    (lambda ramp: Image.fromarray((ramp * 65535).astype(np.int32)), "a.tif"),
    (lambda ramp: Image.fromarray((ramp * 7 - 3).astype(np.float32)), "a.tif"),
])  # fmt: skip
def test_grey_of_any_depth_keeps_its_range_and_becomes_three_channels(tmp_path, make, name):
    ramp = np.tile(np.linspace(0, 1, 32), (32, 1))
    pixels = saved(tmp_path, make(ramp), name)
    assert np.abs(pixels - (ramp * 255)[..., None]).max() <= 1


def test_bilevel_pictures_are_black_and_white(tmp_path):
    pixels = saved(tmp_path, scene().convert("L").point(lambda v: 255 * (v > 100)).convert("1"))
    assert pixels[1, 1].min() > 250 and pixels[20, 6].max() < 5


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "RGB with a key", "L with a key"])
def test_transparency_becomes_white_without_a_seam(tmp_path, mode):
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))  # what is transparent hides green
    image.paste((255, 255, 255, 255), (16, 16, 48, 48))
    if mode == "P":
        indexed = Image.new("P", (64, 64), 0)
        indexed.putpalette([0, 255, 0, 255, 255, 255])
        indexed.paste(1, (16, 16, 48, 48))
        pixels = saved(tmp_path, indexed, transparency=0)
    elif mode.endswith("key"):
        image, key = (image.convert("RGB"), (0, 255, 0)) if mode[0] == "R" else (image.convert("RGB").convert("L"), 150)
        pixels = saved(tmp_path, image, transparency=key)
    elif mode == "PA":
        indexed = image.convert("RGB").quantize(4)
        indexed.putalpha(image.getchannel("A"))
        assert indexed.mode == "PA"  # no file opens so, but Pillow's own pictures may be
        pixels = np.asarray(folder.to_rgb(indexed))
    else:
        pixels = saved(tmp_path, image.convert(mode))
    assert pixels.min() == 255


def test_half_transparent_black_is_grey(tmp_path):
    assert np.abs(saved(tmp_path, Image.new("RGBA", (40, 40), (0, 0, 0, 128))) - 127).max() <= 1


@pytest.mark.parametrize("orientation, turn", [
    (3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270),
    (2, Image.Transpose.FLIP_LEFT_RIGHT), (5, Image.Transpose.TRANSPOSE),
])  # fmt: skip
def test_exif_turns_the_picture_upright(tmp_path, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain = saved(tmp_path, scene(), "plain.jpg", quality=95)
    turned = saved(tmp_path, scene().transpose(turn), "turned.jpg", quality=95, exif=exif)
    untagged = saved(tmp_path, scene().transpose(turn), "untagged.jpg", quality=95)
    assert np.abs(turned - plain).mean() < 3 < 30 < np.abs(untagged - plain).mean()


@pytest.mark.parametrize("size", [(96, 32), (32, 96), (1, 50), (3000, 2000)])
def test_the_centre_is_kept(tmp_path, size):
    image = Image.new("RGB", size, "red")
    side = min(size)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    image.paste("blue", (left, top, left + side, top + side))
    for name in ("a.png", "a.jpg"):
        pixels = saved(tmp_path, image, name)
        inner = pixels[4:-4, 4:-4] if name == "a.jpg" else pixels  # JPEG smears colour over the cut
        assert pixels.shape == (32, 32, 3)
        assert side == 1 or np.abs(inner - (0, 0, 255)).max() < 40


def test_fine_stripes_are_averaged_not_sampled(tmp_path):
    stripes = np.zeros((512, 512), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(saved(tmp_path, Image.fromarray(stripes)) - 127.5).max() < 6


@pytest.mark.parametrize("cell", [8, 120])  # pixels: pictures of 128 and 1920
def test_a_jpeg_decoded_small_is_as_sharp_as_a_png(tmp_path, cell):
    cells = np.kron(np.indices((16, 16)).sum(0) % 2 * 255, np.ones((cell, cell))).astype(np.uint8)
    exact, quick = (saved(tmp_path, Image.fromarray(cells), name) for name in ("a.png", "a.jpg"))
    assert np.abs(exact - quick).mean() < 8 and exact.std() > 100


def test_an_animation_gives_its_first_frame(tmp_path):
    red, blue = Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 40), "blue")
    for name in ("a.gif", "a.webp", "a.png"):
        pixels = saved(tmp_path, red, name, save_all=True, append_images=[blue])
        assert np.abs(pixels - (255, 0, 0)).max() < 20, name


def test_small_pictures_are_enlarged_and_counted(tmp_path):
    fill(tmp_path)
    Image.new("RGB", (8, 80)).save(tmp_path / "tiny.png")
    assert any("1 picture smaller than 32 pixels" in note for note in data.load(str(tmp_path)).notes)


def png(width, height):
    """A PNG of a hundred bytes that declares any size."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def truncated(name):
    def write(path):
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(noise).save(path / name)
        (path / name).write_bytes((path / name).read_bytes()[:-2000])

    return write


@pytest.mark.parametrize("name, write", [
    ("empty.png", lambda path: (path / "empty.png").write_bytes(b"")),
    ("text.jpg", lambda path: (path / "text.jpg").write_text("hello")),
    ("cut.png", truncated("cut.png")),
    ("cut.jpg", truncated("cut.jpg")),
    ("bomb.png", lambda path: (path / "bomb.png").write_bytes(png(60_000, 60_000))),
    ("large.png", lambda path: (path / "large.png").write_bytes(png(9_200, 9_000))),  # below Pillow's own limit
    ("warns.png", lambda path: (path / "warns.png").write_bytes(png(11_000, 10_000))),  # Pillow only warns here
    ("script.png", lambda path: (path / "script.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")),
    ("icon.png", lambda path: Image.new("RGB", (40, 40)).save(path / "icon.png", "ICO")),  # a format not asked for
    ("nan.tif", lambda path: Image.fromarray(np.full((40, 40), np.nan, np.float32)).save(path / "nan.tif")),
    ("broken.png", lambda path: (path / "broken.png").symlink_to(path / "gone.png")),
])  # fmt: skip
def test_an_unreadable_file_is_skipped_and_named(tmp_path, name, write):
    fill(tmp_path)
    write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = data.load(str(tmp_path))
    assert len(dataset.images) == folder.MIN_PICTURES
    assert dataset.notes[0] == f"1 unreadable file skipped: {name}"


@pytest.mark.parametrize("size", [(60_000, 60_000), (9_200, 9_000), (11_000, 10_000)])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch, size):
    (tmp_path / "bomb.png").write_bytes(png(*size))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises((ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)):
        folder.read_picture(tmp_path / "bomb.png", 32)


def test_pillows_own_warning_is_a_refusal(tmp_path, monkeypatch):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(Image.DecompressionBombWarning):
        folder.read_picture(tmp_path / "a.png", 32)


def test_floats_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        folder.to_rgb(Image.fromarray(np.array([[0, 1], [np.nan, np.inf]], np.float32)))


def test_many_unreadable_files_are_named_then_counted(tmp_path):
    fill(tmp_path)
    for i in range(folder.MAX_NAMED + 4):
        (tmp_path / f"bad{i:03}.png").write_bytes(b"x")
    note = data.load(str(tmp_path)).notes[0]
    assert note.startswith(f"{folder.MAX_NAMED + 4} unreadable files skipped: bad000.png, bad001.png, ")
    assert note.endswith(f", bad{folder.MAX_NAMED - 1:03}.png and 4 more")


def test_links_neither_loop_nor_lead_outside(tmp_path):
    home = fill(tmp_path / "home")
    (home / "loop").symlink_to(home)
    Image.new("RGB", (40, 40), "white").save(tmp_path / "secret.png")
    (home / "out.png").symlink_to(tmp_path / "secret.png")
    (home / "within.png").symlink_to(home / "0003.png")
    dataset = data.load(str(home))
    assert len(dataset.images) == folder.MIN_PICTURES + 1 and dataset.images[-1, 0, 0, 0] == 3
    assert "1 link to outside the folder skipped: out.png" in dataset.notes


def test_a_data_set_wins_over_a_folder_of_its_name(tmp_path, monkeypatch):
    fill(tmp_path / "emoji")
    monkeypatch.chdir(tmp_path)
    assert len(data.load("emoji").images) == 1911
    assert len(data.load("./emoji").images) == folder.MIN_PICTURES


def test_a_folder_has_no_test_split(tmp_path):
    with pytest.raises(data.DataError, match="'test'"):
        data.load(str(fill(tmp_path)), split="test")
