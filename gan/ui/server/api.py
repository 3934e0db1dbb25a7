"""The app as an API: `/generate`, `/interpolate` and `/translate`, for `gradio_client`, curl or another Space.

```python
from gradio_client import Client
lab = Client("http://127.0.0.1:7860")
lab.predict("mnist", seed=7, label="3", truncation=0.8, api_name="/generate")       # path of a PNG
lab.predict("mnist", seeds=[1, 2, 3], frames=60, mode="slerp", api_name="/interpolate")  # path of a WebP
drawing = base64.b64encode(Path("drawing.png").read_bytes()).decode()
lab.predict("sketch-to-face", drawing, api_name="/translate")                            # path of a PNG
```

A bad value is refused with a `gr.Error` that names it and its range: the one kind of exception whose text Gradio sends
to the client even with `show_error=False`.
"""

from __future__ import annotations

import functools
import inspect
import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from gan.ui.server.limits import Busy
from gan.ui.server.request import whole
from gan.ui.server.translations import encoded, sent_picture
from gan.ui.server.video import file_name, webp

if TYPE_CHECKING:
    import numpy as np

    from gan.ui.server.model_registry import ModelRegistry

RUNNING = 2  # calls to all endpoints at once; the queue holds the others
log = logging.getLogger(__name__)


def build(registry: ModelRegistry) -> None:
    """Add the endpoints to the Blocks under construction; they do not show on the page."""
    for function in endpoints(registry):
        gr.api(
            _with_gradio_errors(function),
            api_name=function.__name__,
            api_description=" ".join(str(function.__doc__).split()),
            concurrency_limit=RUNNING,
            concurrency_id="latent-lab-api",
        )


def endpoints(registry: ModelRegistry) -> tuple[Callable[..., gr.FileData], ...]:
    """Return the functions, which raise ValueError for a bad value and `Busy` when too many renders are under way.

    Their signatures and docstrings are what `view_api()` and the page's API panel show.
    """

    def generate(
        model: str, seed: int = 0, label: str | int | list[str | int] | None = None, truncation: float = 1.0
    ) -> gr.FileData:
        """Return one picture as a PNG of the model's own size.
        seed: a whole number in [0, 4294967295]; the same seed always gives the same picture.
        label: a class by name or index; null lets the seed choose, and is all that a model without classes takes.
        A list where a picture has several classes, such as ["Cat", "Sea"]; the seed chooses what is left out.
        truncation: in [0, 2]; lower is more typical, higher more varied."""
        picture = registry.picture(model, seed, label=label, truncation=truncation)
        return _file(_png(picture), file_name(model, [seed], ".png"), "image/png")

    def interpolate(
        model: str,
        seeds: list[int],
        frames: int = 60,
        mode: Literal["slerp", "lerp"] = "slerp",
        loop: bool = False,
        label: str | int | list[str | int] | None = None,
        truncation: float = 1.0,
        fps: int = 24,
    ) -> gr.FileData:
        """Return a walk through the latent space as a lossless animated WebP that repeats for ever.
        Pixels are enlarged by a whole factor until the short side has 256.
        seeds: 2 to 8 whole numbers in [0, 4294967295], the keyframes.
        frames: how many pictures in all, in [2, 240] and no fewer than there are seeds.
        mode: slerp (around the sphere) or lerp (straight). loop: whether the walk ends where it began.
        label, truncation: as for /generate. fps: frames a second, in [1, 60]."""
        fps = whole(fps, "fps", 1, 60)
        pictures = registry.interpolate(model, seeds, frames, mode=mode, loop=loop, label=label, truncation=truncation)
        return _file(webp(pictures, fps), file_name(model, seeds, ".webp"), "image/webp")

    def translate(
        model: str, picture: str, to: Literal["b", "a"] = "b", conditions: list[float] | None = None
    ) -> gr.FileData:
        """Return a picture translated, as a PNG of the translator's own size.
        picture: a PNG, JPEG, WebP or other file of at most 1.4 MB, in base64; cropped to a square and resized.
        to: b, or a for the way back where the translator has one.
        conditions: what the translator is told besides, numbers in [0, 1] (colours for sketch-to-face); null for
        the middle of each."""
        side = registry.info(model, "translate").resolution
        asked = {"picture": encoded(sent_picture(picture, side)), "to": to, "conditions": conditions}
        made = registry.ask_translation(model, asked).result().picture
        return _file(_png(made), file_name(model, (), ".png"), "image/png")

    return generate, interpolate, translate


def _with_gradio_errors(function: Callable[..., gr.FileData]) -> Callable[..., gr.FileData]:
    """Return the function with `gr.Error` for every failure; the traceback of an unexpected one goes to the log."""

    @functools.wraps(function)
    def guarded(*values: Any) -> gr.FileData:
        try:
            return function(*values)
        except (ValueError, Busy) as error:
            raise gr.Error(str(error), print_exception=False) from None
        except Exception:
            log.exception("%s failed", function.__name__)
            message = "something went wrong on the server; please try other settings"
            raise gr.Error(message, print_exception=False) from None

    # Gradio documents parameters and results by this, and does not evaluate annotations that are text.
    guarded.__signature__ = inspect.signature(function, eval_str=True)  # type: ignore[attr-defined]
    return guarded


def _png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "PNG")
    return file.getvalue()


def _file(data: bytes, name: str, mime: str) -> gr.FileData:
    """Store a file in Gradio's cache, where its name depends on its bytes: the same picture is stored once."""
    path = save_bytes_to_cache(data, name, get_upload_folder())
    return gr.FileData(path=path, orig_name=Path(path).name, mime_type=mime, size=len(data))
