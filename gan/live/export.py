"""Downloads made of a live run: a model folder, a zip of it, a film of how it learnt."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gan.config import Config
from gan.data.domains import TrainingSet
from gan.live.history import Moment
from gan.live.views import SCALE, View
from gan.models.image_grid import tile_pictures
from gan.training.export_model import write_model
from gan.training.snapshot import Snapshot
from gan.training.trainer import Trainer

SIDE = 320  # pixels of a film of points
COLUMNS = 6  # of a film of pictures
BACKGROUND, REAL = (18, 20, 24), (120, 126, 134)
FAKES = (255, 128, 79), (185, 155, 242)  # of the first side, and of the second of a duel, as on the dark page
LOW, HIGH = (30, 44, 74), (74, 60, 30)  # where the critic (discriminator) takes points for fake, and for real
SAMPLES = 2048  # for the directions of a model that someone waits for: a quarter of the usual, in a quarter of the time


def write_folder(config: Config, state: Snapshot, data: TrainingSet, folder: Path, checkpoint: bool = True) -> None:
    """Write a model folder of a run's state. checkpoint: with one from which `train.py --resume` goes on."""
    trainer = Trainer(config, data)
    trainer.rewind(state)
    folder.mkdir(parents=True, exist_ok=True)
    if checkpoint:
        trainer.save(folder / "checkpoint")
    write_model(trainer, folder, None, SAMPLES)


def zip_folder(folder: Path, name: str) -> bytes:
    """Return all files of a folder as a zip, under `name`/; stored, because weights hardly get smaller."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{name}/{path.relative_to(folder).as_posix()}")
    return out.getvalue()


def film(moments: Sequence[Moment], backdrop: View) -> np.ndarray:
    """Render moments as frames uint8 (F, H, W, C), the sides of a duel beside each other. ValueError for none."""
    if not moments:
        raise ValueError("there is nothing to film yet: let the run train a little longer")
    return np.stack(
        [_beside([_frame(view, backdrop, FAKES[side]) for side, view in enumerate(moment.sides)]) for moment in moments]
    )


def _frame(view: View, backdrop: View, colour: tuple[int, int, int]) -> np.ndarray:
    """Render one side of a moment: its pictures in a grid, or in rows with their translations, or its points, in that
    colour, over the critic's map.
    """
    if "pictures" in view.arrays:
        return tile_pictures(view.arrays["pictures"], COLUMNS)
    if "to_b" in view.arrays:
        back = [view.arrays["back_a"]] if "back_a" in view.arrays else []
        rows = [backdrop.arrays["a"], view.arrays["to_b"], *back]
        return tile_pictures(np.concatenate(rows), len(rows[0]))
    heat = view.arrays["heat"].astype(np.float32) / 255
    cells = -(-SIDE // len(heat))
    heat = heat.repeat(cells, 0).repeat(cells, 1)[:SIDE, :SIDE, None]
    low, high, middle = (np.array(colour, np.float32) for colour in (LOW, HIGH, BACKGROUND))
    ground = np.where(heat < 0.5, middle + (low - middle) * (1 - 2 * heat), middle + (high - middle) * (2 * heat - 1))
    frame = ground.round().astype(np.uint8)
    _draw_points(frame, backdrop.arrays["real"], REAL, 1)
    _draw_points(frame, view.arrays["points"], colour, 2)
    return frame


def _beside(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Join frames (H, W, C) of one side each; a lower one, of fewer rows of pictures, is black below."""
    high = max(len(frame) for frame in frames)
    return np.concatenate([np.pad(f, ((0, high - len(f)), (0, 0), (0, 0))) for f in frames], axis=1)


def _draw_points(frame: np.ndarray, points: np.ndarray, colour: tuple[int, int, int], size: int) -> None:
    """Draw squares of size x size pixels at points int16 (N, 2), in place."""
    at = ((points.astype(np.float32) * (1, -1) / SCALE + 1) * (SIDE / 2)).astype(int)
    for right in range(size):
        for down in range(size):
            x, y = at[:, 0] + right, at[:, 1] + down
            inside = (x >= 0) & (x < SIDE) & (y >= 0) & (y < SIDE)
            frame[y[inside], x[inside]] = colour
