"""Teach a translator to see what its pictures all but hide: a mouth under a beard, before it has to paint it.

python -m gan.training.insight MODEL OUT [--attribute mouth] [--images 1000000] [--seed 0] [--data-root data]
    [--learning-rate 0.002]

MODEL is the folder of a translator by `unet-borrowed` that was trained on pairs whose pictures' attributes are known.
OUT is the same translator by `unet-informed` (`gan.networks.informed`), whose `Insight` can tell this attribute of
pictures of A. It translates as before until a run begins with it: `python train.py --preset beard --init OUT`. Where
MODEL has such a network, its insight learns on.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from gan import data, networks
from gan.command_line import status_of
from gan.data.pairs import Pairs
from gan.data.seeded import Choice
from gan.errors import ConfigError, FolderError
from gan.io import write_bytes
from gan.models.pixels import to_floats
from gan.models.translator import Translator, load_translator
from gan.models.weights import write_tensors
from gan.networks.informed import ANSWERS, Insight
from gan.text import forgive_console, listed
from gan.training.start_translator import begin_with_translator

NETWORK = "unet-informed"
IMAGES, BATCH, AT_ONCE = 1_000_000, 32, 100
LEARNING_RATE, DECAY, WARM, ANNEAL = 2e-3, 1e-2, 6_400, 0.6  # WARM in images, ANNEAL as in `Config`
SHIFT = 2  # pixels to either side, at most, that a picture is moved by
REPORT = 50_000  # images


def with_insight(model: Translator, seed: int = 0) -> Translator:
    """Return the translator by `NETWORK`; it translates as before. ConfigError for one that this does not extend.

    seed: of the insight's first weights.
    """
    config = dataclasses.replace(model.config, network=NETWORK)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator, critic = networks.build(config)
    begin_with_translator(model, config, generator, critic)
    return Translator(model.name, config, generator, critic)


def teach(
    insight: Insight,
    pictures: Tensor,
    answers: Tensor,
    images: int = IMAGES,
    learning_rate: float = LEARNING_RATE,
    seed: int = 0,
    progress: Callable[[int], None] = lambda shown: None,
) -> None:
    """Teach an insight in place which answer, int64 (N,) below `ANSWERS`, fits pictures uint8 (N, C, R, R).

    They are shown mirrored every other time, and moved by up to `SHIFT` pixels. progress: called every `REPORT` images.
    The same arguments give the same insight, to rounding.
    """
    source = torch.Generator().manual_seed(seed)
    insight.train().requires_grad_(True).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(insight.parameters(), learning_rate, betas=(0.9, 0.99), weight_decay=DECAY)
    steps = max(1, images // BATCH)
    for step in range(steps):
        left = 1 - step / steps
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1, (step + 1) * BATCH / WARM, left / ANNEAL)
        rows = torch.randint(len(pictures), (BATCH,), generator=source)
        batch = _moved(to_floats(pictures[rows]), torch.randint(2 * SHIFT + 1, (2,), generator=source).tolist())
        batch = batch.flip(3) if step % 2 else batch
        with torch.autocast("cpu", torch.bfloat16):
            logits = insight(batch.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits, answers[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if (step + 1) * BATCH % REPORT < BATCH or step + 1 == steps:
            progress((step + 1) * BATCH)


@torch.inference_mode()
def right(insight: Insight, pictures: Tensor, answers: Tensor) -> float:
    """Return the share of pictures uint8 (N, C, R, R) for which the likeliest answer is the right one."""
    found = torch.cat([insight(to_floats(batch)).argmax(1) for batch in pictures.split(AT_ONCE)])
    return float((found == answers).float().mean())


def _moved(pictures: Tensor, by: Sequence[int]) -> Tensor:
    """Return pictures (N, C, R, R) moved down and to the right by numbers from 0 to 2 `SHIFT`, less `SHIFT`."""
    side = pictures.shape[2]
    wide = F.pad(pictures, (SHIFT,) * 4, mode="replicate")
    return wide[:, :, by[0] : by[0] + side, by[1] : by[1] + side]


def _answers(pairs: Pairs, name: str) -> Tensor:
    """Return an attribute of pictures of A. ConfigError, with those there are, for one that is not known."""
    table = pairs.before.table if pairs.before else {}
    there = [known for known, kind in table.items() if isinstance(kind, Choice) and len(kind.names) <= ANSWERS]
    if pairs.before is None or name not in there:
        raise ConfigError(f"{name[:60]} is not known of the pictures of {pairs.name}: take one of {listed(there)}")
    return torch.as_tensor(pairs.before.values[name])


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _run(arguments: argparse.Namespace) -> int:
    if not BATCH <= arguments.images <= 10**9:
        raise ConfigError(f"images must be in [{BATCH}, 10**9], got {arguments.images}")
    if not 0 < arguments.learning_rate <= 1:
        raise ConfigError(f"learning rate must be in (0, 1], got {arguments.learning_rate}")
    model = load_translator(arguments.folder, "cpu")
    found = model if model.config.network == NETWORK else with_insight(model, arguments.seed)
    config = found.config
    taught, held_out = (
        data.load_pairs(config.dataset, config.resolution, arguments.data_root, split, _report)
        for split in ("train", "test")
    )
    answers, kept = (_answers(pairs, arguments.attribute) for pairs in (taught, held_out))
    insight = found.generator.get_submodule("towards.b.insight")
    assert isinstance(insight, Insight)

    _make(arguments.out)  # before the minutes that it takes to teach

    def measured(shown: int) -> None:
        _report(f"{shown:,} images: told right {right(insight, held_out.a, kept):.3f}")
        _write(found, arguments.out)

    teach(insight, taught.a, answers, arguments.images, arguments.learning_rate, arguments.seed, measured)
    print(json.dumps({arguments.attribute: round(right(insight, held_out.a, kept), 4)}))
    return 0


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{out}: {error.strerror}: choose another folder") from None


def _write(found: Translator, out: Path) -> None:
    write_bytes(out / "config.json", found.config.to_json().encode())
    write_tensors(out / "critic.safetensors", found.critic.state_dict())
    write_tensors(out / "model.safetensors", found.generator.state_dict())


def main(argv: Sequence[str] | None = None) -> int:
    """Write what was taught as a model folder; return the exit status: 0, or 1 for an error."""
    forgive_console()
    flags = argparse.ArgumentParser(prog="python -m gan.training.insight", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("folder", type=Path, metavar="MODEL", help="a translator's folder")
    flags.add_argument("out", type=Path, metavar="OUT", help="the folder to write")
    flags.add_argument("--attribute", default="mouth", metavar="NAME", help="what it learns to tell (default: mouth)")
    flags.add_argument("--data-root", default="data", help="folder of downloaded data sets (default: data)")
    flags.add_argument("--images", type=int, default=IMAGES, help=f"pictures shown to it (default: {IMAGES})")
    flags.add_argument(
        "--learning-rate", type=float, default=LEARNING_RATE, help=f"less to learn on (default: {LEARNING_RATE})"
    )
    flags.add_argument("--seed", type=int, default=0, help="of its first weights and of the order (default: 0)")
    arguments = flags.parse_args(argv)
    torch.set_num_threads(1)  # rounding depends on the number of threads
    return status_of("gan.training.insight", lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
