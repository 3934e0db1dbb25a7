"""A judge of real pictures and others, on the critic's feature maps, since a trained critic (discriminator) is none.

Its logits compare only within what training showed: against pictures half of which is erased they are a coin toss. Two
linear heads are fitted on statistics of its maps instead, of all sizes, since noise and blur are gone from the last
one: one tells real pictures from damaged ones, and one, as well as it can be told, from the model's own.
`judge.safetensors` holds both and how well they do, on pictures that they were not fitted on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.editing.operators import smooth
from gan.editing.recognise import Probe, area_under_curve, can_recognise
from gan.models.heads import Head, read_head, write_head
from gan.models.model import BATCH, Model
from gan.models.pixels import to_floats
from gan.models.taught_on import JUDGE

FORM = "statistics"  # of what a judge is given; the first ones had the last map
SIDES = ("damage", "made")  # of what the two heads tell real pictures from
LEAST = 0.03  # of differences that count, about four levels of 255: pictures are in [-1, 1]
STEPS, BLURRED = 16, 8  # of evidence: on the way, and how much of a picture's side the blur at its start spans
PICTURES = 1_000  # of each kind that the heads are fitted on; as many others measure them


def _noisy(x: Tensor, source: torch.Generator) -> Tensor:
    return x + 0.2 * torch.randn(x.shape, generator=source)


def _erased(x: Tensor, source: torch.Generator) -> Tensor:
    lower = x.clone()
    lower[:, :, x.shape[2] // 2 :] = x[:, :, :1, :1]  # the colour of a corner
    return lower


def _shuffled(x: Tensor, source: torch.Generator) -> Tensor:
    half = x.shape[2] // 2
    upper = torch.cat([x[:, :, :half, half:], x[:, :, :half, :half]], 3)
    lower = torch.cat([x[:, :, half:, half:], x[:, :, half:, :half]], 3)
    return torch.cat([lower, upper], 2)


# Ways to damage pictures (N, C, R, R) in [-1, 1]: what a judge must tell from real ones.
DAMAGES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "noise": _noisy,
    "blur": lambda x, source: smooth(x, 1.0),
    "inverted": lambda x, source: -x,
    "erased": _erased,
    "shuffled": _shuffled,
}


def judge_features(model: Model, images: Tensor) -> Tensor:
    """Return what a judge looks at, float32 (N, F), of pictures uint8 (N, C, R, R).

    ValueError for a critic without feature maps.
    """
    if not can_recognise(model):
        raise ValueError(f"the critic of {model.name} has no feature map to look at")
    with torch.no_grad():
        parts = [_statistics(model, to_floats(part).to(model.device)).cpu() for part in images.split(BATCH)]
    return torch.cat(parts)


def _statistics(model: Model, x: Tensor) -> Tensor:
    """Return statistics (N, F) of pictures (N, C, R, R) in [-1, 1], and of the critic's maps of them.

    Of each channel its mean, and the logarithms of its variance and of its mean difference from one place to the next,
    downwards and across: noise raises those, and blur lowers them.
    """
    critic = cast(Any, model.critic)
    maps = critic.pyramid(x) if hasattr(critic, "pyramid") else [critic.maps(x)]
    found = []
    for channels in (x, *(each.float() for each in maps)):
        found += [channels.mean((2, 3)), (channels.var((2, 3), correction=0) + LEAST**2).log()]
        found += [(channels.diff(dim=way).abs().mean((2, 3)) + LEAST).log() for way in (2, 3)]
    return torch.cat(found, 1)


class JudgeNetwork(nn.Module):
    """Features (N, F) of pictures -> (N, 2): how real they look beside damaged ones, and beside the model's own."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(features))
        self.scale = nn.Parameter(torch.ones(features))
        self.layer = nn.Linear(features, len(SIDES))

    def forward(self, features: Tensor) -> Tensor:
        return self.layer((features - self.mean) * self.scale)


def damaged(images: Tensor, name: str, seed: int = 0) -> Tensor:
    """Return pictures uint8 (N, C, R, R), damaged in one of the ways of `DAMAGES`."""
    x = to_floats(images)
    out = DAMAGES[name](x, torch.Generator().manual_seed(seed))
    return out.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def fit_judge(model: Model, real: Tensor, others: Tensor, first_seed: int = 0) -> Head[JudgeNetwork]:
    """Return the judge of a model, fitted on real pictures uint8 (N, C, R, R) and measured on `others`.

    Figures are areas under the curve: damage over all ways, damage_NAME for each, made against samples, and
    critic_made and critic_erased, those of the critic's own logits. ValueError for a critic without a feature map.
    """
    networks, figures = [], {}
    known, unseen = (judge_features(model, images) for images in (real, others))
    spoilt = {name: judge_features(model, damaged(others, name, 1)) for name in DAMAGES}
    samples = [_samples(model, range(first_seed + i * len(real), first_seed + (i + 1) * len(real))) for i in (0, 1)]
    made = [judge_features(model, part) for part in samples]
    against = {"damage": [judge_features(model, damaged(real, name)) for name in DAMAGES], "made": [made[0]]}
    for side in SIDES:
        rest = torch.cat(against[side])
        # Both sides weigh the same, however many ways to be damaged there are.
        repeated = known.repeat(max(1, len(rest) // len(known)), 1)
        target = torch.cat([torch.ones(len(repeated), 1), -torch.ones(len(rest), 1)])
        networks.append(Probe(torch.cat([repeated, rest]), target))
    judge = _joined(networks)
    with torch.no_grad():
        right = judge(unseen)
        each = {name: judge(features)[:, 0] for name, features in spoilt.items()}
        figures["damage"] = area_under_curve(right[:, 0], torch.cat(list(each.values())))
        figures |= {f"damage_{name}": area_under_curve(right[:, 0], scores) for name, scores in each.items()}
        figures["made"] = area_under_curve(right[:, 1], judge(made[1])[:, 1])
        figures["damage_made"] = area_under_curve(right[:, 0], judge(made[1])[:, 0])
    logits = _logits(model, others)
    figures["critic_made"] = area_under_curve(logits, _logits(model, samples[1]))
    figures["critic_erased"] = area_under_curve(logits, _logits(model, damaged(others, "erased", 1)))
    return Head(judge, {name: round(value, 4) for name, value in figures.items()})


def _samples(model: Model, seeds: range) -> Tensor:
    return torch.from_numpy(model.sample(seeds)).permute(0, 3, 1, 2).contiguous()


def _logits(model: Model, images: Tensor) -> Tensor:
    """Return the critic's own logits (N,), the mean over all classes."""
    return torch.from_numpy(model.critic_score(images.permute(0, 2, 3, 1).numpy()))


def _joined(probes: list[Probe]) -> JudgeNetwork:
    """Return two probes as one network, which half precision does not spoil."""
    network = JudgeNetwork(len(probes[0].mean))
    mean, scale = probes[0].mean, probes[0].scale
    with torch.no_grad():
        network.mean.copy_(mean)
        network.scale.copy_(scale)
        for k, probe in enumerate(probes):
            weight = probe.weights[:, 0] * (probe.scale / scale).double()
            shift = ((mean - probe.mean) * probe.scale).double() @ probe.weights[:, 0]
            network.layer.weight[k].copy_(weight)
            network.layer.bias[k].copy_(shift + probe.offset[0])
        for p in network.parameters():
            p.copy_(p.half().float())
    return network.eval().requires_grad_(False)


def write_judge(folder: Path, judge: Head[JudgeNetwork]) -> None:
    """Write a judge into its model's folder."""
    write_head(folder, JUDGE, judge.network, judge.figures, FORM)


def load_judge(model: Model, folder: Path) -> Head[JudgeNetwork] | None:
    """Return the judge in a model's folder; FolderError for a damaged file.

    None where there is none for its critic, or one of an earlier release, which looked at other features.
    """
    side = model.resolution
    features = judge_features(model, torch.zeros(1, model.channels, side, side, dtype=torch.uint8)).shape[1]
    with torch.device("meta"):
        network = JudgeNetwork(features)
    return read_head(folder, JUDGE, network, torch.device("cpu"), FORM)


@torch.no_grad()
def judge(model: Model, head: Head[JudgeNetwork], images: np.ndarray) -> np.ndarray:
    """Return how real pictures uint8 (N, R, R, C) look, float32 (N, 2): beside damaged ones, and beside samples.

    About 1 for real ones and -1 for others; how far that can be trusted say the figures damage and made.
    """
    features = judge_features(model, torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2))
    return head.network(features).numpy()


def evidence(model: Model, head: Head[JudgeNetwork], images: np.ndarray) -> np.ndarray:
    """Return what each part of pictures adds to the verdict about damage, float32 (N, S, S), S as of the last map.

    images: uint8 (N, R, R, C). Gradients along the way from a blurred picture to the sharp one (arXiv:1703.01365): all
    parts together are by how much better it looks than blurred, to a few hundredths.
    """
    x = to_floats(torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)).to(model.device)
    start = smooth(x, x.shape[2] / BLURRED)
    added = torch.zeros_like(x)
    for step in range(STEPS):
        between = (start + (step + 0.5) / STEPS * (x - start)).requires_grad_()
        (slope,) = torch.autograd.grad(head.network(_statistics(model, between).cpu())[:, 0].sum(), between)
        added += slope * (x - start) / STEPS
    side = cast(Any, model.critic).maps(x[:1]).shape[-1]
    return F.avg_pool2d(added.sum(1, keepdim=True), x.shape[2] // side, divisor_override=1)[:, 0].cpu().numpy()
