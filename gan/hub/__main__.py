"""Push, pull and deploy from the command line.

python -m gan.hub push FOLDER USER/NAME [--private] [--checkpoint] [--dry-run]
python -m gan.hub pull USER/NAME[@REVISION]
python -m gan.hub deploy USER/SPACE [--private] [--dry-run]

The token comes from HF_TOKEN or from `hf auth login`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gan import scratch
from gan.errors import FolderError, HubError
from gan.hub.names import checked_repo, split


def _push(arguments: argparse.Namespace) -> None:
    from gan.hub.push import build, push
    from gan.hub.pusher import report

    if arguments.dry_run:
        aside = scratch.kept_folder()  # for the user to inspect
        _list(build(arguments.folder, aside, checked_repo(arguments.repo), arguments.checkpoint), arguments.repo)
        return print(f"built in {aside}")
    with scratch.folder() as into:
        sent = push(
            arguments.folder, Path(into), arguments.repo, arguments.private, arguments.checkpoint, progress=_print_err
        )
    print(report(sent))


def _pull(arguments: argparse.Namespace) -> None:
    from gan.hub.pull import pull

    pulled = pull(*split(arguments.repo), refresh=True)
    if pulled.notice:
        _print_err(pulled.notice)
    print(pulled.folder)


def _deploy(arguments: argparse.Namespace) -> None:
    from gan.hub import space

    if arguments.dry_run:
        return _list({name: (space.ROOT / name).stat().st_size for name in space.files()}, arguments.space)
    deployed = space.deploy(arguments.space, arguments.private)
    print(f"{'deployed' if deployed.changed else 'nothing to deploy'}: {deployed.page}, commit {deployed.commit[:7]}")


def _list(files: dict[str, int], repo: str) -> None:
    print(f"would be sent to {repo}, in one commit:")
    for name, size in files.items():
        print(f"{size:>12,}  {name}")


def _print_err(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.hub", description=__doc__.splitlines()[0])
    commands = flags.add_subparsers(required=True, metavar="COMMAND")

    push = commands.add_parser("push", help="send a model folder to a repository, as one commit with one tag")
    push.set_defaults(run=_push)
    push.add_argument("folder", type=Path, help="a model folder")
    push.add_argument("repo", metavar="USER/NAME", help="created if it does not exist")
    push.add_argument("--checkpoint", action="store_true", help="send the optimisers' state too, to resume from")

    pull = commands.add_parser("pull", help="download a model's newest files and print their folder")
    pull.set_defaults(run=_pull)
    pull.add_argument("repo", metavar="USER/NAME[@REVISION]")

    deploy = commands.add_parser("deploy", help="send the app to a Space, without tests, runs and data")
    deploy.set_defaults(run=_deploy)
    deploy.add_argument("space", metavar="USER/SPACE", help="created if it does not exist")
    for command in (push, deploy):
        command.add_argument("--private", action="store_true", help="private, if it has to be created")
        command.add_argument("--dry-run", action="store_true", help="list what would be sent, and send nothing")
    return flags


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command line; exit with one line that says why where it fails."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (FolderError, HubError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
