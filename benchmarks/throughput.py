"""Images a second of our step against the same networks and losses as textbooks write them.

    python -m benchmarks.throughput [--seconds 20] [--rounds 3] [--threads 2] [--json FILE]

Both arms train the same pair from the same weights on the same pictures, and take turns within one run. `textbook` is
fp32 and contiguous, with torchvision-style float pictures from a DataLoader, a critic pass for real and one for fake
pictures, a `torch.autograd.grad` for R1 and one for R2, an unfused Adam and an average kept parameter by parameter.
`ours` is `Trainer.advance` as `train.py` runs it, with bf16 where the case says so. In the last case it
takes the penalties in every fourth step, four times as heavy, where the textbook takes them in each: less arithmetic
for the same objective, so it is the case before it that compares like with like.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.flags import count, duration, guarded
from benchmarks.report import report
from gan import data, networks
from gan.config import PRESETS, Config
from gan.training.trainer import Trainer
from gan.training.validation import prepare

RESNET = {"dataset": "mnist-10k", "batch_size": 64, "conditional": False, "network": "resnet"}
CASES = {
    "dcgan, non-saturating": ({**PRESETS["classic-dcgan"], "dataset": "mnist-10k", "precision": "bf16"}, 2.0),
    "resnet, relativistic + R1 + R2": (RESNET, 3.0),
    "the same, penalties every 4th step": ({**RESNET, "penalty_every": 4}, 3.0),
}


class Pictures(Dataset):
    """A picture at a time, as floats in [-1, 1]."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> Tensor:
        return (self.images[i].float() / 255 - 0.5) / 0.5


def textbook(config: Config, images: Tensor) -> Iterator[None]:
    """One step for every `next`."""
    torch.manual_seed(config.seed)
    generator, critic = networks.build(config)
    average = copy.deepcopy(generator)
    rates = {"lr": config.learning_rate, "betas": (config.beta1, config.beta2), "foreach": False, "fused": False}
    optimizer_g = torch.optim.Adam(generator.parameters(), **rates)
    optimizer_d = torch.optim.Adam(critic.parameters(), **rates)
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


def ours(config: Config, dataset: data.Dataset) -> Iterator[None]:
    """One step for every `next`."""
    trainer = Trainer(config, dataset)
    while True:
        trainer.advance()
        yield


def rate(step: Callable[[], None], batch: int, seconds: float) -> float:
    """Images a second over so many seconds."""
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    return steps * batch / (time.perf_counter() - start)


def case(settings: dict, seconds: float, rounds: int) -> dict[str, float]:
    """Median images a second of both arms over `rounds` turns each, and their ratio."""
    config, dataset = prepare(Config(**{**settings, "device": "cpu"}))
    fp32 = dataclasses.replace(config, precision="fp32")
    arms = {"textbook": textbook(fp32, dataset.images), "ours": ours(config, dataset)}
    if config.precision != "fp32":
        arms["ours, fp32"] = ours(fp32, dataset)
    for arm in arms.values():
        rate(lambda arm=arm: next(arm), config.batch_size, min(seconds, 3.0))  # warm up
    found = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            found[name].append(rate(lambda arm=arm: next(arm), config.batch_size, seconds))
    medians = {name: sorted(rates)[len(rates) // 2] for name, rates in found.items()}
    return {**medians, "ratio": medians["ours"] / medians["textbook"]}


def main() -> int:
    """Run all cases; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=duration, default=20.0, help="of each turn")
    parser.add_argument("--rounds", type=count, default=3, help="turns of each arm")
    parser.add_argument("--threads", type=count, default=torch.get_num_threads(), help="torch's")
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result, good = {"threads": args.threads, "cases": {}}, True
    print(f"{'images/s':34}{'textbook':>10}{'ours fp32':>11}{'ours':>8}{'ratio':>7}{'goal':>6}")
    for name, (settings, goal) in CASES.items():
        arms = case(settings, args.seconds, args.rounds)
        result["cases"][name] = {**arms, "goal": goal, "met": arms["ratio"] >= goal}
        good &= arms["ratio"] >= goal
        numbers = f"{arms['textbook']:10.0f}{arms.get('ours, fp32', arms['ours']):11.0f}{arms['ours']:8.0f}"
        print(f"{name:34}{numbers}{arms['ratio']:7.2f}{goal:6.1f} {'met' if arms['ratio'] >= goal else 'MISSED'}")
    return report(result, args.json, good)


if __name__ == "__main__":
    sys.exit(guarded(main))
