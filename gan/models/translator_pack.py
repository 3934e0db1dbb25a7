"""A translator's pack: the one file with which a browser translates, as `gan.models.pack` of a generator."""

from __future__ import annotations

import json

from safetensors.torch import save

from gan.models.pack import FORMAT, KEY
from gan.models.translator import Translator
from gan.models.weights import is_finite
from gan.networks import borrowed, informed, palette, unet

BORROWING = ("unet-borrowed", "unet-informed")  # which find colours in the picture
UNETS = ("unet", "unet-palette", *BORROWING, "unet-patches")  # their critics (discriminators) stay at home


def pack_translator(model: Translator, half: bool = True, most: int | None = None) -> bytes:
    """Return a translator's weights as safetensors, with what must be known to use them as metadata.

    That is JSON: {format, task, size, channels, conditions, colours, found, own, insight, widths, sides}; colours are
    where among the conditions one begins that the network paints with, found how many it finds in the picture, own how
    many it has itself, insight the features and answers of a second way down (`gan.networks.informed`) and how
    loud those are, if any, widths the channels of the maps from full size down. half, most, and ValueError: as for
    `gan.models.pack.pack`.
    """
    config, widths = model.config, unet.widths_of(model.config)
    if config.network not in UNETS or any(width % 8 for width in widths):
        raise ValueError(f"a browser can translate by unet of a width that 32 divides only, and {model.name} is other")
    tensors = {
        name: tensor.detach().cpu() for name, tensor in model.generator.state_dict().items()
        if not name.startswith("heads.")  # for training alone
    }  # fmt: skip
    size = sum((2 if half else 4) * tensor.numel() for tensor in tensors.values())
    if most is not None and size > most:
        raise ValueError(f"the weights of {model.name} take {size:,} bytes, more than {most:,}")
    if half:
        tensors = {name: tensor.half() for name, tensor in tensors.items()}
    if not all(map(is_finite, tensors.values())):
        raise ValueError(f"{model.name} has weights beyond what half precision holds")
    told = palette.colours_of(config) if config.network == "unet-palette" else []
    about = {
        "format": FORMAT,
        "task": "translate",
        "size": model.resolution,
        "channels": model.channels,
        "conditions": len(model.condition_names),
        "colours": told,
        "found": borrowed.FOUND if config.network in BORROWING else 0,
        "own": palette.OWN if told or config.network in BORROWING else 0,
        "insight": [informed.HIDDEN, informed.ANSWERS, informed.LOUD] if config.network == "unet-informed" else [],
        "widths": widths,
        "sides": list(model.sides),
    }
    return save({name: tensor.contiguous() for name, tensor in tensors.items()}, {KEY: json.dumps(about)})
