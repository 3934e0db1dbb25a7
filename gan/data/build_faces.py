"""Build bundled/faces.webp from the npm package that holds the drawings.

    npm pack @dicebear/toon-head@9.4.3
    pip install resvg-py==0.5.0
    python -m gan.data.build_faces dicebear-toon-head-9.4.3.tgz

Takes about a minute. The same packages and the same Pillow give the same bytes.

Every part is rendered alone, three times: in black, in white, and without shadows and lenses, for masks. Between black
and white its colour is linear in the tint. Changed for 64 pixels: outlines are wider, lips darker, and irises
have a tint, a pupil and a glint. Two styles of hair, a grin and three pairs of glasses, drawn here, are added to the
package's parts.
"""

import json
import re
import sys
import tarfile
from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from gan.data.face_layers import COLUMNS, LAYERS, MARGIN, SHEET, SIZE, UNIT
from gan.data.image_sheet import write_sheet

PACKAGE, VERSION = "@dicebear/toon-head", "9.4.3"
OVERSAMPLED = 4  # rendered pixels a texel, in each direction
OUTLINE = 'stroke="black" stroke-width="4" stroke-opacity="0.7"'

# What the package calls our parts; a layer or part that is not here has the same name there, or is drawn below.
NAMES = {
    "rear_hair": "rearHair", "brows": "eyebrows", "straight": "longStraight", "wavy": "longWavy",
    "shoulder": "shoulderHigh", "neck": "neckHigh", "turtleneck": "turtleNeck", "jacket": "openJacket",
    "t-shirt": "tShirt", "moustache": "moustacheTwirl", "full": "fullBeard", "goatee": "chinMoustache",
    "long": "longBeard", "closed up": "bow", "closed down": "humble", "side-combed": "sideComed",
}  # fmt: skip

_SCALLOPS = "".join(
    f'<circle cx="{384 + 176 * np.sin(a):.1f}" cy="{292 - 186 * np.cos(a):.1f}" r="{70 + 6 * (i % 3)}"/>'
    for i, a in enumerate(np.linspace(-2.05, 2.05, 11))
)
_CURLS = "".join(
    f'<path d="M{x - 17} {y + 7} q17 -26 34 0" fill="none" stroke="black" stroke-opacity=".16" stroke-width="9"/>'
    for x, y in [(384, 80), (300, 110), (468, 112), (236, 180), (345, 165), (424, 168), (532, 184), (288, 222),
                 (384, 228), (482, 224), (196, 270), (572, 272), (196, 360), (572, 358)]
)  # fmt: skip
OURS = {
    "afro": '<mask id="m"><rect x="-96" y="-96" width="960" height="960" fill="white"/>'
    '<path d="M250 620 L250 372 C250 300 300 268 384 268 C468 268 518 300 518 372 L518 620 Z" fill="black"/></mask>'
    f'<g mask="url(#m)"><g fill="TINT"><ellipse cx="384" cy="290" rx="200" ry="190"/>{_SCALLOPS}</g>{_CURLS}</g>',
    "fringe": '<path d="M214 452 C176 250 214 112 384 112 C554 112 592 250 554 452 L530 446 C540 400 542 350 528 312 '
    'C500 322 470 326 452 324 L446 306 L436 325 C400 330 360 330 330 325 L322 306 L314 324 C290 324 262 320 240 312 '
    'C226 350 228 400 238 446 Z" fill="TINT" stroke="black"/>'
    '<path d="M384 124 C300 150 262 200 250 280 M384 124 C340 170 326 220 322 306 M384 124 C440 170 448 220 446 306 '
    'M384 124 C480 150 508 200 520 280" fill="none" stroke="black" stroke-opacity=".17" stroke-width="8"/>',
    "grin": '<path d="M318 492 Q384 556 450 492" fill="none" stroke="#4a2626" stroke-width="11" '
    'stroke-linecap="round"/>'
    '<path d="M308 498 Q314 486 326 484 M442 484 Q454 486 460 498" fill="none" stroke="black" stroke-opacity=".3" '
    'stroke-width="7" stroke-linecap="round"/>',
    "round": '<g fill="white" fill-opacity=".16" stroke="TINT" stroke-width="14"><circle cx="308" cy="406" r="56"/>'
    '<circle cx="460" cy="406" r="56"/></g><path d="M363 398 Q384 382 405 398 M253 396 L214 384 M515 396 L554 384" '
    'fill="none" stroke="TINT" stroke-width="14"/>',
    "square": '<g fill="white" fill-opacity=".16" stroke="TINT" stroke-width="15"><rect x="248" y="364" width="116" '
    'height="84" rx="16"/><rect x="404" y="364" width="116" height="84" rx="16"/></g><path d="M364 396 Q384 384 404 '
    '396 M248 388 L214 380 M520 388 L554 380" fill="none" stroke="TINT" stroke-width="15"/>',
    "sunglasses": '<g stroke="TINT" stroke-width="13"><path d="M244 368 Q306 358 366 370 Q368 454 310 456 Q248 454 244 '
    '368 Z" fill="#15151c"/><path d="M524 368 Q462 358 402 370 Q400 454 458 456 Q520 454 524 368 Z" '
    'fill="#15151c"/></g><path d="M362 378 Q384 370 406 378 M246 384 L214 378 M522 384 L554 378" '
    'fill="none" stroke="TINT" stroke-width="13"/><path d="M266 386 L300 378 L276 424 Z M422 386 L456 378 L432 424 Z" '
    'fill="white" fill-opacity=".3"/>',
}  # fmt: skip

# Down to where the picture's lower edge may move.
BELOW = {
    ("body", "body"): '<path d="M124 810 H644 V870 H124 Z" fill="TINT"/>',
    ("clothes", "dress"): '<path d="M239 772 L529 775 L534 870 H234 Z" fill="TINT"/>',
}


def build(package: str) -> None:
    """Read the tarball `package` and write the sheet; KeyError where the tarball lacks a part."""
    drawings = read_drawings(package)
    parts = [(layer, part) for layer, names in LAYERS.items() for part in names]
    tiles = [tile for layer, part in parts for tile in render(drawings[layer, part], rasterise)]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    size = write_sheet(SHEET, np.stack(tiles), COLUMNS)
    print(f"{len(parts)} parts: {SHEET.name} {size:,} bytes")


def read_drawings(package: str) -> dict[tuple[str, str], str]:
    """Return the SVG elements of every part of `LAYERS`, by layer and part; TINT stands where its colour goes."""
    with tarfile.open(package) as tar:
        about = json.loads(_read(tar, "package/package.json"))
        if (about["name"], about["version"]) != (PACKAGE, VERSION):
            raise SystemExit(f"{package} is {about['name']} {about['version']}: pass {PACKAGE} {VERSION}")
        drawings: dict[tuple[str, str], str] = {}
        for layer, names in LAYERS.items():
            found = dict(OURS)
            if layer != "glasses":
                source = _read(tar, f"package/lib/components/{NAMES.get(layer, layer)}.js")
                found |= re.findall(r"'(\w+)': \(components, colors\) => `((?:[^`$]|\$\{escape[^}]*\}`\)\})*)`", source)
            drawings |= {(layer, name): adapt(layer, name, found[NAMES.get(name, name)]) for name in names}
    return drawings


def adapt(layer: str, part: str, drawing: str) -> str:
    """Return a part's elements for 64 pixels: TINT for its colour, wider outlines, and eyes that can have a colour."""
    drawing = re.sub(r"\$\{escape\.xml\(`\$\{colors\.\w+\}`\)\}", "TINT", drawing).replace(
        'stroke="black"/', OUTLINE + "/"
    )
    drawing += BELOW.get((layer, part), "")
    if layer == "rear_hair":
        return f'<g transform="translate(0 10)">{drawing}</g>'  # as the package does
    if layer == "mouth":
        drawing = drawing.replace(' fill-opacity="0.5"', "")  # a line on the skin: opaque, as masks take it to be
    if layer == "eyes":
        # The right iris is drawn mirrored: its centre is where the transform moves 27, 27.
        drawing = re.sub(
            r'<circle cx="27" cy="27" r="27" transform="matrix\(-1 0 0 1 ([\d.]+) ([\d.]+)\)" fill="#4B2422"/>',
            lambda m: _iris(float(m[1]) - 27, float(m[2]) + 27),
            drawing,
        )
        drawing = re.sub(
            r'<circle cx="([\d.]+)" cy="([\d.]+)" r="27" fill="#4B2422"/>',
            lambda m: _iris(float(m[1]), float(m[2])),
            drawing,
        )
    return drawing


def _iris(x: float, y: float) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="27" fill="TINT"/><circle cx="{x}" cy="{y}" r="14" fill="black"/>'
        f'<circle cx="{x + 9}" cy="{y - 10}" r="8" fill="white"/>'
    )


def render(drawing: str, rasterise: Callable[[str], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return a part's two tiles, uint8 (SIZE, SIZE, 3): its untinted colour, and (tint, alpha, coverage).

    Colours are premultiplied. Coverage is alpha without what is less than half opaque, such as shadows and clear
    lenses. rasterise: SVG -> premultiplied uint8 (S, S, 4) with S = SIZE * OVERSAMPLED.
    """
    black, white = (_mean(rasterise(drawing.replace("TINT", tint))) for tint in ("#000000", "#ffffff"))
    solid = _mean(rasterise(re.sub(r'-opacity="([^"]*)"', _without_veils, drawing.replace("TINT", "#000000"))))
    tint = white[..., :3] - black[..., :3]
    assert np.ptp(tint, -1).max() <= 1, "a tint must be grey: it is multiplied by one number"
    second = np.stack([tint[..., 1], black[..., 3], solid[..., 3]], -1)
    return black[..., :3].astype(np.uint8), second.astype(np.uint8)


def _without_veils(opacity: re.Match[str]) -> str:
    return opacity[0] if float(opacity[1]) >= 0.5 else '-opacity="0"'


def rasterise(drawing: str) -> np.ndarray:
    """Render SVG elements over the sheet's square; premultiplied uint8 (S, S, 4)."""
    import resvg_py  # only to build

    side = SIZE * UNIT
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" fill="none" viewBox="{-MARGIN} {-MARGIN} {side} {side}" '
        f'width="{side}" height="{side}">{drawing}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, width=SIZE * OVERSAMPLED, skip_system_fonts=True)
    with Image.open(BytesIO(bytes(png))) as image:
        pixels = np.asarray(image.convert("RGBA")).astype(np.uint16)
    colour = (pixels[..., :3] * pixels[..., 3:] + 127) // 255
    return np.concatenate([colour, pixels[..., 3:]], -1).astype(np.uint8)


def _mean(pixels: np.ndarray) -> np.ndarray:
    """Return the rounded means of squares of OVERSAMPLED pixels, int64 (SIZE, SIZE, 4)."""
    sums = pixels.reshape(SIZE, OVERSAMPLED, SIZE, OVERSAMPLED, 4).sum((1, 3), dtype=np.int64)
    return (sums + OVERSAMPLED**2 // 2) // OVERSAMPLED**2


def _read(tar: tarfile.TarFile, member: str) -> str:
    file = tar.extractfile(member)
    if file is None:
        raise KeyError(f"{member} is not a file")
    return file.read().decode("utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(f"usage: python -m gan.data.build_faces PACKAGE.tgz   (from: npm pack {PACKAGE}@{VERSION})")
    try:
        build(sys.argv[1])
    except (OSError, tarfile.TarError, KeyError) as error:
        sys.exit(f"cannot read {sys.argv[1]} ({error}): pass the tarball of npm pack {PACKAGE}@{VERSION}")
    except ImportError as error:
        sys.exit(f"{error}: pip install resvg-py==0.5.0")
