"""The controls of Explore, declared once: name, address key, range, step, default and text of each.

The page builds its controls from `CONTROLS`, the browser reads and writes addresses with them,
`gan.ui.server.picture_requests` refuses values outside their ranges, and Interpolate takes seeds and truncation from
here. Nothing here imports torch, because the first screen is built before any model loads.

To add a slider, add a `Control` of kind "slider" to `CONTROLS`, and the line that applies its value to
`_latent` in `gan.ui.server.drawing`. CONTRIBUTING.md shows both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

# seed: a whole number, with a button for a random one. partner: the seed of a second picture. class: one of the model's
# classes, or none. slider, border: one number. named: one slider for each named direction. directions: one for each
# principal direction. coordinates: one for each latent coordinate.
Kind = Literal["seed", "partner", "class", "slider", "border", "named", "directions", "coordinates"]
LISTS = ("named", "directions", "coordinates")  # the kinds that hold a number for each of several sliders


@dataclass(frozen=True)
class Control:
    """One control.

    name: its key in requests and in `ModelRegistry.picture`. query: its key in the page's address.
    label: its caption on the page. help: one sentence, shown as a tooltip.
    low, high, step: its range, ends included, and the distance of two positions; of every number where it has several.
    default: the value that changes nothing, or for a seed the one shown first; None leaves the class to the seed.
    """

    name: str
    query: str
    kind: Kind
    label: str
    help: str
    low: float
    high: float
    step: float
    default: float | None


CONTROLS = (
    Control(
        name="seed", query="seed", kind="seed", label="Seed",
        help="The number of a picture: from it come the random numbers that the model turns into that picture",
        low=0, high=2**32 - 1, step=1, default=79,  # 79 shows a good likeness with each of the shipped models
    ),
    Control(
        name="label", query="label", kind="class", label="Class",
        help="What the picture shows, for models trained with classes",
        low=0, high=999, step=1, default=None,
    ),
    Control(
        name="truncation", query="truncation", kind="slider", label="Typical to strange",
        help="The truncation: lower is more typical, higher more varied",
        low=0, high=2, step=0.05, default=1,
    ),
    Control(
        name="named", query="n", kind="named", label="Attributes",
        help="Each changes what its name says, and the rest as little as it can; a dimmed one is not for this class",
        low=-3, high=3, step=0.05, default=0,
    ),
    Control(
        name="sliders", query="d", kind="directions", label="Without a name yet",
        help="Steps along the principal directions, which change pictures most; names that you give go with the link",
        low=-4, high=4, step=0.05, default=0,
    ),
    Control(
        name="raw", query="z", kind="coordinates", label="The numbers behind it",
        help="The model makes a picture of a list of numbers, its latent vector; each slider adds to one of them",
        low=-4, high=4, step=0.05, default=0,
    ),
    Control(
        name="partner", query="with", kind="partner", label="Cross with seed",
        help="The seed of a second picture, whose lower part this one takes",
        low=0, high=2**32 - 1, step=1, default=93,
    ),
    Control(
        name="border", query="border", kind="border", label="Where they meet",
        help="How far down the picture is this seed's own; below it is the other seed's",
        low=0, high=1, step=0.02, default=1,
    ),
)  # fmt: skip


def by_name() -> dict[str, Control]:
    """Return `CONTROLS` by name."""
    return {control.name: control for control in CONTROLS}


def for_browser() -> list[dict[str, Any]]:
    """Return `CONTROLS` as JSON holds them, in order."""
    return [dataclasses.asdict(control) for control in CONTROLS]


def requested(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a request that set a control, by name and unchecked."""
    return {control.name: payload[control.name] for control in CONTROLS if control.name in payload}
