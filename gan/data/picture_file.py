"""One file of a picture, of any format, mode and depth, as pixels; nothing about it is trusted."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MAX_PIXELS = 80_000_000  # of one file; a larger one is more likely an attack or a mistake than a photograph
ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".ppm", ".pgm", ".pbm"}
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")  # no others: some of Pillow's start programs


def read_picture(path: Path, resolution: int) -> tuple[np.ndarray, int]:
    """Return one file as uint8 (resolution, resolution, 3), and its shorter side in pixels before resampling.

    Raises Pillow's own error for a file that cannot be decoded in full, and ValueError beyond MAX_PIXELS, undecoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} is more than {MAX_PIXELS:,} pixels")
            side = min(image.size)
            image.draft(None, (2 * resolution, 2 * resolution))  # a huge JPEG is decoded at a fraction of its size
            image.load()
            upright = ImageOps.exif_transpose(image)
    cut = min(upright.size)
    left, top = (upright.width - cut) // 2, (upright.height - cut) // 2
    square = to_rgb(upright.crop((left, top, left + cut, top + cut)))
    return np.asarray(square.resize((resolution, resolution), Image.Resampling.LANCZOS, reducing_gap=3.0)), side


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB: transparency over white, 16-bit grey by its full range, floats by their own range."""
    if image.mode.startswith("I"):  # Pillow uses "I" for 16 bits in files that name no byte order
        grey = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray(((grey * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
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
