"""The landing tab: a wall of generated samples of every model, read from its folder without its weights."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

import gradio as gr

from gan.evaluation.loss_curve import short
from gan.hub.names import PICTURE
from gan.ui.server import rpc

if TYPE_CHECKING:
    from pathlib import Path

    from gan.ui.server.model_info import Info
    from gan.ui.server.model_registry import ModelRegistry


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the gallery to the tab under construction; once it is on screen, the browser asks for `registry.warm`."""
    return gr.HTML(
        page(registry),
        js_on_load="latentLab.gallery(element, server)",
        server_functions=rpc.functions(registry),
        elem_id="ll-gallery",
        padding=False,
        apply_default_css=False,
    )


def page(registry: ModelRegistry) -> str:
    """The tab's HTML. Whatever comes from a folder is escaped."""
    cards = [card(registry.info(name)) for name in registry.names]
    notices = [notice(name, why) for name, why in [*registry.errors.items(), *registry.notices.items()]]
    if not cards and not notices:
        notices = [notice("No models yet", "train one with `python train.py`; it appears here after a restart")]
    return f'<div class="ll-cards">{"".join(cards + notices)}</div>'


def card(info: Info) -> str:
    """One model: its wall of samples, and what is known of it."""
    name = escape(info.name, quote=True)
    facts = {
        "Data set": info.dataset,
        "Resolution": f"{info.resolution} × {info.resolution} {'colour' if info.channels == 3 else 'grey'}",
        "Network": info.network,
        "Loss": info.loss,
        "Trained on": f"{short(info.images)} images",
        "Parameters": short(info.parameters),
    }
    rows = "".join(f"<div><dt>{key}</dt><dd>{escape(value)}</dd></div>" for key, value in facts.items())
    return (
        f'<article class="ll-card" aria-labelledby="ll-card-{name}">{wall(info)}'
        f'<div class="ll-card-text"><header><h2 id="ll-card-{name}">{name}</h2>'
        f'<button type="button" class="ll-button ll-primary" data-open="{name}" aria-label="Explore {name}">'
        f"Explore</button></header><dl>{rows}</dl></div></article>"
    )


def wall(info: Info) -> str:
    """The samples as one button a seed, or as one plain picture where the grid is unknown."""
    picture = _picture(info.samples)
    if picture is None:
        return '<div class="ll-wall-box ll-empty"></div>'
    name = escape(info.name, quote=True)
    sheet = "data:image/png;base64," + base64.b64encode(picture).decode("ascii")
    if info.grid is None:
        return f'<div class="ll-wall-box"><img src="{sheet}" alt="Samples of {name}"></div>'
    rows, columns = info.grid
    tiles = "".join(
        f'<button type="button" data-open="{name}" data-seed="{seed}" title="seed {seed}"'
        f' aria-label="{name}, seed {seed}: open in Explore"></button>'
        for seed in range(rows * columns)
    )
    return (
        f'<div class="ll-wall-box"><div class="ll-wall" role="group" aria-label="Samples of {name}" '
        f'data-rows="{rows}" data-columns="{columns}" data-size="{info.resolution}" '
        f"style=\"--sheet:url('{sheet}');--columns:{columns}\">{tiles}</div></div>"
    )


def _picture(path: Path | None) -> bytes | None:
    """The bytes of a PNG that is small enough for the page, else None."""
    try:
        if path is None or path.stat().st_size > PICTURE:
            return None
        picture = path.read_bytes()
    except OSError:
        return None
    return picture if picture.startswith(b"\x89PNG") else None


def notice(name: str, why: str) -> str:
    """A card for a model that cannot be shown, or with something to know about it."""
    return f'<article class="ll-card ll-notice"><h2>{escape(name)}</h2><p>{escape(why)}</p></article>'
