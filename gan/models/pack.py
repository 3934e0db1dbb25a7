"""A pack: the one file with which a browser draws a model's pictures, of half the size of its weights."""

from __future__ import annotations

import json
import math

from safetensors.torch import save

from gan.models.model import Model
from gan.models.weights import is_finite
from gan.networks import modulated, resnet

FORMAT = 1  # as in static/engine/pack.mjs, which reads it
KEY = "latent-lab"  # of the metadata


def pack(model: Model, half: bool = True, most: int | None = None) -> bytes:
    """Return a model's generator and directions as safetensors, with what must be known to use them as metadata.

    The weights are float16 if `half`, else float32; pictures then differ from the model's by at most one grey level.
    Directions are float32. The metadata is JSON: {format, z_dim, channels, classes, groups, maps, modulated,
    directions, named, own, reach}, where classes, directions and named are counts, groups lists (size, most), maps
    (side, channels) from coarse to fine, modulated whether the latent enters every stage, own the classes with named
    directions of their own, and reach where a move along those ends, see `gan.models.named.move`; absent where none
    does. most: bytes that it may take. ValueError for a
    larger one, for a network that the browser does not know, and for weights that float16 cannot hold.
    """
    generator = model.generator
    if not isinstance(generator, resnet.Generator):
        raise ValueError(
            f"a browser can draw networks of the kinds resnet and modulated only, and {model.name} is "
            f"{model.config.network}"
        )
    full = isinstance(generator, modulated.Generator)
    if full and generator.maps[-1][1] % 16:
        raise ValueError(f"the networks of {model.name} are too narrow for a browser: it needs a width of 32 or more")
    size = sum((2 if half else 4) * tensor.numel() for tensor in generator.state_dict().values())
    if most is not None and size > most:
        raise ValueError(f"the weights of {model.name} take {size:,} bytes, more than {most:,}")
    tensors = {name: tensor.detach().cpu() for name, tensor in generator.state_dict().items()}
    if half:
        tensors = {name: tensor.half() for name, tensor in tensors.items()}
    if not all(map(is_finite, tensors.values())):
        raise ValueError(f"{model.name} has weights beyond what half precision holds")
    named, special, own = model.named.tables()
    about = {
        "format": FORMAT,
        "z_dim": model.z_dim,
        "channels": model.channels,
        "classes": len(model.classes),
        "groups": [[group.size, group.most] for group in model.config.class_groups],
        "maps": generator.maps,
        "modulated": full,
        "directions": len(model.directions),
        "named": len(named),
        "own": special,
    }
    if model.named.reach != math.inf:
        about["reach"] = model.named.reach
    for name, rows in {"directions": model.directions, "named": named, "named_own": own}.items():
        tensors[name] = rows.detach().float().cpu()
    return save({name: tensor.contiguous() for name, tensor in tensors.items()}, {KEY: json.dumps(about)})
