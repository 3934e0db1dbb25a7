"""Throughput: images per second of our training step against the same networks and losses in textbook code.

    python -m benchmarks.throughput [--seconds 20] [--rounds 3] [--threads 2] [--json FILE]

Both arms train the same pair from the same weights on the same pictures, in turns. `textbook` is fp32 and contiguous,
with torchvision-style float pictures from a DataLoader, one pass of the critic (discriminator) for real and one for
fake pictures, a `torch.autograd.grad` for R1 and one for R2, an unfused Adam and a moving average updated parameter by
parameter. `ours` is `Trainer.advance` as `train.py` runs it, in bf16 if the case asks for it. In the last case it takes
the penalties in every fourth step, four times as heavy, but the textbook in each: less arithmetic for the same
objective. The case before it compares equal work.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from benchmarks.flags import benchmark_parser, positive_int, positive_seconds, run_main
from benchmarks.report import report
from gan import networks
from gan.config import Config
from gan.data.domains import TrainingSet
from gan.presets import PRESETS
from gan.training.trainer import Trainer
from gan.training.validation import prepare

RESNET: dict[str, Any] = {"dataset": "mnist-10k", "batch_size": 64, "conditional": False, "network": "resnet"}
CASES: dict[str, tuple[dict[str, Any], float]] = {  # settings, and the goal: times the textbook's throughput
    "dcgan, non-saturating": ({**PRESETS["classic-dcgan"], "dataset": "mnist-10k", "precision": "bf16"}, 2.0),
    "resnet, relativistic + R1 + R2": (RESNET, 3.0),
    "the same, penalties every 4th step": ({**RESNET, "penalty_every": 4}, 3.0),
}


class Pictures(TorchDataset):
    """Data set of single pictures as floats in [-1, 1]."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> Tensor:
        return (self.images[i].float() / 255 - 0.5) / 0.5


def textbook(config: Config, images: Tensor) -> Iterator[None]:
    """Make one step per `next`."""
    torch.manual_seed(config.seed)
    generator, critic = networks.build(config)
    average = copy.deepcopy(generator)
    rate, betas = config.learning_rate, (config.beta1, config.beta2)
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=rate, betas=betas, foreach=False, fused=False)
    optimizer_d = torch.optim.Adam(critic.parameters(), lr=rate, betas=betas, foreach=False, fused=False)
    softplus, relativistic = torch.nn.functional.softplus, config.loss == "relativistic"
    loader = DataLoader(Pictures(images), config.batch_size, shuffle=True, drop_last=True)
    while True:
        for real in loader:
            fake = generator(torch.randn(len(real), config.z_dim)).detach()
            real.requires_grad_(relativistic)
            fake.requires_grad_(relativistic)
            on_real, on_fake = critic(real), critic(fake)
            if relativistic:
                (r1,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
                (r2,) = torch.autograd.grad(on_fake.sum(), fake, create_graph=True)
                penalty = r1.square().sum((1, 2, 3)).mean() + r2.square().sum((1, 2, 3)).mean()
                loss = softplus(on_fake - on_real).mean() + config.gamma / 2 * penalty
            else:
                loss = softplus(-on_real).mean() + softplus(on_fake).mean()
            optimizer_d.zero_grad()
            loss.backward()
            optimizer_d.step()

            on_fake = critic(generator(torch.randn(len(real), config.z_dim)))
            loss = softplus(critic(real.detach()) - on_fake).mean() if relativistic else softplus(-on_fake).mean()
            optimizer_g.zero_grad()
            loss.backward()
            optimizer_g.step()
            with torch.no_grad():
                for slow, fast in zip(average.parameters(), generator.parameters(), strict=True):
                    slow.copy_(0.999 * slow + 0.001 * fast)
            yield


def ours(config: Config, dataset: TrainingSet) -> Iterator[None]:
    """Make one step per `next`."""
    trainer = Trainer(config, dataset)
    while True:
        trainer.advance()
        yield


def measure_rate(step: Callable[[], None], batch: int, seconds: float) -> float:
    """Run steps for so many seconds and return the images per second."""
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    return steps * batch / (time.perf_counter() - start)


def run_case(settings: dict[str, Any], seconds: float, rounds: int) -> dict[str, float]:
    """Return the median images per second of both arms over `rounds` turns each, and their ratio."""
    config, dataset = prepare(Config(**{**settings, "device": "cpu"}))
    fp32 = dataclasses.replace(config, precision="fp32")
    arms = {"textbook": textbook(fp32, dataset.images), "ours": ours(config, dataset)}
    if config.precision != "fp32":
        arms["ours, fp32"] = ours(fp32, dataset)
    for arm in arms.values():
        measure_rate(functools.partial(next, arm), config.batch_size, min(seconds, 3.0))  # warm up
    found: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            found[name].append(measure_rate(functools.partial(next, arm), config.batch_size, seconds))
    medians = {name: sorted(rates)[len(rates) // 2] for name, rates in found.items()}
    return {**medians, "ratio": medians["ours"] / medians["textbook"]}


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seconds", type=positive_seconds, default=20.0, help="length of each turn")
    parser.add_argument("--rounds", type=positive_int, default=3, help="number of turns of each arm")
    parser.add_argument("--threads", type=positive_int, default=torch.get_num_threads(), help="threads that torch uses")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cases: dict[str, dict[str, Any]] = {}
    print(f"{'images/s':34}{'textbook':>10}{'ours fp32':>11}{'ours':>8}{'ratio':>7}{'goal':>6}")
    for name, (settings, goal) in CASES.items():
        arms = run_case(settings, args.seconds, args.rounds)
        cases[name] = {**arms, "goal": goal, "met": arms["ratio"] >= goal}
        numbers = f"{arms['textbook']:10.0f}{arms.get('ours, fp32', arms['ours']):11.0f}{arms['ours']:8.0f}"
        print(f"{name:34}{numbers}{arms['ratio']:7.2f}{goal:6.1f} {'met' if arms['ratio'] >= goal else 'MISSED'}")
    return report({"threads": args.threads, "cases": cases}, args.json, all(found["met"] for found in cases.values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
