"""The landing tab: a picture to play with, a network that learns, and a wall of generated samples of every model.

All of it is read from folders without any weights; `static/gallery/` brings it to life.
"""

from __future__ import annotations

import base64
import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from gan.evaluation.loss_curve import short
from gan.hub.names import MAX_PICTURE_BYTES
from gan.models.image_grid import GRID
from gan.ui import assets
from gan.ui.server import wording
from gan.ui.server.picture_api import PictureApi
from gan.ui.tabs.quiz import playable

if TYPE_CHECKING:
    from pathlib import Path

    import gradio as gr

    from gan.ui.server.files import Files
    from gan.ui.server.model_info import Info
    from gan.ui.server.model_registry import ModelRegistry

LARGE = 20_000  # bytes of a picture
MAX_PIXELS = 2**22
NO_MODELS = ("No models yet", "Train one with `python train.py`. It appears here after a restart.")


# The first screen: a sample of pleasant looks, and the sliders below it where a model has them. The first two follow
# the pointer, across and down; -1 turns one around.
HERO_SEED = 15  # of those on every sheet of samples, 0 to 63
HERO_SLIDERS = {
    "shift_x": 1, "scale": 1, "mouth_laugh": 1, "mouth_grin": 1, "beard": 1, "skin": 1, "clothes_light": 1,
    "background_red": 1,
}  # fmt: skip
HERO_COUNT = 5


@dataclass(frozen=True)
class Card:
    """One model as `static/gallery/gallery.html` shows it.

    sentence: what it makes. facts: caption -> value, what else there is to know.
    sheet: the address of the samples; "" where they cannot be shown.
    """

    info: Info
    sentence: str
    facts: dict[str, str]
    sheet: str

    @property
    def smooth(self) -> bool:
        """Tell whether its pictures are enlarged smoothly by default."""
        return bool(self.info.for_browser()["smooth"])


@dataclass(frozen=True)
class Hero:
    """The picture that the first screen begins with.

    still: it as a data URL, for as long as nobody can draw it. sliders: which of the model's named ones are shown.
    axes: {index, sign} of those that follow the pointer, across and up. film: as `gan.live.record_ring.record` says.
    """

    info: Info
    seed: int
    still: str
    sliders: list[int]
    axes: list[dict[str, int]]
    film: str

    @property
    def smooth(self) -> bool:
        """Tell whether the picture is enlarged smoothly by default."""
        return bool(self.info.for_browser()["smooth"])


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


def page(registry: ModelRegistry, quiz: bool = True) -> str:
    """Return the tab's HTML: a card for each model, and a notice for each that cannot be shown.

    quiz: whether there is a tab Quiz, to which the first screen then leads.
    """
    cards = [card(registry.info(name), registry.files) for name in registry.names]
    cards += [card(registry.info(name, "translate"), registry.files) for name in registry.translators]
    notices = [*registry.errors.items(), *registry.notices.items()]
    shown = next(filter(None, (hero(registry.info(name)) for name in registry.names)), None)
    return assets.render(
        "gallery/gallery.html",
        hero=shown,
        cards=cards,
        notices=notices or ([] if cards else [NO_MODELS]),
        quiz=quiz and bool(playable(registry)),
    )


def hero(info: Info) -> Hero | None:
    """Return the first screen over a model; None for one without named sliders, or whose samples cannot be shown."""
    png = _read_png(info.samples)
    if png is None or info.grid is None or not info.named:
        return None
    seed = min(HERO_SEED, info.grid[0] * info.grid[1] - 1)
    still = _tile(png, info.grid, seed)
    if not still:
        return None
    known = [name for name in HERO_SLIDERS if name in info.named]
    shown = [*known, *(name for name in info.named if name not in known)][:HERO_COUNT]
    axes = [{"index": info.named.index(name), "sign": HERO_SLIDERS.get(name, 1)} for name in shown[:2]]
    film = (assets.STATIC / "gallery/ring.json").read_text(encoding="utf-8")
    return Hero(info, seed, still, [info.named.index(name) for name in shown], axes, film)


def _tile(png: bytes, grid: tuple[int, int], seed: int) -> str:
    """Return one of the samples as a data URL, or "" where the file is no picture that can be shown."""
    with suppress(OSError, ValueError, SyntaxError), Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        if picture.width * picture.height <= MAX_PIXELS:
            (down, across), (width, height) = grid, picture.size
            (row, column), (h, w) = divmod(seed, across), (height // down, width // across)
            out = io.BytesIO()
            picture.crop((column * w, row * h, (column + 1) * w, (row + 1) * h)).save(out, "PNG")
            return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
    return ""


def first_picture(registry: ModelRegistry) -> str:
    """Return the address of the samples that the page shows first, "" if there are none."""
    return next((card(registry.info(name), registry.files).sheet for name in registry.names), "")


def card(info: Info, files: Files) -> Card:
    """Gather what the gallery shows of one model; its samples are added to the page's files."""
    facts = {
        "Learnt from": info.dataset,
        "Resolution": f"{info.resolution} × {info.resolution} {'colour' if info.channels == 3 else 'grey'}",
        "Network": info.network,
        "Loss": info.loss,
        "Trained on": f"{short(info.images)} images",
        "Parameters": short(info.parameters),
    }
    png = _read_png(info.samples)
    sentence = wording.sentence(info.dataset, info.task == "translate")
    if not png:
        return Card(info, sentence, facts, "")
    columns = GRID[1] if info.task == "translate" else info.grid[1] if info.grid else 0
    data, kind = _as_sent(png, columns * info.resolution)
    return Card(info, sentence, facts, files.add(data, kind))


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
