"""The recorded history of a run that the first screen plays."""

from __future__ import annotations

import base64
import json

import numpy as np

from gan.live import record_ring


def samples(film: dict) -> np.ndarray:
    data = np.frombuffer(base64.b64decode(film["data"]), np.int8)
    return data.reshape(film["moments"], film["points"], 2).astype(float) / record_ring.SCALE


def test_a_recording_follows_a_run_from_moment_to_moment() -> None:
    film = record_ring.record(steps=12, moments=4)
    assert film["shown"] == sorted(set(film["shown"])) and film["shown"][0] == 0 and film["shown"][-1] == 12 * 128
    assert (np.diff(samples(film), axis=0) != 0).any((1, 2)).all()


def test_the_shipped_recording_ends_with_a_ring() -> None:
    film = json.loads(record_ring.FILE.read_text(encoding="utf-8"))
    assert record_ring.FILE.stat().st_size < 16_000
    assert (film["moments"], film["points"]) == (record_ring.MOMENTS, record_ring.POINTS)
    assert len(film["shown"]) == film["moments"]
    away = np.linalg.norm(samples(film)[-1][:, None] - np.array(film["centres"]), axis=-1)
    assert (away.min(1) < 0.09).mean() > 0.7
    assert len(set(away.argmin(1))) == 8
