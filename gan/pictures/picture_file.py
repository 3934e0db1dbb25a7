"""One file of a picture, of any format, mode and depth, as pixels. Nothing about it is trusted.

Metadata is looked at for one thing only, which way is up, and a fault in it never costs the picture. A grey picture of
more than 8 bits says nothing about how many of its bits are used, so that is seen from the brightest of all (`stack`).
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

MAX_PIXELS = 80_000_000  # of one file; a larger one is more likely an attack or a mistake than a photograph
ENDINGS = {
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi", ".webp", ".gif", ".bmp", ".tif", ".tiff",
    ".avif", ".avifs", ".ppm", ".pgm", ".pbm", ".pnm",
}  # fmt: skip
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")  # no others: some of Pillow's start programs
DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras, scanners and microscopes use of 16
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
JPEG_ESSENTIAL = (0xE0, 0xEE)  # markers that applications own, of JFIF and Adobe: they say how colours are kept
ORIENTATION = 0x0112  # of EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class TooManyPixels(ValueError):
    """Raised for a picture that is too large to be decoded."""


class NotTwoSquares(ValueError):
    """Raised for a picture that is not twice as wide as it is high, where two side by side were expected."""


@dataclass(frozen=True)
class Picture:
    """A square picture. pixels: uint8 (R, R, 3), or uint16 (R, R, 3) where the file has 16 bits a channel.

    side: the shorter side of the file's picture, in pixels. peak: no value of that picture, in its own depth, is above.
    """

    pixels: np.ndarray
    side: int
    peak: int = 255


def read_picture(source: Path | bytes, resolution: int, most: int = MAX_PIXELS, half: int | None = None) -> Picture:
    """Decode a file: turned upright, cropped to the centred square, on white where transparent, resampled (Lanczos).

    half: of two pictures side by side, 0 for the left one and 1 for the right one; `NotTwoSquares` if they are not.
    A JPEG is decoded at a fraction of its size; of an animation the first frame is taken. Raises Pillow's own error for
    a file that cannot be decoded in full, `TooManyPixels` beyond `most`, undecoded, and ValueError for no plain file.
    """
    with _opened(source) as (image, exif):
        if image.width * image.height > most:
            raise TooManyPixels(f"{image.width}x{image.height} is more than {most:,} pixels")
        side = min(image.size)
        sixteen = _has_16_bits(image)
        image.draft(None, (2 * resolution, 2 * resolution))
        image.load()
        turn = TURNS.get(_orientation(image, exif))
        if half is not None:
            image, turn = _half(image if turn is None else image.transpose(turn), half), None
            side = min(image.size)
        if image.mode.startswith("I"):  # Pillow uses "I" for 16 bits in files that name no byte order
            grey, peak = _deep_grey(image, resolution)
            pixels = np.repeat(grey[..., None], 3, 2)
        else:
            small = to_rgb(_square(_continuous(image), resolution))
            pixels, peak = np.asarray(small), 255
            if sixteen and image.mode == "RGB":  # of which Pillow keeps the upper 8 bits
                peak = int(np.max(image.getextrema())) << 8 | 255
                pixels = pixels.astype(np.uint16) << 8 | 255
    if turn is not None:
        pixels = _turned(pixels, turn)
    return Picture(pixels, side, peak)


def count_pixels(source: Path | bytes) -> int:
    """Return how many pixels a file says it has, undecoded. Raises as `read_picture` does."""
    with _opened(source) as (image, _):
        return image.width * image.height


def stack(pictures: Sequence[Picture]) -> np.ndarray:
    """Return pictures of one size as uint8 (N, R, R, 3).

    Those of 16 bits are scaled alike, by the fewest bits, one of `DEPTHS`, that hold the brightest value of them all.
    """
    peak = max((picture.peak for picture in pictures if picture.pixels.dtype == np.uint16), default=0)
    white = 2 ** next(bits for bits in DEPTHS if peak >> bits == 0) - 1
    return np.stack([_eight_bits(picture.pixels, white) for picture in pictures])


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode of 8 bits to RGB, transparency over white, and floats by their own range."""
    if image.mode == "F":
        grey = np.asarray(image)
        if not np.isfinite(grey).all():
            raise ValueError("the picture holds values that are not finite")
        grey = (grey - grey.min()) / max(float(np.ptp(grey)), 1e-12)
        return Image.fromarray(np.rint(grey * 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def fit_array(pixels: np.ndarray, resolution: int) -> np.ndarray:
    """Return an array uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) as `read_picture` would: uint8 (R, R, 3)."""
    image = Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
    return np.asarray(to_rgb(_square(image, resolution)))


@contextmanager
def _opened(source: Path | bytes) -> Iterator[tuple[Image.Image, bytes]]:
    """Open a file, undecoded, without the metadata that could be at fault; give the image, and metadata as bytes."""
    if isinstance(source, Path):
        if not source.is_file():
            raise ValueError("not a plain file")
        source = source.read_bytes()
    essential, metadata = source, b""
    if source.startswith(PNG):
        essential, metadata = _png_parts(source)
    elif source.startswith(JPEG):
        essential, metadata = _jpeg_parts(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(essential), formats=FORMATS) as image:
            yield image, metadata


def _png_parts(data: bytes) -> tuple[bytes, bytes]:
    """Split a PNG into the chunks that make its pixels, and its EXIF and text, which may be damaged or enormous."""
    kept, metadata, at = [PNG], b"", len(PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if kind[:1].isupper() or kind == b"tRNS":
            kept.append(data[at:end])
        elif kind == b"eXIf":
            metadata = data[at + 8 : end - 4]
        at = end
    return b"".join(kept), metadata


def _jpeg_parts(data: bytes) -> tuple[bytes, bytes]:
    """Split a JPEG into what makes its pixels, and its EXIF and XMP, which may be damaged."""
    kept, metadata, at = [JPEG], b"", 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xDA:  # the pixels
            break
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker in JPEG_ESSENTIAL or marker < 0xE0:
            kept.append(data[at:end])
        elif marker == 0xE1:
            metadata += data[at + 4 : end].removeprefix(b"Exif\0\0")
        at = end
    return b"".join((*kept, data[at:])), metadata


def _orientation(image: Image.Image, metadata: bytes) -> int:
    """Return the EXIF orientation, 1 to 8, or that of XMP; 1 where there is none, and where it cannot be read."""
    try:
        if image.format in ("PNG", "JPEG", "MPO"):
            exif = Image.Exif()
            if metadata[:2] in (b"II", b"MM"):
                exif.load(metadata)
        else:
            exif = image.getexif()
        found = exif.get(ORIENTATION)
        if found is None and (xmp := re.search(rb'tiff:Orientation(?:="|>)([1-8])', metadata)):
            found = int(xmp[1])
        return found if isinstance(found, int) else 1
    except Exception:  # a damaged list of tags raises nearly anything, and is not worth the picture
        return 1


def _continuous(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be resampled, as it is where it can be."""
    if image.mode in ("P", "PA") or (image.mode in ("1", "L", "RGB") and image.has_transparency_data):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.convert("L") if image.mode == "1" else image


def _half(image: Image.Image, which: int) -> Image.Image:
    width, height = image.size
    if abs(width - 2 * height) > max(2, height // 50):
        raise NotTwoSquares(f"{width}x{height} is not twice as wide as high")
    middle = width // 2
    return image.crop((0, 0, middle, height) if which == 0 else (middle, 0, width, height))


def _square(image: Image.Image, resolution: int) -> Image.Image:
    """Resample the centred square."""
    cut = min(image.size)
    left, top = (image.width - cut) // 2, (image.height - cut) // 2
    box = (left, top, left + cut, top + cut)
    return image.resize((resolution, resolution), Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def _has_16_bits(image: Image.Image) -> bool:
    """Return True for a file, not decoded yet, that keeps 16 bits a channel without saying how many of them are used.

    PPM says it, so Pillow has scaled what it decodes of one.
    """
    tiles = getattr(image, "tile", ())
    if not tiles or image.format == "PPM":
        return False
    args = tiles[0][3]
    return "16" in str(args[0] if isinstance(args, tuple) else args)


def _deep_grey(image: Image.Image, resolution: int) -> tuple[np.ndarray, int]:
    """Return the square of a grey picture of 16 bits as uint16 (R, R), and its largest value before resampling."""
    whole = image.convert("I") if image.mode != "I" else image
    brightest = int(np.max(whole.getextrema()))
    peak = 65535 if image.format == "PPM" else min(max(brightest, 0), 65535)
    return np.clip(np.asarray(_square(whole, resolution)), 0, peak).astype(np.uint16), peak


def _turned(pixels: np.ndarray, turn: Image.Transpose) -> np.ndarray:
    """Return square pixels (R, R, 3) turned or mirrored."""
    channels = [Image.fromarray(np.ascontiguousarray(pixels[..., i])).transpose(turn) for i in range(3)]
    return np.stack([np.asarray(channel) for channel in channels], -1)


def _eight_bits(pixels: np.ndarray, white: int) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    return np.clip((pixels.astype(np.int64) * 255 + white // 2) // white, 0, 255).astype(np.uint8)
