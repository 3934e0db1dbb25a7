"""What a person reads of a model: its sample grid, its metrics and its card (the folder's README)."""

from __future__ import annotations

import dataclasses
import io
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan.config import Config
from gan.files import write_bytes

_NEUTRAL = ("device", "data_root", "sample_images", "checkpoint_images")
GRID = (8, 8)  # rows, columns of samples.png: seeds 0 to 63, row by row


def grid_picture(pictures: np.ndarray, columns: int, scale: int = 2) -> Image.Image:
    """Pictures uint8 (N, H, W, C), row by row, as one picture without gaps, each pixel enlarged to scale x scale."""
    n, h, w, c = pictures.shape
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, h, w, c), np.uint8)
    sheet[:n] = pictures
    sheet = sheet.reshape(rows, columns, h, w, c).transpose(0, 2, 1, 3, 4).reshape(rows * h, columns * w, c)
    sheet = sheet.repeat(scale, 0).repeat(scale, 1)
    return Image.fromarray(sheet[..., 0] if c == 1 else sheet)


def write_grid(path: Path, pictures: np.ndarray) -> None:
    """Write pictures uint8 (N, H, W, C) as a PNG grid of `GRID`'s columns."""
    out = io.BytesIO()
    grid_picture(pictures, GRID[1]).save(out, "PNG", optimize=True)
    write_bytes(path, out.getvalue())


def public(config: Config) -> Config:
    """The config without this machine's folders: one of pictures goes by its last name, `data_root` by its default."""
    dataset = Path(config.dataset).name if "/" in config.dataset else config.dataset
    return dataclasses.replace(config, dataset=dataset or "pictures", data_root=Config.data_root)


def command(config: Config) -> str:
    """The shell command that trains this config again, whatever the defaults become: every flag but those at default
    that do not change the weights.
    """
    words = ["python", "train.py"]
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        if not f.metadata.get("derived") and (f.name not in _NEUTRAL or value != f.default):
            words += ["--" + f.name.replace("_", "-"), str(value)]
    return shlex.join(words)


def card(config: Config, metrics: Mapping[str, Any], licence: str) -> str:
    """The model card, Markdown with the Hub's YAML front matter. licence: of the pictures learnt from."""
    config = public(config)
    about = json.dumps(config.dataset)  # a JSON string is a YAML string, whatever a folder is called
    classes = ", ".join(config.classes) if config.classes else "none"
    shape = f"uint8 (16, {config.resolution}, {config.resolution}, {config.channels})"
    rows = "\n".join(f"| {k.replace('_', ' ')} | {_number(v)} |" for k, v in metrics.items() if not isinstance(v, list))
    return f"""---
license: mit
library_name: latent-lab
pipeline_tag: unconditional-image-generation
tags: [gan, pytorch, {config.network}]
---

# {config.dataset}, {config.resolution} x {config.resolution}

![Samples of seeds 0 to 63](samples.png)

Generator and critic trained on {about} with Latent Lab: `{config.network}` networks, `{config.loss}` loss,
{metrics["images"]:,} images shown. Pictures learnt from: {licence}.

```python
import gan

model = gan.load("this/folder")
pictures = model.sample(range(16), label=None, truncation=1.0)  # {shape}
```

Made by

```
{command(config)}
```

Classes: {classes}.

| measured at the end of training | |
|---|---|
{rows}

`model.safetensors` is the averaged generator, `critic.safetensors` the critic, `directions.safetensors` the principal
directions of the latent space, `config.json` every setting of the run.
"""


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
