"""The landing tab: a wall of generated samples of every model, read from its folder without its weights."""

from __future__ import annotations

import base64
import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image

from gan.evaluation.loss_curve import short
from gan.hub.names import MAX_PICTURE_BYTES
from gan.ui import assets
from gan.ui.server.picture_api import PictureApi

if TYPE_CHECKING:
    from pathlib import Path

    from gan.ui.server.model_info import Info
    from gan.ui.server.model_registry import ModelRegistry

LARGE = 100_000  # bytes of a picture
MAX_PIXELS = 2**22
NO_MODELS = ("No models yet", "Train one with `python train.py`. It appears here after a restart.")


@dataclass(frozen=True)
class Card:
    """One model as `static/gallery/gallery.html` shows it.

    facts: caption -> value, the lines below the samples.
    sheet: the samples as a data URL; "" where they cannot be shown.
    """

    info: Info
    facts: dict[str, str]
    sheet: str


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the gallery to the tab under construction; once it is on screen, the browser asks for `registry.warm`."""
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
    cards = [card(registry.info(name)) for name in registry.names]
    cards += [card(registry.info(name, "translate")) for name in registry.translators]
    notices = [*registry.errors.items(), *registry.notices.items()]
    return assets.render("gallery/gallery.html", cards=cards, notices=notices or ([] if cards else [NO_MODELS]))


def card(info: Info) -> Card:
    """Gather what the gallery shows of one model."""
    facts = {
        "Data set": info.dataset,
        "Resolution": f"{info.resolution} × {info.resolution} {'colour' if info.channels == 3 else 'grey'}",
        "Network": info.network,
        "Loss": info.loss,
        "Trained on": f"{short(info.images)} images",
        "Parameters": short(info.parameters),
    }
    png = _read_png(info.samples)
    return Card(info, facts, _data_url(png) if png else "")


def _data_url(png: bytes) -> str:
    """Return a picture as it goes into the page: a large one as WebP, which takes a fifth of the bytes."""
    kind, data = "png", png
    if len(png) > LARGE:
        with suppress(OSError, ValueError, SyntaxError), Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            if picture.width * picture.height <= MAX_PIXELS:
                out = io.BytesIO()
                picture.convert("RGB").save(out, "WEBP", quality=90, method=4, use_sharp_yuv=True)
                kind, data = "webp", out.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _read_png(path: Path | None) -> bytes | None:
    """Return the bytes of a PNG that is small enough for the page, else None."""
    try:
        if path is None or path.stat().st_size > MAX_PICTURE_BYTES:
            return None
        picture = path.read_bytes()
    except OSError:
        return None
    return picture if picture.startswith(b"\x89PNG") else None
