"""Real pictures of a model's kind: some to begin with, and some that training saw, among which the nearest is found.

Those to begin with are pictures that training did not see, where there are any: nothing is downloaded for them. Without
its test pictures a data set gives those of its bundled part, and one that is not there at all the model's own samples.
Faces are drawn, so there are always new ones.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan.errors import DataError

if TYPE_CHECKING:
    from gan.models.model import Model

ROOT = Path("data")  # where downloaded sets are, as for training from the page
SEEN = 512  # faces that training saw, of which the nearest is found; drawing one takes 20 ms
AT_ONCE, REST = 8, 0.4  # of them drawn between two rests, and seconds of a rest: visitors' pictures come first
OWN = 1_000_000  # seeds of a model's samples that nobody has shown yet, from here on


@dataclass(frozen=True)
class Beginnings:
    """Pictures to begin with. kind: what they are, in words, as in "a digit that training did not see".

    take: a number from 0 to count - 1 -> uint8 (R, R, C), and the name of its class or "".
    """

    count: int
    kind: str
    take: Callable[[int], tuple[np.ndarray, str]]


def beginnings(model: Model) -> Beginnings:
    """Return pictures for a model's Edit tab to begin with."""
    from gan import data

    full = data.full_set(model.config.dataset)
    if full == "faces" and model.channels == 3:
        return _faces(model)
    found = _test_split(full, model)
    unseen = "a test picture, which training did not see"
    kind = unseen if found else "a bundled picture, which training may have seen"
    found = found or _bundled(model)
    if found is None or found.images.shape[1] != model.channels:
        return Beginnings(1000, "a sample of the model itself", lambda row: _sample(model, row))
    images, labels = found.images, found.labels
    order = np.random.default_rng(0).permutation(len(images))  # bundled ones go class by class

    def take(row: int) -> tuple[np.ndarray, str]:
        at = int(order[row])
        name = found.classes[int(labels[at])] if labels is not None and labels.ndim == 1 else ""
        return images[at].permute(1, 2, 0).numpy(), name

    return Beginnings(len(images), kind, take)


def _faces(model: Model) -> Beginnings:
    from gan.data import faces
    from gan.data.dataset import resize

    seeds = faces.SEEDS["test"]

    def take(row: int) -> tuple[np.ndarray, str]:
        import torch

        picture = torch.from_numpy(faces.draw([seeds[row]])).permute(0, 3, 1, 2)
        hair = int(faces.attributes([seeds[row]])["hair"][0])
        named = model.classes[hair] if hair < len(model.classes) else ""
        return resize(picture, model.resolution)[0].permute(1, 2, 0).numpy(), named

    return Beginnings(len(seeds), "a face that training did not see", take)


def _sample(model: Model, row: int) -> tuple[np.ndarray, str]:
    return model.sample([OWN + row])[0], ""


def _test_split(name: str, model: Model) -> Any:
    """Return the test pictures of a data set, where they lie on this machine; else None."""
    from gan import data

    source = data.DATASETS.get(name)
    if source is None or "test" not in source.splits or not source.files:
        return None
    if not all((ROOT / path).is_file() for path in source.files):
        return None
    try:
        return data.load(name, model.resolution, ROOT, "test")
    except DataError:
        return None


def _bundled(model: Model) -> Any:
    """Return the bundled pictures of a model's data set; None where there are none."""
    from gan import data

    full = data.full_set(model.config.dataset)
    for name in (f"{full}-10k", full):
        source = data.DATASETS.get(name)
        if source and not source.download:
            try:
                return data.load(name, model.resolution, ROOT)
            except DataError:
                return None
    return None


class Seen:
    """Pictures of a model's data set that training may have seen, uint8 (N, R, R, C): all at once, or more and more.

    kind: what they are, in words. growing: whether there are going to be more.
    """

    def __init__(self, model: Model) -> None:
        from gan import data

        self._lock = threading.Lock()
        self._parts: list[np.ndarray] = []
        self.kind, self.growing = "", False
        if data.full_set(model.config.dataset) == "faces" and model.channels == 3:
            self.kind, self.growing = "faces that training saw", True
            threading.Thread(target=self._draw, args=(model,), name="seen", daemon=True).start()
        elif (found := _bundled(model)) is not None and found.images.shape[1] == model.channels:
            self.kind = "pictures that training saw"
            self._parts.append(found.images.permute(0, 2, 3, 1).numpy())

    def _draw(self, model: Model) -> None:
        import torch

        from gan.data import faces
        from gan.data.dataset import resize

        seeds = faces.SEEDS["train"][:SEEN]
        for i in range(0, len(seeds), AT_ONCE):
            drawn = torch.from_numpy(faces.draw(seeds[i : i + AT_ONCE])).permute(0, 3, 1, 2)
            made = resize(drawn, model.resolution).permute(0, 2, 3, 1).numpy()
            with self._lock:
                self._parts.append(made)
            time.sleep(REST)
        self.growing = False

    def pictures(self) -> np.ndarray | None:
        """Return those that are there by now; None for none."""
        with self._lock:
            if len(self._parts) > 1:
                self._parts = [np.concatenate(self._parts)]
            return self._parts[0] if self._parts else None
