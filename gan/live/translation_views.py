"""Views of a translator as it learns: fixed pictures, what they become, and what becomes of that on the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan import data
from gan.data.domains import Domains
from gan.data.pairs import to_grey
from gan.evaluation.metrics import translated
from gan.evaluation.metrics.translated import Translated
from gan.live.views import JUDGED, View, critic_accuracy, eval_mode, judge
from gan.models.model import to_uint8
from gan.models.translator import Translator
from gan.training.rng import shuffled_indices
from gan.training.trainer import Trainer

SHOWN = 6  # pictures of each set, with their translations
MEASURED = 64  # pictures of each set that are measured
ORDER = 7  # seed of which those are, of two sets that are no pairs


class TranslationViewer:
    """Views of two sets without conditions. Of `PAIRS` the pictures are held-out ones, which training never sees.

    backdrop: `a` and `b` uint8 (6, H, W, C), pictures of both sets, and of pairs `truth`, what those of A should
    become; psnr_untouched, of A itself to the truth, or of a grey A colour_distance_untouched.
    look: `to_b`, the translations of `a`; with a way back `back_a`, what they are translated back to, `to_a`, the
    translations of `b`, and `back_b`. `judged` uint8 (16, H, W, C), eight of B and eight translations, and `heat`
    uint8 (16, H, W), as `PictureViewer` has them.
    """

    def __init__(self, domains: Domains, name: str) -> None:
        self.truth: Tensor | None = None
        if name in data.PAIRS:
            held_out = data.load_pairs(name, domains.images.shape[-1], split="test")
            order = shuffled_indices(ORDER, len(held_out.a), 0, 2 * MEASURED)
            rows, others = order[:MEASURED], order[MEASURED:]  # B shows others than those that A becomes
            self.a, self.b, self.truth = held_out.a[rows], held_out.b[others], held_out.b[rows]
        else:
            self.a, self.b = (
                images[shuffled_indices(ORDER, len(images), 0, MEASURED)] for images in (domains.inputs, domains.images)
            )
            if domains.paired:  # of as many, so the same rows
                self.truth = self.b

    def backdrop(self) -> View:
        """Return the arrays and numbers that the class lists."""
        arrays = {"a": _rows(self.a[:SHOWN]), "b": _rows(self.b[:SHOWN])}
        if self.truth is None:
            return View(arrays)
        arrays["truth"] = _rows(self.truth[:SHOWN])
        name, near = self._near
        return View(arrays, {f"{name}_untouched": near(self._comparison(self.a, None), "untouched")})

    def look(self, trainer: Trainer) -> View:
        """Return the arrays that the class lists; numbers: scores, sixteen logits."""
        model: Translator = trainer.model()
        translations = self._to_b(model, JUDGED)
        made = {"to_b": translations[:SHOWN]}
        if "a" in model.sides:
            made["back_a"] = model.render(made["to_b"], "a")
            made["to_a"] = model.render(_float(self.b[:SHOWN]), "a")
            made["back_b"] = model.render(made["to_a"], "b")
        arrays = {name: to_uint8(pictures) for name, pictures in made.items()}
        scores, heat = self._judge(trainer, translations)
        arrays |= {"judged": np.concatenate([_rows(self._real[:JUDGED]), to_uint8(translations)]), "heat": heat}
        return View(arrays, {"scores": [round(float(score), 3) for score in scores]})

    def measure(self, trainer: Trainer) -> dict[str, Any]:
        """Return accuracy_real and accuracy_fake, of the critic of B; with a way back cycle_error, in levels of 255; of
        pairs psnr of the translations to the truth, or of a grey A colour_distance, because PSNR rewards grey.
        """
        model: Translator = trainer.model()
        made = self._to_b(model, MEASURED)
        if not bool(made.isfinite().all()):
            return {}
        back = _planes(model.render(made, "a")) if "a" in model.sides else None
        comparison, (name, near) = self._comparison(_planes(made), back), self._near
        nearness = None if self.truth is None else near(comparison, "generated")
        found = {name: nearness, "cycle_error": translated.cycle_error(comparison, "generated")}
        numbers = {name: value for name, value in found.items() if value is not None}
        scores, _ = self._judge(trainer, made)
        return numbers | critic_accuracy(*scores.chunk(2))

    @property
    def _near(self) -> tuple[str, Callable[[Translated, str], float | None]]:
        """Return the measure of how near pictures are to their truth, and its name."""
        grey = self.truth is not None and self.truth.shape[1] == 3 and torch.equal(self.a, to_grey(self.truth))
        return ("colour_distance", translated.colour_distance) if grey else ("psnr", translated.psnr)

    def _comparison(self, made: Tensor, back: Tensor | None) -> Translated:
        """Return translations of A, uint8 as they are measured."""
        return Translated(self.a, made, back, self.truth, self.b)

    @property
    def _real(self) -> Tensor:
        """Return the pictures of B that translations are judged beside: of pairs what they should be."""
        return self.b if self.truth is None else self.truth

    def _to_b(self, model: Translator, count: int) -> Tensor:
        """Return the translations of the first `count` pictures of A, float (count, C, H, W)."""
        return model.render(_float(self.a[:count]), "b")

    def _judge(self, trainer: Trainer, translations: Tensor) -> tuple[Tensor, np.ndarray]:
        """Return, as `judge`, what the critic makes of as many real pictures of B, and then of translations."""
        count = len(translations)
        pictures = torch.cat([_float(self._real[:count]), translations]).to(trainer.device)
        inputs = _float(self.a[:count]).repeat(2, 1, 1, 1).to(trainer.device)
        pairs = "pairs" in trainer.config.network_parts

        def score(x: Tensor) -> Tensor:
            logits = trainer.critic(torch.cat([inputs, x], 1) if pairs else x, "b")
            return logits.view(len(x), -1).mean(1)  # one a picture, also of a critic of patches

        with eval_mode(trainer):
            return judge(score, pictures)


def _float(pictures: Tensor) -> Tensor:
    """Return uint8 pictures as float32 in [-1, 1]."""
    return pictures.float().div(127.5).sub(1)


def _rows(pictures: Tensor) -> np.ndarray:
    """Return pictures (N, C, H, W) as arrays (N, H, W, C)."""
    return np.ascontiguousarray(pictures.permute(0, 2, 3, 1).numpy())


def _planes(pictures: Tensor) -> Tensor:
    """Return float pictures as uint8 (N, C, H, W)."""
    return torch.from_numpy(to_uint8(pictures)).permute(0, 3, 1, 2).contiguous()
