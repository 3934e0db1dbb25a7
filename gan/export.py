"""Write the page without a server: a folder for any static host, or one HTML file of one model.

python -m gan.export SITE [MODEL ...]
python -m gan.export PAGE.html --single-file MODEL

Models are folders, or the Hub's USER/NAME[@REVISION]; without any, the shipped ones. Both the folder and the
file also open without a host and without a network, in any browser of the last years.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gan.errors import FolderError, HubError
from gan.hub.names import split
from gan.hub.pull import pull
from gan.io import write_bytes

PAGE = "index.html"


def model_folder(name: str) -> Path:
    """Return a model's folder, fetched from the Hub where there is none here. FolderError or HubError with the cure."""
    folder = Path(name)
    if (folder / "config.json").is_file():
        return folder
    if folder.exists() or name.count("/") != 1 or name.startswith((".", "/")):
        raise FolderError(f"{name}: no model folder: there is no config.json in it")
    pulled = pull(*split(name))
    if pulled.notice:
        print(pulled.notice, file=sys.stderr)
    return pulled.folder


def write_site(into: Path, models: Sequence[Path], hosted: bool = False) -> int:
    """Write a site into a folder that is new, empty, or an older site of ours; return its bytes.

    models: folders; the shipped ones where there are none. hosted: as for `gan.ui.site.folder_of`.
    """
    from gan.ui import site

    old = _check_target(into, site.GENERATOR)
    files = site.folder_of(models or site.shipped(), hosted)
    for name, content in files.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(into / name, content)
    for path in old - {into / name for name in files}:
        path.unlink()
    return sum(map(len, files.values()))


def _check_target(into: Path, generator: str) -> set[Path]:
    """Return the files of an older site in a folder; FolderError where anything else is in it."""
    if not into.exists():
        return set()
    inside = {path for path in into.rglob("*") if not path.is_dir()} if into.is_dir() else {into}
    page = into / PAGE
    ours = page.is_file() and f'name="generator" content="{generator}' in page.read_text("utf-8", "replace")[:4000]
    others = sorted(inside if not ours else {p for p in inside if p != page and p.parent != into / "files"})
    if others:
        raise FolderError(f"{into}: {others[0].name} is there, which is no part of a site of ours: name another folder")
    return inside


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command line; exit with one line that says why where it fails."""
    flags = argparse.ArgumentParser(prog="python -m gan.export", description=str(__doc__).splitlines()[0])
    flags.add_argument("into", type=Path, metavar="SITE", help="a folder to write; with --single-file an HTML file")
    flags.add_argument(
        "models", nargs="*", metavar="MODEL", help="folders, or USER/NAME of the Hub; default: the shipped ones"
    )
    flags.add_argument("--single-file", metavar="MODEL", help="write one HTML file of this model")
    arguments = flags.parse_args(argv)
    if arguments.single_file and arguments.models:
        flags.error("--single-file is of one model: name it there alone")
    try:
        if arguments.single_file:
            from gan.ui import site

            page = site.single_file(model_folder(arguments.single_file))
            write_bytes(arguments.into, page)
            size = len(page)
        else:
            size = write_site(arguments.into, [model_folder(name) for name in arguments.models])
    except (FolderError, HubError, OSError) as error:
        sys.exit(f"error: {error}")
    shown = arguments.into if arguments.single_file else arguments.into / PAGE
    print(f"wrote {arguments.into}, {size / 1e6:.1f} MB: open {shown}")


if __name__ == "__main__":
    main()
