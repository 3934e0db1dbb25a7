"""What a person reads of a model: its sample grid, its metrics and its card (the folder's README)."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan import data
from gan.config import Config
from gan.data.points import is_points
from gan.errors import ConfigError

NEUTRAL = ("device", "data_root", "sample_images", "checkpoint_images")  # settings that do not decide weights

# What `evaluate` measures of generated pictures -> the same of real ones, the floor; "" where there is none.
MEASURES = {
    "frechet_distance": "frechet_floor",
    "precision": "precision_floor",
    "recall": "recall_floor",
    "density": "density_floor",
    "coverage": "coverage_floor",
    "classes_covered": "classes_covered_floor",
    "class_entropy": "class_entropy_floor",
    "class_kl": "class_kl_floor",
    "conditional_accuracy": "classifier_accuracy",
    "classifier_accuracy_score": "classifier_accuracy_real",
    "memorisation_features": "",
    "memorisation_pixels": "",
    "copied_features": "",
    "copied_pixels": "",
}
# What it says besides: too much for a card's table.
BESIDES = (
    "reference", "frechet_ratio", "frechet_samples", "precision_ratio", "recall_ratio", "manifold_samples",
    "manifold_nearest", "class_histogram", "class_histogram_floor", "class_entropy_relative", "class_samples",
    "classifier_accuracy_samples", "memorisation_samples", "evaluation_classifier", "evaluation_seconds",
    "evaluation_device",
)  # fmt: skip
EVALUATED = {*MEASURES, *MEASURES.values(), *BESIDES} - {""}
_COMPARED = {
    "test": "real ones of the test split, which no network here has seen",
    "train": "real ones: half of the training pictures, which the generator has seen, as there is no test split",
}
NEIGHBOURS = "neighbours.png"  # generated pictures, each with its nearest training pictures


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
        if f.metadata.get("derived") or (f.name in NEUTRAL and value == f.default):
            continue
        flag = f.name.replace("_", "-")
        words += [f"--{flag}" if value else f"--no-{flag}"] if isinstance(value, bool) else [f"--{flag}", str(value)]
    return shlex.join(words)


def card(
    config: Config,
    metrics: Mapping[str, Any],
    licence: str,
    repo: str | None = None,
    curve: bool = False,
    neighbours: bool = False,
) -> str:
    """The model card, Markdown with the Hub's YAML front matter.

    licence: of the pictures learnt from. repo: USER/NAME, if the folder lies on the Hub. curve, neighbours: whether the
    folder has these pictures.
    """
    config = public(config)
    about = json.dumps(config.dataset)  # a JSON string is a YAML string, whatever a folder is called
    classes = ", ".join(config.classes) if config.classes else "none"
    shape = f"uint8 (16, {config.resolution}, {config.resolution}, {config.channels})"
    told = {k: v for k, v in metrics.items() if k not in {*EVALUATED, "segments", "legs"} and not isinstance(v, list)}
    rows = "\n".join(f"| {k.replace('_', ' ')} | {_number(v)} |" for k, v in told.items())
    title = repo.split("/")[1] if repo else f"{config.dataset}-{config.resolution}"
    picture = "\n![Losses over the images shown](curve.png)\n" if curve else ""
    return f"""---
license: mit
library_name: latent-lab
pipeline_tag: unconditional-image-generation
tags: [gan, pytorch, {config.network}]
{_front_matter(config, metrics, title)}---

# {config.dataset}, {config.resolution} x {config.resolution}

![Samples of seeds 0 to 63](samples.png)

Generator and critic trained on {about} with Latent Lab: `{config.network}` networks, `{config.loss}` loss,
{metrics["images"]:,} images shown. Licence of the training pictures: {licence}.

In a copy of Latent Lab, where `gan/` lies:

```python
import gan

model = gan.load("{repo or "this/folder"}")
pictures = model.sample(range(16), label=None, truncation=1.0)  # {shape}
```
{_app(repo)}
Made by

```
{_first(config, metrics)}
```
{_later(config, metrics)}{picture}
Classes: {classes}.

| measured at the end of training | |
|---|---|
{rows}
{_evaluation(metrics, neighbours)}
`model.safetensors` is the averaged generator, `critic.safetensors` the critic, `directions.safetensors` the principal
directions of the latent space, `config.json` every setting of the run.
"""


def _app(repo: str | None) -> str:
    return f"\n`python app.py --model {repo}` shows it in the browser.\n" if repo else ""


def _front_matter(config: Config, metrics: Mapping[str, Any], title: str) -> str:
    """Lines of YAML for the data set, where the Hub has it, and for what was measured. JSON is YAML."""
    source = data.DATASETS.get(config.dataset)
    hub = source.hub if source else ""
    lines = f"datasets: [{hub}]\n" if hub else ""
    numbers = {name: metrics[name] for name in MEASURES if type(metrics.get(name)) in (int, float)}
    told = {name: value for name, value in numbers.items() if math.isfinite(value)}
    if "frechet_distance" not in told:
        return lines
    result = {
        "task": {"type": "unconditional-image-generation"},
        "dataset": {"name": config.dataset, "type": hub or config.dataset},
        "metrics": [
            {"type": name, "value": float(f"{value:.5g}"), "name": f"{name.replace('_', ' ')}, own classifier"}
            for name, value in told.items()
        ],
    }
    return lines + f"model-index: {json.dumps([{'name': title, 'results': [result]}])}\n"


def _segments(config: Config, metrics: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """(images at its start, changed settings) of each part of the run, as `segments` tells; whatever else a
    folder holds under that name counts as nothing.
    """
    resumable = {f.name for f in dataclasses.fields(Config) if f.metadata.get("resumable")}
    parts = []
    try:
        for part in metrics.get("segments", metrics.get("legs", [])):
            changed = {**part}
            shown = changed.pop("shown")
            dataclasses.replace(config, **changed)  # checks types and ranges
            if type(shown) is not int or not resumable.issuperset(changed):
                return []
            parts.append((shown, changed))
    except (ConfigError, TypeError, KeyError):
        return []
    return parts


def _first(config: Config, metrics: Mapping[str, Any]) -> str:
    """The command that the run began with, or, where its beginning is not known, the one from which on it is."""
    parts = _segments(config, metrics)
    if not parts:
        return command(config)
    shown, changed = parts[0]
    if not shown:
        return command(dataclasses.replace(config, **changed))
    flags = "".join(f" --{name.replace('_', '-')} {value}" for name, value in changed.items())
    return f"# what made the first {shown:,} images is not known; then\npython train.py --resume DIR{flags}"


def _later(config: Config, metrics: Mapping[str, Any]) -> str:
    """A sentence on how the run was continued; empty when one command made it."""
    told = []
    for shown, changed in _segments(config, metrics)[1:]:
        flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in changed.items())
        told.append(f"from {shown:,} images on `{flags}`")
    return f"\nand continued with `python train.py --resume DIR`: {', '.join(told)}.\n" if told else ""


def licence_of(config: Config) -> str:
    """The licence of the pictures that a model learnt from, as far as it is known."""
    if is_points(config.dataset):
        return "none, for they are points that this program draws"
    source = data.DATASETS.get(config.dataset)
    return source.licence if source else "the licence of the folder's owner"


def _evaluation(metrics: Mapping[str, Any], neighbours: bool) -> str:
    """The table of what `gan.evaluation.evaluate` measured, and what it means; nothing where it has not run."""
    if "frechet_distance" not in metrics:
        return ""
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {_number(metrics[name])} | {_number(metrics.get(floor, ''))} |"
        for name, floor in MEASURES.items()
        if name in metrics
    )
    count, compared = metrics.get("frechet_samples"), _COMPARED.get(str(metrics.get("reference")), "real ones")
    classifier = metrics.get("evaluation_classifier")
    which = f" ({_plain(classifier)} on pictures that it did not learn from)" if isinstance(classifier, str) else ""
    sheet = f"![Generated pictures, each beside its nearest training pictures]({NEIGHBOURS})\n" if neighbours else ""
    return f"""
| measured by `python -m gan.evaluate` | generated | real |
|---|---|---|
{rows}

Features are those of a small classifier of this data set{which}, not of Inception: these numbers compare with other
models of Latent Lab on the same data, and with nothing else. {_number(count)} generated pictures were compared with as
many {compared}. The column "real" is the floor: what real pictures score in place of the generated ones.

- Classifier accuracy score: a classifier trained on generated pictures, tested on real ones. Conditional accuracy is
  its reverse: trained on real pictures, tested on generated ones; beside it, on real ones that it did not learn from.
- Memorisation: the median distance to the nearest training picture, over that of other real pictures. About 1 is new,
  far below 1 is copied.
- Copied: the share of generated pictures that are as near to a training picture as the nearest hundredth of other real
  ones. About .01 is new.

{sheet}"""


def _plain(text: str) -> str:
    """A text of metrics.json, which anyone can write, as it may stand in Markdown."""
    return "".join(c for c in text if c.isalnum() or c in " .,%-")[:80]


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
