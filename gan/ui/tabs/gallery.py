"""The landing tab: a wall of generated samples of every model, read from its folder without its weights."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from gan.evaluation.loss_curve import short
from gan.hub.names import MAX_PICTURE_BYTES
from gan.ui import assets
from gan.ui.server.picture_api import PictureApi

if TYPE_CHECKING:
    from pathlib import Path

    import gradio as gr

    from gan.ui.server.files import Files
    from gan.ui.server.model_info import Info
    from gan.ui.server.model_registry import ModelRegistry

LARGE = 20_000  # bytes of a picture
MAX_PIXELS = 2**22
NO_MODELS = ("No models yet", "Train one with `python train.py`. It appears here after a restart.")


@dataclass(frozen=True)
class Card:
    """One model as `static/gallery/gallery.html` shows it.

    facts: caption -> value, the lines below the samples.
    sheet: the address of the samples; "" where they cannot be shown.
    """

    info: Info
    facts: dict[str, str]
    sheet: str


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the gallery to the tab under construction; once it is on screen, the browser asks for `registry.warm`."""
    import gradio as gr

    return gr.HTML(
        page(registry),
        js_on_load=assets.on_load("gallery"),
        server_functions=PictureApi(registry).functions(),
        elem_id="ll-gallery",
        padding=False,
        apply_default_css=False,
    )


def page(registry: ModelRegistry) -> str:
    """Return the tab's HTML: a card for each model, and a notice for each that cannot be shown."""
    cards = [card(registry.info(name), registry.files) for name in registry.names]
    notices = [*registry.errors.items(), *registry.notices.items()]
    return assets.render("gallery/gallery.html", cards=cards, notices=notices or ([] if cards else [NO_MODELS]))


def first_picture(registry: ModelRegistry) -> str:
    """Return the address of the samples that the page shows first, "" if there are none."""
    return next((card(registry.info(name), registry.files).sheet for name in registry.names), "")


def card(info: Info, files: Files) -> Card:
    """Gather what the gallery shows of one model; its samples are added to the page's files."""
    facts = {
        "Data set": info.dataset,
        "Resolution": f"{info.resolution} × {info.resolution} {'colour' if info.channels == 3 else 'grey'}",
        "Network": info.network,
        "Loss": info.loss,
        "Trained on": f"{short(info.images)} images",
        "Parameters": short(info.parameters),
    }
    png = _read_png(info.samples)
    if not png:
        return Card(info, facts, "")
    data, kind = _as_sent(png, info.grid[1] * info.resolution if info.grid else 0)
    return Card(info, facts, files.add(data, kind))


def _as_sent(png: bytes, width: int) -> tuple[bytes, str]:
    """Return a picture as it goes to the browser, and its media type: a large one as WebP, a fifth of the bytes.

    width: in pixels of the samples themselves, where that is known: files have them enlarged, and the page does that.
    """
    if len(png) > LARGE:
        with suppress(OSError, ValueError, SyntaxError), Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            if picture.width * picture.height <= MAX_PIXELS:
                enlarged = picture.width // width if width and picture.width % width == 0 else 1
                out = io.BytesIO()
                shown = picture.convert("RGB").reduce(enlarged)
                shown.save(out, "WEBP", quality=90, method=4, use_sharp_yuv=True)
                return out.getvalue(), "image/webp"
    return png, "image/png"


def _read_png(path: Path | None) -> bytes | None:
    """Return the bytes of a PNG that is small enough for the page, else None."""
    try:
        if path is None or path.stat().st_size > MAX_PICTURE_BYTES:
            return None
        picture = path.read_bytes()
    except OSError:
        return None
    return picture if picture.startswith(b"\x89PNG") else None
