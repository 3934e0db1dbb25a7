"""Latent Lab: train a GAN, walk through its latent space, publish it.

`load(folder) -> Model` is the whole of it for most uses; see `gan.model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan.model import Model, load

__all__ = ["Model", "load"]


def __getattr__(name: str):
    # Lazily, so that what needs no torch (the browser's first screen) does not wait for it.
    if name in __all__:
        from gan import model

        return getattr(model, name)
    raise AttributeError(f"module 'gan' has no attribute {name!r}")
