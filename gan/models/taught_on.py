"""For which weights a small network beside a model was taught: read from its header, without torch."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

from gan.io import MAX_JSON_BYTES

ENCODER, JUDGE = "encoder.safetensors", "judge.safetensors"
TAUGHT_ON = {ENCODER: "model.safetensors", JUDGE: "critic.safetensors"}
KEY = "head"  # of the header: {of, figures} as JSON


def fingerprint(file: Path) -> str:
    """Return what tells the content of a file of weights from any other's."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def is_current(folder: Path, name: str) -> bool:
    """Return whether a folder has this network, and for the weights that are there now; False for a damaged one."""
    try:
        with (folder / name).open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > MAX_JSON_BYTES:
                return False
            about = json.loads(json.loads(file.read(length))["__metadata__"][KEY])
        return bool(about["of"] == fingerprint(folder / TAUGHT_ON[name]))
    except (OSError, struct.error, ValueError, LookupError, TypeError, RecursionError):
        return False
