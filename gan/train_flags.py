"""Flags of `train.py` and their meaning: the config, the folder and the push that a command line asks for."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import textwrap
import typing
from dataclasses import dataclass
from pathlib import Path

from gan.config import Config
from gan.data import DATASETS, PAIRS, hub_pictures
from gan.data.points import DISTRIBUTIONS
from gan.errors import ConfigError, FolderError
from gan.models.weights import read_config
from gan.networks import NETWORKS, POINT_NETWORKS, TRANSLATORS
from gan.presets import PRESETS, TRANSLATION
from gan.training.checkpoint import ended_before_checkpoint, find_state, read_state
from gan.training.losses import LOSSES
from gan.training.objectives import OBJECTIVES
from gan.training.optimizers import OPTIMIZERS
from gan.training.penalties import PENALTIES
from gan.training.run_folder import check_no_run
from gan.training.start import SHAPES

if typing.TYPE_CHECKING:
    from gan.models.model import Model
    from gan.models.translator import Translator


def parser(description: str | None = None) -> argparse.ArgumentParser:
    """Build the parser: a flag for every field of Config that the data does not decide, and those of the command."""
    registries: dict[str, typing.Iterable[str]] = {
        "dataset": [*DATASETS, *DISTRIBUTIONS], "network": [*NETWORKS, *POINT_NETWORKS, *TRANSLATORS], "loss": LOSSES,
        "penalty": PENALTIES, "optimizer": OPTIMIZERS, "objective": OBJECTIVES,
    }  # fmt: skip
    p = argparse.ArgumentParser(description=description, formatter_class=_Help)
    p.add_argument("--preset", choices=PRESETS, help="a recipe; other flags change it")
    p.add_argument("--out", metavar="DIR", help="model folder to write (default: runs/NAME of the preset or data set)")
    p.add_argument(
        "--resume",
        metavar="DIR",
        help="continue the run in DIR from its last checkpoint, or one that was pushed: hub:USER/NAME[@REVISION]. If "
        "several machines train, all need access to DIR",
    )
    p.add_argument(
        "--pairs",
        metavar="FOLDER",
        help="translate with pairs: a folder with two subfolders that hold pictures of the same names, or with "
        f"pictures that show both side by side, or one of {', '.join(PAIRS)}; --objective paired unless given",
    )
    hub = p.add_argument_group("Hugging Face Hub", "needs HF_TOKEN, or `hf auth login`, with write permission")
    hub.add_argument("--push-to-hub", metavar="USER/NAME", help="push the model there when the run ends")
    hub.add_argument("--private", action="store_true", help="create the repository as private, if it does not exist")
    hub.add_argument("--push-every", metavar="N", type=int, default=0, help="also push every N images, while training")
    hub.add_argument("--push-checkpoint", action="store_true", help="also push what --resume hub:USER/NAME needs")
    hub.add_argument("--dry-run", action="store_true", help="train, and print what would be pushed, but push nothing")
    kinds = typing.get_type_hints(Config)
    for f in dataclasses.fields(Config):
        if f.metadata.get("derived"):
            continue
        names = f.metadata.get("choices") or registries.get(f.name, ())
        choices = f": {', '.join(names)}" if names else ""
        flag = "--" + f.name.replace("_", "-")
        anew = "; may be given anew with --resume" if f.metadata.get("resumable") else ""
        help = f"{f.metadata['help']}{choices} (default: {f.default}{anew})".replace("%", "%%")
        if kinds[f.name] is bool:
            p.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=help)
            continue
        flags = [flag, *filter(None, [f.metadata.get("also")])]
        p.add_argument(*flags, type=kinds[f.name], default=None, metavar=kinds[f.name].__name__.upper(), help=help)
    return p


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help that breaks no name at its hyphen, so that each can be found and copied."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


@dataclass(frozen=True)
class PushSettings:
    """The flags of a push. every: images between pushes while training, 0 for none."""

    repo: str
    private: bool
    every: int
    checkpoint: bool
    dry_run: bool


def push_settings(args: argparse.Namespace) -> PushSettings | None:
    """Return the push that flags ask for, if any.

    Raises ConfigError or HubError for all that can be found wrong without asking the Hub.
    """
    if not args.push_to_hub:
        flags = {"--private": args.private, "--push-every": args.push_every, "--push-checkpoint": args.push_checkpoint}
        if alone := [flag for flag, given in {**flags, "--dry-run": args.dry_run}.items() if given]:
            raise ConfigError(f"{alone[0]} needs --push-to-hub USER/NAME")
        return None
    if args.push_every < 0:
        raise ConfigError(f"push-every must be a number of images, 0 for none, got {args.push_every}")
    from gan.hub.client import check_token
    from gan.hub.names import checked_repo

    checked_repo(args.push_to_hub)
    if not args.dry_run:
        check_token()
    return PushSettings(args.push_to_hub, args.private, args.push_every, args.push_checkpoint, args.dry_run)


def device_of(args: argparse.Namespace) -> str:
    """Return the device that flags name, or that of the run they resume; FolderError if there is no such run."""
    if args.device or args.resume is None or args.resume.startswith("hub:"):
        return args.device or Config.device
    return _checkpoint_config(Path(args.resume)).device


def run_settings(args: argparse.Namespace, rank_zero: bool = True) -> tuple[Config, Path, bool]:
    """Return (config, folder, resume) of parsed flags. ConfigError for a contradiction, FolderError for a bad folder.

    rank_zero: in the first of the processes that share the run. Only it downloads and checks the folder, which the
    others may find already written to.
    """
    names = [f.name for f in dataclasses.fields(Config) if not f.metadata.get("derived")]
    given = {n: getattr(args, n) for n in names if getattr(args, n) is not None} | _pairs(args)
    if args.resume is None:
        return _new_run(args, given, rank_zero)
    if args.resume.startswith("hub:"):
        out = _fetch_from_hub(args, given, rank_zero)
    elif args.out or args.preset:
        raise ConfigError("--resume DIR continues in DIR with DIR's own settings: leave out --out and --preset")
    else:
        out = Path(args.resume)
    return dataclasses.replace(_checkpoint_config(out), **given), out, True


def _pairs(args: argparse.Namespace) -> dict[str, typing.Any]:
    """Return the settings that --pairs and --from stand for; ConfigError where other flags contradict them."""
    if args.pairs is None:
        return {} if args.source is None or args.task else {"task": "translate"}
    for flag, value in (("--from", args.source), ("--to", args.dataset)):
        if value:
            raise ConfigError(f"--pairs {args.pairs} names both sides: leave out {flag}")
    if args.task == "generate":
        raise ConfigError("--pairs are for --task translate")
    if args.resume:
        return {"dataset": args.pairs}
    return {"task": "translate", "dataset": args.pairs, "source": "", "objective": args.objective or "paired"}


def _new_run(args: argparse.Namespace, given: dict[str, typing.Any], rank_zero: bool) -> tuple[Config, Path, bool]:
    # A loss from the command line brings its paper's settings with it; a preset's loss has them in the preset.
    customary = dict(LOSSES[args.loss].customary) if args.loss in LOSSES else {}
    preset = PRESETS.get(args.preset or "", {})
    if "translate" in (given.get("task"), preset.get("task")):
        customary = {**_of_translation(given, preset), **customary}
    shapes: dict[str, typing.Any] = {}
    if args.init:
        model = read_config(_folder_of(args.init))
        shapes = {name: getattr(model, name) for name in SHAPES}
    config = Config(**{**preset, **customary, **shapes, **given})
    names = [_short_name(name) for name in (config.source, config.dataset) if name]
    out = Path(args.out or Path("runs") / (args.preset or "-to-".join(names) or "model"))
    if rank_zero:
        check_free(out)
    return config, out, False


def _of_translation(given: dict[str, typing.Any], preset: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """Return what a translation has instead of the defaults, and the settings of its objective's paper."""
    of_preset = preset.get("objective", Config.objective) if preset.get("task") else None
    objective = given.get("objective", of_preset or Config.objective)
    known = objective in OBJECTIVES and objective != of_preset
    return {**({} if of_preset else TRANSLATION), **(OBJECTIVES[objective].customary if known else {})}


def pins(args: argparse.Namespace) -> dict[str, str]:
    """Return flags that name something on the Hub, with the commit that they mean now, for one that means it for ever.

    Asked for once, in the first of the processes that share a run: a repository may change between two questions.
    DataError or HubError, with the cure, for what is not there.
    """
    found = {name: hub_pictures.pin(value) for name in ("dataset", "source") if _on_hub(value := getattr(args, name))}
    if _on_hub(args.init) and args.resume is None:
        from gan.hub.names import split
        from gan.hub.pull import pull

        repo, revision = split(args.init.removeprefix("hub:"))
        pulled = pull(repo, revision, refresh=True)
        if pulled.notice:
            print(f"note: {pulled.notice}", file=sys.stderr)
        found["init"] = f"hub:{repo}@{pulled.commit}"
    return found


def _on_hub(name: str | None) -> bool:
    return name is not None and hub_pictures.is_hub_name(name)


def _short_name(dataset: str) -> str:
    """Return what a run's folder is called after its data set."""
    name = hub_pictures.parse(dataset).repo if _on_hub(dataset) else dataset
    return Path(name).resolve().name


def _folder_of(init: str) -> Path:
    """Return the folder of the model that `init` names, downloaded if need be; FolderError or HubError for none."""
    if not _on_hub(init):
        return _existing(init)
    from gan.hub.names import split
    from gan.hub.pull import pull

    repo, revision = split(init.removeprefix("hub:"))
    return pull(repo, revision).folder


def _existing(folder: str) -> Path:
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise FolderError(f"init: {folder}: no such folder; a model on the Hub is hub:USER/NAME")
    return path


def find_model(init: str) -> Model | Translator:
    """Load the model that a config's `init` names, on the CPU. FolderError or HubError with the fault."""
    from gan.models.translator import load_folder

    model = load_folder(_folder_of(init), "cpu")
    if _on_hub(init):
        model.name = init.removeprefix("hub:").partition("@")[0]
    return model


def _fetch_from_hub(args: argparse.Namespace, given: dict[str, typing.Any], rank_zero: bool) -> Path:
    from gan.hub.names import split
    from gan.hub.resume import fetch_run

    repo, revision = split(args.resume.removeprefix("hub:"))
    out = Path(args.out or Path("runs") / repo.split("/")[1])
    if args.preset:
        raise ConfigError("--resume hub:USER/NAME continues with that run's own settings: leave out --preset")
    if rank_zero:
        check_free(out)
        if notice := fetch_run(repo, revision, out, given.get("dataset"), given.get("source")):
            print(f"note: {notice}", file=sys.stderr)
    return out


def _checkpoint_config(folder: Path) -> Config:
    return read_state(find_state(folder / "checkpoint")).config


def check_free(out: Path) -> None:
    """Raise ConfigError unless a run can be written to `out` without overwriting anything of value."""
    check_no_run(out)
    place = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise ConfigError(f"{place} is not a folder that can be written to: choose another --out")
    if place == out and any(out.iterdir()) and not ended_before_checkpoint(out):
        raise ConfigError(f"{out} already holds files: choose another --out")
