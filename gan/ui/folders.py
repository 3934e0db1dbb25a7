"""What a model folder says about itself without its weights: JSON and a safetensors header, no torch."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEADER = 16 * 2**20  # bytes: a safetensors header longer than this is no model of ours


@dataclass(frozen=True)
class Info:
    """One model as the gallery shows it, before any weight is read.

    grid: (rows, columns) of samples.png, whose pictures are seeds 0, 1, 2, ... row by row; None if not known.
    samples: the PNG's path, or None when the folder has none.
    metrics: metrics.json as it is, possibly empty.
    """

    name: str
    dataset: str
    network: str
    loss: str
    resolution: int
    channels: int
    images: int
    parameters: int
    classes: tuple[str, ...]
    grid: tuple[int, int] | None
    samples: Path | None
    metrics: dict[str, Any]


def discover(root: Path) -> list[Path]:
    """Model folders below `root`: every `weights/*`, then every `runs/*` that has finished writing a model."""
    shipped = sorted(p.parent for p in root.glob("weights/*/config.json"))
    trained = sorted(p.parent for p in root.glob("runs/*/config.json") if (p.parent / "model.safetensors").exists())
    return shipped + trained


def read_info(name: str, folder: Path) -> Info:
    """Raises ValueError, in one sentence, when config.json or the header of model.safetensors cannot be read."""
    config = _json(folder / "config.json")
    metrics = _json(folder / "metrics.json") if (folder / "metrics.json").is_file() else {}
    samples = folder / "samples.png"
    classes = config.get("classes")
    return Info(
        name=name,
        dataset=str(config.get("dataset", "?")),
        network=str(config.get("network", "?")),
        loss=str(config.get("loss", "?")),
        resolution=_count(config, "resolution"),
        channels=_count(config, "channels"),
        images=_count(metrics if "images" in metrics else config, "images"),
        parameters=_parameters(folder / "model.safetensors"),
        classes=tuple(map(str, classes)) if isinstance(classes, list) else (),
        grid=_grid(metrics.get("grid")),
        samples=samples if samples.is_file() else None,
        metrics=metrics,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ValueError(f"{path.name} is missing or unreadable") from None
    except ValueError:
        raise ValueError(f"{path.name} is not valid JSON") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} must hold a JSON object")
    return value


def _count(source: dict[str, Any], key: str) -> int:
    value = source.get(key, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _grid(value: object) -> tuple[int, int] | None:
    if isinstance(value, list) and len(value) == 2 and all(type(v) is int and 1 <= v <= 64 for v in value):
        return value[0], value[1]
    return None


def _parameters(path: Path) -> int:
    """Numbers stored in a safetensors file, from its header: 8 bytes of length, then JSON with every shape."""
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > HEADER:
                raise ValueError
            header = json.loads(file.read(size))
        return sum(math.prod(entry["shape"]) for key, entry in header.items() if key != "__metadata__")
    except OSError:
        raise ValueError(f"{path.name} is missing or unreadable") from None
    except (ValueError, struct.error, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path.name} is not a safetensors file") from None
