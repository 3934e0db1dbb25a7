"""Push, pull and deploy from the command line.

python -m gan.hub push FOLDER USER/NAME [--page] [--private] [--checkpoint] [--dry-run]
python -m gan.hub pull USER/NAME[@REVISION]
python -m gan.hub deploy USER/SPACE [--hardware NAME] [--private] [--dry-run]
python -m gan.hub deploy USER/SPACE --static [--model MODEL ...] [--private] [--dry-run]

The token comes from HF_TOKEN or from `hf auth login`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gan import scratch
from gan.errors import FolderError, HubError
from gan.hub.names import checked_repo, split

if TYPE_CHECKING:
    from gan.hub.space import Deployed


def _push(arguments: argparse.Namespace) -> None:
    from gan.hub.push import build, push
    from gan.hub.pusher import report

    player = _player(arguments.folder) if arguments.page else None
    if arguments.dry_run:
        aside = scratch.kept_folder()  # for the user to inspect
        repo = checked_repo(arguments.repo)
        _list(build(arguments.folder, aside, repo, arguments.checkpoint, player), arguments.repo)
        return print(f"built in {aside}")
    with scratch.folder() as into:
        sent = push(
            arguments.folder,
            Path(into),
            arguments.repo,
            arguments.private,
            arguments.checkpoint,
            progress=_print_err,
            player=player,
        )
    print(report(sent))


def _player(folder: Path) -> bytes:
    from gan.ui import site

    return site.single_file(folder)


def _pull(arguments: argparse.Namespace) -> None:
    from gan.hub.pull import pull

    pulled = pull(*split(arguments.repo), refresh=True)
    if pulled.notice:
        _print_err(pulled.notice)
    print(pulled.folder)


def _deploy(arguments: argparse.Namespace) -> None:
    from gan.hub import space

    if arguments.static:
        return _deploy_static(arguments)
    if arguments.dry_run:
        return _list({name: (space.ROOT / name).stat().st_size for name in space.files()}, arguments.space)
    _report_deployed(space.deploy(arguments.space, arguments.private, arguments.hardware))


def _deploy_static(arguments: argparse.Namespace) -> None:
    from gan import export
    from gan.hub import space

    checked_repo(arguments.space)
    with scratch.folder() as folder:
        site = Path(folder) / "site"
        export.write_site(site, [export.model_folder(name) for name in arguments.model], hosted=True)
        if arguments.dry_run:
            files = {p.relative_to(site).as_posix(): p.stat().st_size for p in sorted(site.rglob("*")) if p.is_file()}
            return _list({"README.md": len(space.STATIC_CARD.encode()), **files}, arguments.space)
        _report_deployed(space.deploy_static(arguments.space, site, arguments.private))


def _report_deployed(deployed: Deployed) -> None:
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

    push.add_argument("--page", action="store_true", help="send index.html too, a page that plays the model by itself")

    deploy = commands.add_parser("deploy", help="send the app to a Space, without tests, runs and data")
    deploy.set_defaults(run=_deploy)
    deploy.add_argument("space", metavar="USER/SPACE", help="created if it does not exist")
    deploy.add_argument("--hardware", default="", metavar="NAME", help="the Hub's name, such as zero-a10g for ZeroGPU")
    deploy.add_argument("--static", action="store_true", help="a page without a server, free for everyone")
    deploy.add_argument("--model", action="append", default=[], metavar="MODEL", help="with --static: which models")
    for command in (push, deploy):
        command.add_argument("--private", action="store_true", help="private, if it has to be created")
        command.add_argument("--dry-run", action="store_true", help="list what would be sent, and send nothing")
    return flags


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command line; exit with one line that says why where it fails."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    static = getattr(arguments, "static", False)
    if static and arguments.hardware:
        parser.error("a static Space has no hardware: leave out --hardware or --static")
    if not static and getattr(arguments, "model", None):
        parser.error("--model is for --static: the app takes models by the Space's variable LATENT_LAB_MODELS")
    try:
        arguments.run(arguments)
    except (FolderError, HubError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
