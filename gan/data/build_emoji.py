"""Build bundled/emoji-STYLE.webp and bundled/emoji.json from the npm packages that hold the pictures.

    npm pack emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0
    npm pack @lobehub/fluent-emoji-3d@1.1.0 @iconify-json/fluent-emoji-flat@1.2.6
    pip install resvg-py==0.5.0
    python -m gan.data.build_emoji FOLDER       with the four tarballs

Takes a few minutes. The same packages and the same Pillow give the same bytes.
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan.data.emoji import NAMES, SIZE, sheet
from gan.data.image_sheet import write_sheet

COLUMNS = 49  # 1,911 = 39 rows of 49
MERGED = {"Component": "Symbols"}  # five skin tones, coloured squares: they join the other coloured squares
PACKAGES = {
    "noto": ("emoji-datasource-google", "16.0.0"),
    "twemoji": ("emoji-datasource-twitter", "16.0.0"),
    "fluent-3d": ("@lobehub/fluent-emoji-3d", "1.1.0"),
    "fluent-flat": ("@iconify-json/fluent-emoji-flat", "1.2.6"),
}


def build(folder: Path) -> None:
    """Read the four tarballs in `folder` and write all files; OSError or KeyError for a missing or another one."""
    tarballs = {style: folder / _tarball(*package) for style, package in PACKAGES.items()}
    for tarball, (name, version) in zip(tarballs.values(), PACKAGES.values(), strict=True):
        about = json.loads(_read(tarball, "package/package.json"))
        if (about["name"], about["version"]) != (name, version):
            raise KeyError(f"{tarball.name} holds {about['name']} {about['version']}, not {name} {version}")
    entries = json.loads(_read(tarballs["noto"], "package/emoji.json"))
    entries = sorted((e for e in entries if e["has_img_google"]), key=lambda e: e["sort_order"])
    codes = [_code(e["unified"]) for e in entries]
    rows = {}
    for style, read in READERS.items():
        pictures = read(tarballs[style])
        rows[style] = [i for i, code in enumerate(codes) if code in pictures]
        size = write_sheet(sheet(style), np.stack([pictures[codes[i]] for i in rows[style]]), COLUMNS)
        print(f"{len(rows[style]):,} emoji: {sheet(style).name} {size:,} bytes")
    categories = [MERGED.get(e["category"], e["category"]) for e in entries]
    subcategories = [e["subcategory"] for e in entries]
    own = [e["category"] for e in entries if e["category"] not in MERGED]
    distinct = {"categories": list(dict.fromkeys(own)), "subcategories": list(dict.fromkeys(subcategories))}
    index = {
        "sources": {style: " ".join(package) for style, package in PACKAGES.items()},
        "names": [e["name"].lower() for e in entries],
        "codes": codes,
        **distinct,
        "category": [distinct["categories"].index(name) for name in categories],
        "subcategory": [distinct["subcategories"].index(name) for name in subcategories],
        "rows": rows,
    }
    NAMES.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{NAMES.name} {NAMES.stat().st_size:,} bytes")


def _datasource(tarball: Path) -> dict[str, np.ndarray]:
    """Read the 64-pixel PNG files of a package of emoji-datasource, by code."""
    vendor = json.loads(_read(tarball, "package/package.json"))["name"].rsplit("-", 1)[1]
    return {_code(Path(name).stem): _cutout(data) for name, data in _files(tarball, f"package/img/{vendor}/{SIZE}/")}


def _fluent_3d(tarball: Path) -> dict[str, np.ndarray]:
    """Read the 256-pixel WebP files of Fluent's 3-D emoji, by code."""
    return {_code(Path(name).stem): _cutout(data) for name, data in _files(tarball, "package/assets/")}


def _fluent_flat(tarball: Path) -> dict[str, np.ndarray]:
    """Draw the vector pictures of Fluent's flat emoji, by code."""
    import resvg_py  # only here: needed by nobody who uses the files

    icons = json.loads(_read(tarball, "package/icons.json"))
    pictures = {}
    for code, name in json.loads(_read(tarball, "package/chars.json")).items():
        icon = icons["icons"].get(name) or icons["icons"][icons["aliases"][name]["parent"]]
        body = icon["body"]
        box = f"0 0 {icon.get('width', icons['width'])} {icon.get('height', icons['height'])}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{SIZE}" height="{SIZE}">{body}</svg>'
        pictures[_code(code)] = _cutout(bytes(resvg_py.svg_to_bytes(svg_string=svg)))
    return pictures


READERS = {"noto": _datasource, "twemoji": _datasource, "fluent-3d": _fluent_3d, "fluent-flat": _fluent_flat}


def _cutout(data: bytes) -> np.ndarray:
    """Decode one picture as uint8 RGBA (SIZE, SIZE, 4); resampled with colours weighted by their opacity."""
    with Image.open(BytesIO(data)) as image:
        rgba = image.convert("RGBA")
    if rgba.size != (SIZE, SIZE):
        rgba = rgba.convert("RGBa").resize((SIZE, SIZE), Image.Resampling.LANCZOS).convert("RGBA")
    return np.asarray(rgba)


def _code(text: str) -> str:
    """Return code points as every package names them: in lower case, without fe0f, which asks for colour."""
    return "-".join(part for part in text.lower().split("-") if part != "fe0f")


def _tarball(name: str, version: str) -> str:
    return f"{name.lstrip('@').replace('/', '-')}-{version}.tgz"


def _read(tarball: Path, name: str) -> bytes:
    return next(data for _, data in _files(tarball, name))


def _files(tarball: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield each file whose name begins with `prefix`; KeyError where there is none.

    One pass in the archive's own order: each seek back in a compressed file would decompress it again.
    """
    found = False
    with tarfile.open(tarball) as tar:
        for member in tar:
            if member.name.startswith(prefix) and member.isfile():
                found = True
                file: Any = tar.extractfile(member)
                yield member.name, file.read()
    if not found:
        raise KeyError(f"{tarball.name} holds no {prefix}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        files = ", ".join(_tarball(*package) for package in PACKAGES.values())
        sys.exit(f"usage: python -m gan.data.build_emoji FOLDER   with {files}")
    try:
        build(Path(sys.argv[1]))
    except (OSError, tarfile.TarError, KeyError) as error:
        sys.exit(f"cannot read the packages in {sys.argv[1]} ({error}): see the top of this file")
