"""Build bundled/emoji.webp and bundled/emoji.json from the npm package that holds the pictures.

    npm pack emoji-datasource-google@16.0.0
    python -m gan.data.build_emoji emoji-datasource-google-16.0.0.tgz

Takes about a minute. The same package and the same Pillow give the same bytes.
"""

import json
import sys
import tarfile
from io import BytesIO
from typing import IO

import numpy as np
from PIL import Image

from gan.data.emoji import NAMES, SHEET, SIZE
from gan.data.image_sheet import write_sheet
from gan.data.picture_file import to_rgb

PACKAGE, VERSION, COLUMNS = "emoji-datasource-google", "16.0.0", 49  # 1,911 = 39 rows of 49
MERGED = {"Component": "Symbols"}  # five skin tones, coloured squares: they join the other coloured squares


def build(package: str) -> None:
    """Read the tarball `package` and write both files; KeyError where the tarball lacks a file."""
    with tarfile.open(package) as tar:
        about = json.load(_open(tar, "package/package.json"))
        if (about["name"], about["version"]) != (PACKAGE, VERSION):
            raise SystemExit(f"{package} is {about['name']} {about['version']}: pass {PACKAGE} {VERSION}")
        entries = json.load(_open(tar, "package/emoji.json"))
        entries = sorted((e for e in entries if e["has_img_google"]), key=lambda e: e["sort_order"])
        folder = f"package/img/google/{SIZE}/"
        # One pass in the archive's own order: each seek back in a compressed file would decompress it again.
        files = {m.name: _open(tar, m).read() for m in tar if m.name.startswith(folder) and m.isfile()}

    pictures = []
    for entry in entries:
        with Image.open(BytesIO(files[folder + entry["image"]])) as image:
            # On white before any resizing: colour hidden under alpha 0 cannot bleed into edges.
            pictures.append(np.asarray(to_rgb(image)))
    categories = [MERGED.get(e["category"], e["category"]) for e in entries]
    classes = list(dict.fromkeys(e["category"] for e in entries if e["category"] not in MERGED))
    index = {
        "source": f"{PACKAGE} {VERSION}",
        "classes": classes,
        "names": [e["name"].lower() for e in entries],
        "labels": [classes.index(c) for c in categories],
    }
    NAMES.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    size = write_sheet(SHEET, np.stack(pictures), COLUMNS)
    print(f"{len(pictures):,} emoji: {SHEET.name} {size:,} bytes, {NAMES.name} {NAMES.stat().st_size:,} bytes")


def _open(tar: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise KeyError(f"{member} is not a file")
    return file


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(f"usage: python -m gan.data.build_emoji PACKAGE.tgz   (from: npm pack {PACKAGE}@{VERSION})")
    try:
        build(sys.argv[1])
    except (OSError, tarfile.TarError, KeyError) as error:
        sys.exit(f"cannot read {sys.argv[1]} ({error}): pass the tarball of npm pack {PACKAGE}@{VERSION}")
