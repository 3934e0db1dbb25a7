"""The model card: the README of a model folder, for people and for the Hub."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

import gan
from gan import data
from gan.config import Config
from gan.data.points import is_points
from gan.evaluation.card_tables import evaluation_table, measured_by, number, sliders_table
from gan.evaluation.commands import SEGMENTS, first_command, hub_repo, later_commands, public
from gan.evaluation.metrics.registry import METRICS, evaluated
from gan.text import code_block, code_span, markdown

BEST = ("best_images", "best_frechet_distance")  # keys of metrics.json for the model that was kept of a run


def card(
    config: Config,
    metrics: Mapping[str, Any],
    licence: str,
    repo: str | None = None,
    curve: bool = False,
    neighbours: bool = False,
    player: bool = False,
) -> str:
    """Return the model card, Markdown with the Hub's YAML front matter. Names from outside are no more than text in it.

    licence            of the training pictures
    repo               USER/NAME for a folder on the Hub
    curve, neighbours, player  True where the folder has curve.png, neighbours.png, index.html
    """
    config = public(config)
    texts = _translation(config, repo) if config.task == "translate" else _generation(config, repo)
    shown_elsewhere = evaluated().union(SEGMENTS, BEST)
    training = {k: v for k, v in metrics.items() if k not in shown_elsewhere and not isinstance(v, list)}
    rows = "\n".join(f"| {markdown(k.replace('_', ' '))} | {number(v)} |" for k, v in training.items())
    title = repo.split("/")[1] if repo else f"{hub_repo(config.dataset) or config.dataset}-{config.resolution}"
    picture = "\n![Losses over the images shown](curve.png)\n" if curve else ""
    return f"""---
license: mit
library_name: latent-lab
pipeline_tag: {texts.pipeline}
tags: [gan, pytorch, {config.network}]
{_front_matter(config, metrics, title)}---

# {texts.title}, {config.resolution} x {config.resolution}

![{texts.samples}](samples.png)

{texts.what} with Latent Lab: `{config.network}` networks, {code_span(config.loss)} loss,
{metrics["images"]:,} images shown{_start(config)}.{_best(metrics)} Licence of the training pictures: {licence}.

Install Latent Lab {gan.__version__}: `pip install .` in a copy of its repository. Then, in Python:

```python
import gan

{texts.usage}
```
{texts.app}{_player_line(repo) if player else ""}
Made by

{code_block(first_command(config, metrics))}
{later_commands(config, metrics)}{picture}
{texts.data}

| measured at the end of training | |
|---|---|
{rows}
{evaluation_table(metrics, neighbours)}{sliders_table(metrics)}
{texts.files}
"""


class _Texts(NamedTuple):
    """The parts of a card that depend on the task; Markdown."""

    pipeline: str
    title: str
    samples: str
    what: str
    usage: str
    app: str
    data: str
    files: str


_TAUGHT = (
    " The first coordinates of the latent stand for the other attributes of the pictures,\nwhich the critic was told "
    "(`--attributes`): sliders of those are not found by chance."
)


def _generation(config: Config, repo: str | None) -> _Texts:
    dataset = markdown(hub_repo(config.dataset) or config.dataset)
    shape = f"uint8 (16, {config.resolution}, {config.resolution}, {config.channels})"
    return _Texts(
        "unconditional-image-generation",
        dataset,
        "Samples of seeds 0 to 63",
        f'Generator and critic trained on "{dataset}"',
        f'model = gan.load("{repo or "this/folder"}")\n'
        f"pictures = model.sample(range(16), label=None, truncation=1.0)  # {shape}",
        _app_line(repo),
        f"Classes: {_classes(config)}.{_TAUGHT if config.attributes else ''}",
        "`model.safetensors` is the averaged generator, `critic.safetensors` the critic, `directions.safetensors` "
        "directions in\nthe latent space, `config.json` every setting of the run. Where they are there, "
        "`encoder.safetensors` finds\npictures in that space, and `judge.safetensors` tells damaged and generated ones "
        "from real ones.",
    )


def _translation(config: Config, repo: str | None) -> _Texts:
    a, b = (markdown(hub_repo(name) or name) for name in (config.source, config.dataset))
    both_ways = "back" in config.network_parts
    name = f"{a} to {b}" if config.source else b
    known = data.PAIRS.get(config.dataset)
    sides = f"A is {a}, B is {b}" if config.source else f"A and B: {known.about if known else f'the pairs of {b}'}"
    shape = f"uint8 (N, {config.resolution}, {config.resolution}, {config.channels})"
    rows = "A, translated to B, and back; then B, to A, and back" if both_ways else "A above its translation"
    told = ", conditions=numbers" if config.classes else ""
    usage = f'model = gan.load("{repo or "this/folder"}")\npictures = model.translate(images, to="b"{told})  # {shape}'
    command = f"python -m gan.translate {shlex.quote(repo or 'this/folder')} PICTURES... --out DIR"
    return _Texts(
        "image-to-image",
        name,
        f"Rows: {rows}",
        f'Translator{"s" * both_ways} and critic{"s" * both_ways} trained on "{name}", {config.objective} objective,',
        usage,
        f"\nRows of the picture above: {rows}. Whole folders: `{command}`.\n",
        f"{sides}." + (f" Conditions, numbers in [0, 1]: {_classes(config)}." if config.classes else ""),
        "`model.safetensors` holds the averaged translators, `critic.safetensors` the critics, `config.json` every "
        "setting of the run.",
    )


def _start(config: Config) -> str:
    return f", from the weights of {code_span(config.init)} on" if config.init else ""


def _best(metrics: Mapping[str, Any]) -> str:
    """Return a sentence on which of a run's models this is; "" where none was chosen."""
    images, distance = (metrics.get(key) for key in BEST)
    if type(images) is not int or type(distance) is not float:
        return ""
    return f" These are the weights at {images:,} images, the best of the run: Frechet distance {number(distance)}."


def _classes(config: Config) -> str:
    """Return the names of the classes, Markdown; those of groups by group, with how many a picture can have."""
    names = [markdown(name) for name in config.classes]
    if not config.class_groups:
        return ", ".join(names) or "none"
    parts, start = [], 0
    for group in config.class_groups:
        limit = "one" if group.most == 1 else f"up to {group.most}"
        parts.append(f"{markdown(group.name)} ({limit} of {', '.join(names[start : start + group.size])})")
        start += group.size
    return "; ".join(parts)


def _app_line(repo: str | None) -> str:
    return f"\n`python app.py --model {repo}` shows it in the browser.\n" if repo else ""


def _player_line(repo: str | None) -> str:
    """Return where the page is that plays the model. The Hub does not show pages of models, so it is to be saved."""
    address = f"https://huggingface.co/{repo}/resolve/main/index.html?download=true" if repo else "index.html"
    return f"\n**Play it**: save [index.html]({address}) and open it, in any browser, without a network.\n"


def _front_matter(config: Config, metrics: Mapping[str, Any], title: str) -> str:
    """Return lines of YAML for the data set, where the Hub has it, and for the metrics. JSON is YAML."""
    source = data.DATASETS.get(config.dataset)
    hub = source.hub if source else hub_repo(config.dataset)
    lines = f"datasets: [{hub}]\n" if hub else ""
    judge = measured_by(metrics)[0]
    values = {name: metrics[name] for name, metric in METRICS.items() if metric.row and name in metrics}
    finite = {name: v for name, v in values.items() if type(v) in (int, float) and math.isfinite(v)}
    if "frechet_distance" not in finite:
        return lines
    result = {
        "task": {"type": "unconditional-image-generation"},
        "dataset": {"name": config.dataset, "type": hub or config.dataset},
        "metrics": [
            {
                "type": name,
                "value": float(f"{value:.5g}"),
                "name": f"{name.replace('_', ' ')}, {judge}",
            }
            for name, value in finite.items()
        ],
    }
    return lines + f"model-index: {json.dumps([{'name': title, 'results': [result]}])}\n"


def licence_of(config: Config) -> str:
    """Return the licence of the pictures that a model was trained on, as far as it is known."""
    if is_points(config.dataset):
        return "none: the points are drawn by this program"
    known = {name: entry.licence for registry in (data.DATASETS, data.PAIRS) for name, entry in registry.items()}
    names = [name for name in (config.source, config.dataset) if name]
    return " and ".join(dict.fromkeys(known.get(name) or _owners_licence(name) for name in names))


def _owners_licence(name: str) -> str:
    hub = hub_repo(name)
    return f"that of {hub} on the Hugging Face Hub" if hub else "the licence of the folder's owner"
