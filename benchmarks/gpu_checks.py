"""The checks of `benchmarks.gpu`, part by part: each yields what it found as soon as it has found it.

A part is given the device and the time at which it must be done. What there is no time for is yielded as not run.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan import networks
from gan.config import Config
from gan.data import DATASETS, PAIRS
from gan.data.dataset import Dataset
from gan.data.domains import Domains, TrainingSet
from gan.data.points import is_points, load_points
from gan.io import shipped_models
from gan.models.directions import without_names
from gan.models.model import Model, load
from gan.presets import PRESETS, TRANSLATION
from gan.training import schedule
from gan.training.batches import Batches
from gan.training.rng import step_generator
from gan.training.step import Batch, critic_step, generator_step
from gan.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[1]
ENOUGH = 2.0  # seconds of a measured rate
STEPS = 4  # of it at least, after as many to warm up
PICTURES = 512  # of a stand-in for a data set: what is learnt decides no rate
CLASSES = 8
LEAST_COSINE = {"fp32": 0.999, "bf16": 0.97}  # of a gradient with that of the CPU in fp32; convolutions may use TF32
MOST_LEVELS = 1


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. ok: None where it could not be run, and note says why."""

    name: str
    ok: bool | None = True
    value: float | None = None
    unit: str = ""
    note: str = ""


def suite(device: torch.device, until: float) -> Iterator[Check]:
    """Run the suite's tests that are marked as needing a CUDA device."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        flags = ["-m", "cuda", "-o", "addopts=", "-p", "no:cacheprovider", "--import-mode=importlib", "-q"]
        command = [sys.executable, "-m", "pytest", *flags, f"--junitxml={report}", "tests/test_cuda.py"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=max(1, until - time.time()))
        if not report.is_file():
            missing = "No module named pytest" in ended.stderr
            cure = "pip install pytest" if missing else (ended.stdout + ended.stderr).strip()[-200:]
            yield Check("marked tests", None if missing else False, note=cure)
            return
        for case in ElementTree.parse(report).iter("testcase"):
            faults = [child for child in case if child.tag in ("failure", "error")]
            skipped = [child for child in case if child.tag == "skipped"]
            note = (faults + skipped)[0].get("message", "")[:200] if faults or skipped else ""
            yield Check(case.get("name", ""), False if faults else None if skipped else True, note=note)


def gradients(device: torch.device, until: float) -> Iterator[Check]:
    """Compare the gradients of a step of every network, in fp32 and bf16, with the CPU's in fp32, by their cosine."""
    for name, config, dataset in every_network():
        if time.time() > until:
            yield Check(name, None, note="no time left")
            continue
        truth = step_gradients(dataclasses.replace(config, device="cpu", precision="fp32"), dataset)
        for precision in ("fp32",) if config.network in networks.POINT_NETWORKS else LEAST_COSINE:
            own = dataclasses.replace(config, device=device.type, precision=precision)
            for player, found in step_gradients(own, dataset).items():
                cosine = float(torch.nn.functional.cosine_similarity(found, truth[player], dim=0))
                limit = LEAST_COSINE[precision]
                note = f"at least {limit:g}"
                yield Check(f"{name} {player}, {precision}", cosine >= limit, cosine, "cosine", note)


def pictures(device: torch.device, until: float) -> Iterator[Check]:
    """Compare pictures of the shipped models, and of untrained ones of every network, with the CPU's, in levels."""
    for folder in sorted(path.parent for path in shipped_models().glob("*/model.safetensors")):
        both = [load(folder, where).sample(range(32)) for where in ("cpu", device.type)]
        yield _levels(folder.name, *both)
    if device.type == "cuda":  # as `load` has set it: a picture must not depend on its batch
        torch.backends.cudnn.allow_tf32 = False
    for name, pair in networks.NETWORKS.items():
        config = _filled(Config(network=name, resolution=32, width=16), classes=pair.conditional)
        torch.manual_seed(0)
        generator, critic = (loosened(network).eval() for network in networks.build(config))
        none = without_names(torch.empty(0, config.z_dim), torch.empty(0))
        both = [
            Model(name, config, generator.to(where), critic.to(where), none).sample(range(32))
            for where in (torch.device("cpu"), device)
        ]
        yield _levels(f"untrained {name}", *both)


def _levels(name: str, a: np.ndarray, b: np.ndarray) -> Check:
    off = int(np.abs(a.astype(int) - b.astype(int)).max())
    share = float((a != b).mean())
    return Check(name, off <= MOST_LEVELS, off, "levels", f"at most {MOST_LEVELS}; {share:.2%} of all values differ")


def data(device: torch.device, until: float) -> Iterator[Check]:
    """See that a data set lies on the device where it fits, and is brought batch by batch where it does not."""
    config, dataset = stand_in(Config(**PRESETS["smoke"]))
    config = dataclasses.replace(config, device=device.type, precision="fp32")
    trainer = Trainer(config, dataset)
    trainer.advance()
    yield Check("pictures lie on the device", trainer.pictures.device.type == device.type)
    weights = trainer.class_weights
    yield Check("class weights lie on the device", weights is not None and weights.device.type == device.type)
    apart = Batches(config, dataset, device, trainer.processes)
    apart.pictures = dataset.images  # as where they do not fit
    (there,) = trainer.batches.draw(config, (), step_generator(0, 1), 16)
    (brought,) = apart.draw(config, (), step_generator(0, 1), 16)
    yield Check("batches are equal wherever the pictures lie", torch.equal(there.real, brought.real))


def command(device: torch.device, until: float) -> Iterator[Check]:
    """Train by the command, stop, go on, load what came out, and do the same in bf16 and in fp32."""
    for precision in ("bf16", "fp32"):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            flags = ["--preset", "smoke", "--device", device.type, "--precision", precision, "--out", str(out)]
            for words in ([*flags, "--images", "512"], ["--resume", str(out), "--images", "1024"]):
                ended = _run([sys.executable, "train.py", *words], until)
                name = f"train.py {words[0]}, {precision}"
                yield Check(name, not ended.returncode, note=ended.stderr.strip()[-200:] if ended.returncode else "")
                if ended.returncode:
                    return
            log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
            alarms = [event["kind"] for event in log if event["event"] == "alarmed"]
            yield Check(f"no alarm, {precision}", not {"non-finite", "gave-up"} & set(alarms), note=", ".join(alarms))
            both = [load(out, where).sample(range(16)) for where in ("cpu", device.type)]
            yield _levels(f"what came out, {precision}", *both)


def rates(device: torch.device, until: float) -> Iterator[Check]:
    """Measure images a second and peak memory of every preset: as it is, then as a CUDA graph, then compiled."""
    ways: dict[str, Callable[[Trainer], Callable[[], object]]] = {"": lambda trainer: trainer.advance}
    if device.type == "cuda":
        ways |= {"CUDA graph": captured, "compiled": compiled}
    before: dict[str, float] = {}
    for way, prepare in ways.items():
        for preset in presets():
            name = f"{preset}, {way}" if way else preset
            if time.time() > until:
                yield Check(name, None, note="no time left")
                continue
            try:
                rate, peak = _rate(preset, prepare, device, until)
            except Exception as error:  # of one preset in one way: the others are measured all the same
                told = f"{type(error).__name__}: {error}".replace("\n", " ")[:200]
                yield Check(name, None if way else False, note=told)
                continue
            before.setdefault(preset, rate)
            note = f"{rate / before[preset]:.2f} times" if way else ""
            yield Check(name, True, rate, "images/s", ", ".join(filter(None, [note, peak])))


def processes(device: torch.device, until: float) -> Iterator[Check]:
    """Train with two processes, by nccl on GPUs, and compare the weights with those of one process."""
    gpus = torch.cuda.device_count() if device.type == "cuda" else 2
    if gpus < 2:
        yield Check("two processes by nccl", None, note="this machine has one GPU")
        return
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--preset", "smoke", "--images", "128", "--precision", "fp32", "--optimizer", "sgd"]
        flags += ["--learning-rate", "0.01", "--device", device.type]
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        for start, out in (([], "one"), (torchrun, "two")):
            ended = _run([sys.executable, *start, "train.py", *flags, "--out", str(Path(folder) / out)], until)
            if ended.returncode:
                yield Check(f"train.py with {out} of them", False, note=ended.stderr.strip()[-200:])
                return
        one, two = (load(Path(folder) / out, "cpu").generator.state_dict() for out in ("one", "two"))
        far = max(float((one[name] - two[name]).norm() / one[name].norm().clamp_min(1e-6)) for name in one)
        yield Check("two processes make the run of one", far < 1e-3, far, "relative", "less than 0.001")


def _run(command: list[str], until: float) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    left = max(1.0, until - time.time())
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=left)


# What is measured.


def presets() -> list[str]:
    """Return the names of the presets whose steps differ in cost."""
    return [name for name in PRESETS if name != "smoke"]


def every_network(width: int = 32, batch_size: int = 16) -> Iterator[tuple[str, Config, TrainingSet]]:
    """Yield every pair of networks at a small size: its name, a config, and pictures for it."""
    common: dict[str, Any] = {"width": width, "batch_size": batch_size, "optimizer": "sgd", "seed": 1}
    for name in networks.NETWORKS:
        yield name, *stand_in(Config(**common, network=name, resolution=32))
    for name in networks.POINT_NETWORKS:
        yield name, *stand_in(Config(**common, network=name, dataset="ring", z_dim=2))
    for name in networks.TRANSLATORS:
        settings = {**TRANSLATION, **common, "network": name, "resolution": 32}
        if name == "cyclegan":
            settings["penalty"] = "none"
        yield name, *stand_in(Config(**{**settings, "source": "mnist", "dataset": "emoji", "penalty_every": 1}))


def stand_in(config: Config) -> tuple[Config, TrainingSet]:
    """Return a config with what data decide filled in, and random pictures of the size of its data set."""
    if is_points(config.dataset):
        points = load_points(config.dataset)
        return dataclasses.replace(config, resolution=64, channels=3), points
    config = _filled(config, classes=networks.find_pair(config).conditional and config.conditional)
    shape = (PICTURES, config.channels, config.resolution, config.resolution)
    source = torch.Generator().manual_seed(0)
    # A few large areas of colour: nothing that overflows in a step, as noise at full size might.
    coarse = torch.randint(0, 256, (*shape[:2], 4, 4), generator=source).float()
    images = torch.nn.functional.interpolate(coarse, size=shape[2:], mode="bilinear").to(torch.uint8)
    if config.task == "translate":
        paired = config.objective == "paired"
        return config, Domains("stand-in", images.flip(0).contiguous(), images, paired)
    labels = torch.randint(0, max(len(config.classes), 1), (PICTURES,), generator=source)
    return config, Dataset("stand-in", images, labels, config.classes)


def _filled(config: Config, classes: bool) -> Config:
    from gan.training.objectives import OBJECTIVES

    known = DATASETS.get(config.dataset) or PAIRS.get(config.dataset)
    translating = config.task == "translate"
    return dataclasses.replace(
        config,
        resolution=config.resolution or (known.resolution if known else 64),
        channels=1 if "mnist" in config.dataset else 3,
        classes=tuple(f"class {i}" for i in range(CLASSES)) if classes and not translating else (),
        network_parts=OBJECTIVES[config.objective].parts if translating else (),
    )


def loosened(network: nn.Module) -> nn.Module:
    """Give layers that start at zero small random weights, so that gradients reach what lies behind them."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1 and not parameter.any():
                nn.init.normal_(parameter, std=0.02)
    return network


def step_gradients(config: Config, dataset: TrainingSet) -> dict[str, Tensor]:
    """Return the gradients of a step of each player, flat, on the CPU; weights and batch are those of every config."""
    trainer = Trainer(config, dataset)
    # The weights as a trainer on the CPU would have them, whatever was drawn on the way.
    torch.manual_seed(7)
    for player in (trainer.generator, trainer.critic):
        other = loosened(_on_cpu(player))
        player.load_state_dict(other.state_dict())
    found = {}
    for name, move in (("critic", "critic"), ("generator", "generator")):
        trainer.advance(move)
        grads = [p.grad for p in getattr(trainer, name).parameters() if p.grad is not None]
        found[name] = torch.cat([g.detach().double().cpu().flatten() for g in grads])
    return found


def _on_cpu(network: nn.Module) -> nn.Module:
    import copy

    return copy.deepcopy(network).cpu()


def _rate(
    preset: str, prepare: Callable[[Trainer], Callable[[], object]], device: torch.device, until: float
) -> tuple[float, str]:
    """Return images a second of a preset's steps, and the peak of memory on a GPU, "" on a CPU."""
    config, dataset = stand_in(Config(**PRESETS[preset]))
    precision = config.precision if config.precision != "auto" else "bf16"
    config = dataclasses.replace(config, device=device.type, precision=precision)
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    step = prepare(Trainer(config, dataset))
    for _ in range(STEPS):
        step()
    _wait(device)
    start, steps = time.perf_counter(), 0
    while steps < STEPS or (time.perf_counter() - start < ENOUGH and time.time() < until):
        step()
        steps += 1
        if steps % STEPS == 0:
            _wait(device)
    _wait(device)
    rate = steps * config.batch_size * config.critic_steps / (time.perf_counter() - start)
    peak = f"{torch.cuda.max_memory_allocated() / 2**20:,.0f} MiB" if device.type == "cuda" else ""
    return rate, peak


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def captured(trainer: Trainer) -> Callable[[], None]:
    """Return a step of both players that replays a CUDA graph: drawing a batch is as ever, the rest one launch.

    Without what changes from step to step: rates and schedules stay as they are, and a lazy penalty is taken in every
    step or in none, as the preset's first step has it. So it says what there is to gain, and is no way to train yet.
    """
    p, config = trainer.players, trainer.config
    rate, betas = config.learning_rate, (config.beta1, config.beta2)
    p.critic_optimizer, p.generator_optimizer = (
        torch.optim.Adam(player.parameters(), rate, betas, fused=True, capturable=True)
        for player in (trainer.critic, trainer.generator)
    )
    if p.augment_probability is None:  # else a number would go to the device in the middle of the graph
        p.augment_probability = torch.ones((), device=trainer.device)
    p.autocast = torch.autocast(
        trainer.device.type, torch.bfloat16, enabled=config.precision == "bf16", cache_enabled=False
    )
    gamma = schedule.penalty_weight(config, 0) / max(config.penalty_every, 1)

    def draw(step: int) -> list[Batch]:
        return trainer._draw(step_generator(config.seed, step))

    held = draw(0)

    def both() -> None:
        critic_step(p, held, gamma)
        generator_step(p, held)

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            both()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        both()
    count = 0

    def replay() -> None:
        nonlocal count
        count += 1
        for old, new in zip(held, draw(count), strict=True):
            for a, b in zip(old, new, strict=True):
                if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
                    a.copy_(b)
        graph.replay()

    return replay


def compiled(trainer: Trainer) -> Callable[[], object]:
    """Return a step with the networks compiled that torch can compile: none is differentiated twice."""
    p = trainer.players
    p.generator = torch.compile(p.generator)  # type: ignore[assignment]
    if p.penalty is None:
        p.critic = torch.compile(p.critic)  # type: ignore[assignment]
    return functools.partial(trainer.advance)


PARTS: dict[str, tuple[Callable[[torch.device, float], Iterator[Check]], float]] = {  # and its share of the time
    "pictures": (pictures, 1),
    "gradients": (gradients, 1.5),
    "data": (data, 0.5),
    "command": (command, 1.5),
    "processes": (processes, 1),
    "suite": (suite, 1.5),
    "rates": (rates, 4),
}
