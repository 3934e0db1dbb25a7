"""`gan.data.picture_file`: every format, mode and depth, and every kind of damage."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gan.data import picture_file


def scene(size=(48, 48)):
    """Left half red, right half blue, top eighth green: it shows turning, cropping and mirroring."""
    width, height = size
    image = Image.new("RGB", size, "red")
    image.paste("blue", (width // 2, 0, width, height))
    image.paste((0, 255, 0), (0, 0, width, height // 8))
    return image


def saved(tmp_path, image, name="a.png", **options):
    image.save(tmp_path / name, **options)
    return picture_file.read_picture(tmp_path / name, 32)[0].astype(int)


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
        pixels = np.asarray(picture_file.to_rgb(indexed))
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


def png(width, height):
    """A PNG of a hundred bytes that declares any size."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (9_200, 9_000), (11_000, 10_000)])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch, size):
    (tmp_path / "bomb.png").write_bytes(png(*size))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises((ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)):
        picture_file.read_picture(tmp_path / "bomb.png", 32)


def test_pillows_own_warning_is_a_refusal(tmp_path, monkeypatch):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(Image.DecompressionBombWarning):
        picture_file.read_picture(tmp_path / "a.png", 32)


def test_floats_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        picture_file.to_rgb(Image.fromarray(np.array([[0, 1], [np.nan, np.inf]], np.float32)))
