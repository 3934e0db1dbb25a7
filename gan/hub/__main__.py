"""The Hub from the command line.

python -m gan.hub push FOLDER USER/NAME [--private] [--checkpoint] [--dry-run]
python -m gan.hub pull USER/NAME[@REVISION]
python -m gan.hub deploy USER/SPACE [--private] [--dry-run]

The token comes from HF_TOKEN or from `hf auth login`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gan.errors import FolderError, HubError
from gan.hub.names import checked_repo, split


def _push(arguments: argparse.Namespace) -> None:
    from gan.hub.push import build, push
    from gan.hub.pusher import report

    if arguments.dry_run:
        aside = Path(tempfile.mkdtemp(prefix="latent-lab-"))  # kept, to be looked at
        _list(build(arguments.folder, aside, checked_repo(arguments.repo), arguments.checkpoint), arguments.repo)
        return print(f"built in {aside}")
    with tempfile.TemporaryDirectory(prefix="latent-lab-") as into:
        sent = push(
            arguments.folder, Path(into), arguments.repo, arguments.private, arguments.checkpoint, progress=_tell
        )
    print(report(sent))


def _pull(arguments: argparse.Namespace) -> None:
    from gan.hub.pull import pull

    pulled = pull(*split(arguments.repo), refresh=True)
    if pulled.notice:
        _tell(pulled.notice)
    print(pulled.folder)


def _deploy(arguments: argparse.Namespace) -> None:
    from gan.hub import space

    if arguments.dry_run:
        return _list({name: (space.ROOT / name).stat().st_size for name in space.files()}, arguments.space)
    done = space.deploy(arguments.space, arguments.private)
    print(f"{'deployed' if done.changed else 'nothing to deploy'}: {done.page}, commit {done.commit[:7]}")


def _list(files: dict[str, int], repo: str) -> None:
    print(f"would be sent to {repo}, in one commit:")
    for name, size in files.items():
        print(f"{size:>12,}  {name}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.hub", description=__doc__.splitlines()[0])
    commands = flags.add_subparsers(required=True, metavar="COMMAND")

    push = commands.add_parser("push", help="a model folder becomes one commit and one tag of a repository")
    push.set_defaults(run=_push)
    push.add_argument("folder", type=Path, help="a model folder")
    push.add_argument("repo", metavar="USER/NAME", help="created if it is not there")
    push.add_argument("--checkpoint", action="store_true", help="also the state of the optimisers, to train on from")

    pull = commands.add_parser("pull", help="fetch a model's newest files, and say where they are")
    pull.set_defaults(run=_pull)
    pull.add_argument("repo", metavar="USER/NAME[@REVISION]")

    deploy = commands.add_parser("deploy", help="this repository becomes a Space, without tests, runs and data")
    deploy.set_defaults(run=_deploy)
    deploy.add_argument("space", metavar="USER/SPACE", help="created if it is not there")
    for command in (push, deploy):
        command.add_argument("--private", action="store_true", help="if it has to be created, for your eyes only")
        command.add_argument("--dry-run", action="store_true", help="send nothing, but say what would be sent")
    return flags


def main(argv: Sequence[str] | None = None) -> None:
    """Do what the command line says, or exit with one line that says why not."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (FolderError, HubError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
