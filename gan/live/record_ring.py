"""Record how a network learns the ring, as the first screen plays it: `ui/static/gallery/ring.json`.

    python -m gan.live.record_ring

Trains the lesson "modern" for half a minute and keeps where its samples were, from moment to moment. The same torch on
the same kind of processor gives the same bytes.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan.data.points import MIXTURES
from gan.live.lessons import config_of
from gan.live.views import MARGIN
from gan.training.trainer import Trainer
from gan.training.validation import prepare

FILE = Path(__file__).parents[1] / "ui/static/gallery/ring.json"
DATASET = "ring"
POINTS, MOMENTS = 96, 48  # samples that are followed; moments
STEPS = 4000  # of training, after which every mode is found and nearly every sample is near one
WIDTH = 64
SCALE = 127  # int8 of a coordinate at the edge


def record(steps: int = STEPS, moments: int = MOMENTS) -> dict[str, Any]:
    """Train, and return {points, moments, centres, shown, data}.

    centres: (x, y) of each mode in [-1, 1], y up. shown: how many points had been shown at each moment. data: base64 of
    int8 (moments, points, 2), in units of 1 / `SCALE`. Early moments lie closer together: most happens then.
    """
    torch.set_num_threads(1)
    config, points = prepare(config_of("modern", DATASET, {"seed": 1, "width": WIDTH}))
    trainer, mixture = Trainer(config, points), MIXTURES[DATASET]
    reach = MARGIN * mixture.extent
    taken, shown = [], []
    for moment in range(moments):
        due = round(steps * (moment / (moments - 1)) ** 2)
        while trainer.step < due:
            trainer.advance()
        where = trainer.points(range(POINTS)) / reach
        taken.append((where.clamp(-1, 1) * SCALE).round().to(torch.int8).numpy())
        shown.append(trainer.shown)
    return {
        "points": POINTS,
        "moments": moments,
        "centres": [[round(float(v), 4) for v in centre] for centre in mixture.centres / reach],
        "shown": shown,
        "data": base64.b64encode(np.stack(taken).tobytes()).decode("ascii"),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(record()) + "\n", encoding="utf-8")
