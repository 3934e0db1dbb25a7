"""`gan.pictures.picture_file`: every format, mode and depth, and every kind of damage."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gan.pictures import picture_file


def scene(size=(48, 48)):
    """Left half red, right half blue, top eighth green: it shows turning, cropping and mirroring."""
    width, height = size
    image = Image.new("RGB", size, "red")
    image.paste("blue", (width // 2, 0, width, height))
    image.paste((0, 255, 0), (0, 0, width, height // 8))
    return image


def saved(tmp_path, image, name="a.png", **options):
    image.save(tmp_path / name, **options)
    return picture_file.stack([picture_file.read_picture(tmp_path / name, 32)])[0].astype(int)


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


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def encoded(name, **options) -> bytes:
    out = io.BytesIO()
    scene().save(out, name, **options)
    return out.getvalue()


def with_chunk(added: bytes) -> bytes:
    plain = encoded("PNG")
    return plain[:33] + added + plain[33:]


def with_segment(marker: int, body: bytes) -> bytes:
    plain = encoded("JPEG", quality=95)
    return plain[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + plain[2:]


def tiff_tag(tag: int, kind: int, count: int, value: int) -> bytes:
    return b"II*\0" + struct.pack("<IHHHII", 8, 1, tag, kind, count, value) + bytes(4)


FAULTS = {
    "PNG: 5 MB of text": with_chunk(chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(5_000_000)))),
    "PNG: a wrong checksum": with_chunk(chunk(b"tEXt", b"a\0b")[:-4] + b"nope"),
    "PNG: a cut profile": with_chunk(chunk(b"iCCP", b"icc\0")),
    "PNG: a cut size": with_chunk(chunk(b"pHYs", b"\0\0")),
    "PNG: a cut gamma": with_chunk(chunk(b"gAMA", b"\0")),
    "PNG: EXIF of nonsense": with_chunk(chunk(b"eXIf", b"MM\0*nonsense")),
    "JPEG: EXIF of nonsense": with_segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "JPEG: EXIF without tags": with_segment(0xE1, b"Exif\0\0"),
    "JPEG: an orientation of text": with_segment(0xE1, b"Exif\0\0" + tiff_tag(0x0112, 2, 4, 0x61616161)),
    "JPEG: an orientation of 99": with_segment(0xE1, b"Exif\0\0" + tiff_tag(0x0112, 3, 1, 99)),
    "JPEG: several pictures that are not there": with_segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\xff\xff"),
    "JPEG: a profile in no order": with_segment(0xE2, b"ICC_PROFILE\0\x07\x01x"),
    "JPEG: Photoshop's, cut": with_segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\0\x10x"),
    "WebP: EXIF of nonsense": encoded("WEBP", lossless=True, exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_metadata_does_not_cost_the_picture(fault):
    plain = picture_file.read_picture(encoded("PNG"), 32).pixels.astype(int)
    pixels = picture_file.read_picture(FAULTS[fault], 32).pixels
    assert np.abs(pixels - plain).mean() < 5  # JPEG smears colour


@pytest.mark.parametrize("make", [
    lambda exif: with_chunk(chunk(b"eXIf", exif)),
    lambda exif: with_segment(0xE1, b"Exif\0\0" + exif),
    lambda exif: encoded("WEBP", lossless=True, exif=b"Exif\0\0" + exif),
    lambda exif: with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"6\"/>"),
], ids=["PNG", "JPEG", "WebP", "XMP"])  # fmt: skip
def test_orientation_is_found_in_every_format(make):
    plain = picture_file.read_picture(encoded("PNG"), 32).pixels.astype(int)
    turned = picture_file.read_picture(make(tiff_tag(0x0112, 3, 1, 6)), 32).pixels
    assert np.abs(turned - np.rot90(plain, -1)).mean() < 5


def sixteen_bits(peak: int, name: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.tile(np.linspace(0, peak, 32).astype(np.uint16), (32, 1))).save(out, name)
    return out.getvalue()


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", picture_file.DEPTHS)
def test_fewer_bits_than_the_file_has_still_reach_white(bits, name):
    pictures = [picture_file.read_picture(sixteen_bits(peak, name), 32) for peak in (2**bits - 1, 2**bits // 3)]
    bright, dark = picture_file.stack(pictures).astype(int)
    assert np.abs(bright[..., 0] - np.linspace(0, 255, 32)).max() <= 1
    assert np.abs(dark[..., 0] - np.linspace(0, 85, 32)).max() <= 1  # scaled as its neighbour is


def test_colour_of_twelve_bits_in_sixteen_reaches_white():
    rows = b"".join(b"\0" + struct.pack(">3H", 4095, 2048, 0) * 40 for _ in range(40))
    header = struct.pack(">IIBBBBB", 40, 40, 16, 2, 0, 0, 0)
    data = picture_file.PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (pixels,) = picture_file.stack([picture_file.read_picture(data, 32)]).astype(int)
    assert np.abs(pixels - (255, 128, 0)).max() <= 16  # Pillow keeps 8 of the 16 bits, so 4 of the 12 used


def test_a_depth_that_the_file_declares_is_kept():
    data = b"P5 40 40 4095\n" + struct.pack(">H", 1024) * 1600
    (pixels,) = picture_file.stack([picture_file.read_picture(data, 32)])
    assert (pixels == 64).all()


def test_a_jpeg_is_never_decoded_in_full(monkeypatch):
    out = io.BytesIO()
    Image.new("RGB", (2000, 1600), "red").save(out, "JPEG")
    decoded = []
    resize = Image.Image.resize
    monkeypatch.setattr(
        Image.Image, "resize", lambda self, *a, **k: (decoded.append(self.size), resize(self, *a, **k))[1]
    )
    assert picture_file.read_picture(out.getvalue(), 32).side == 1600
    assert decoded[0] == (250, 200)


def test_what_is_no_plain_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match="plain file"):
        picture_file.read_picture(tmp_path / "pipe.png", 32)
