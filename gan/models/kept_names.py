"""Names of directions when a model is trained further, and its latent space has changed a little.

A name that a person gave goes to the principal direction that is still nearly the same. What was measured says
something of the weights before, so it is measured anew or not kept.
"""

from __future__ import annotations

import dataclasses

import torch
from torch.nn.functional import normalize

from gan.models.directions import Directions, Slider

ALIKE = 0.9  # cosine of two directions that are taken for the same


def keep_names(old: Directions, new: Directions) -> tuple[Directions, list[str], list[str]]:
    """Return new principal directions with those names of old ones that still hold, and the names that do not.

    (directions, names by hand that are lost, names that were measured and are lost). The same directions, of weights
    that did not change, keep everything.
    """
    same = old.principal.shape == new.principal.shape
    if same and torch.allclose(old.principal, new.principal, rtol=1e-3, atol=1e-5):
        return dataclasses.replace(new, named=old.named, sliders=old.sliders, beside=old.beside), [], []
    measured = list(dict.fromkeys(slider.name for slider in old.sliders if not slider.principal))
    rows, sliders, lost, taken = [new.named], list(new.sliders), [], set[int]()
    cosines = normalize(old.principal, dim=1) @ normalize(new.principal, dim=1).T
    for slider in (slider for slider in old.sliders if slider.principal):
        alike = cosines[abs(slider.principal) - 1]
        best = int(alike.abs().argmax())
        if alike[best].abs() < ALIKE or best in taken:
            lost.append(slider.name)
            continue
        taken.add(best)
        way = 1 if (alike[best] > 0) == (slider.principal > 0) else -1
        sliders.append(Slider(slider.name, principal=way * (best + 1)))
        rows.append(new.principal[best][None] * way)
    return dataclasses.replace(new, named=torch.cat(rows), sliders=tuple(sliders)), lost, measured
