"""Latent Lab: train a GAN, walk through its latent space, publish it.

Most uses need only `load(folder or "USER/NAME") -> Model`; see `gan.hub.load` and `gan.models.model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan.hub.load import load
    from gan.models.model import Model

__version__ = "0.2.0"
__all__ = ["Model", "load"]


def __getattr__(name: str):
    # Imported on first use: the app's first screen needs no torch and must not wait for it.
    if name == "load":
        from gan.hub.load import load

        return load
    if name == "Model":
        from gan.models.model import Model

        return Model
    raise AttributeError(f"module 'gan' has no attribute {name!r}")
