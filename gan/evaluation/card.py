"""The model card: the README of a model folder, for people and for the Hub."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

import gan
from gan import data
from gan.config import TRANSLATION, Config
from gan.data import hub_pictures
from gan.data.points import is_points
from gan.errors import ConfigError, DataError
from gan.evaluation.metrics.registry import METRICS, evaluated
from gan.evaluation.metrics.translated import TRANSLATION_METRICS
from gan.models.directions import Slider, read_sliders
from gan.text import code_block, code_span, last_name, markdown

NOT_AFFECTING_WEIGHTS = (
    "device",
    "data_root",
    "sample_images",
    "checkpoint_images",
)  # settings that do not decide weights
BEST = ("best_images", "best_frechet_distance")  # keys of metrics.json for the model that was kept of a run
SEGMENTS = ("segments", "legs")  # keys of metrics.json for the parts of a run: today's, and that of older folders
_COMPARED = {
    "test": "real ones of the test split, which no network here has seen",
    "train": "real ones: half of the training pictures, which the generator has seen, as there is no test split",
}
# By `evaluation_features`: what measures, in the front matter and in the words below the table, {which} in brackets.
_MEASURED_BY = {
    "classifier": (
        "own classifier",
        "Features are those of a small classifier of this data set{which}, not of Inception: compare these numbers "
        "only\nwith those of other Latent Lab models on the same data.",
    ),
    "attributes": (
        "own network",
        "Features are those of a small network that reads the attributes of these pictures{which}, not of Inception:\n"
        "compare these numbers only with those of other Latent Lab models on the same data.",
    ),
    "general": (
        "general network",
        "Features are those of one network for all kinds of pictures{which}, not of Inception: compare these numbers\n"
        "only with those of other Latent Lab models on the same pictures, measured by the same network.",
    ),
    "inception": (
        "Inception v3",
        "Features are those of torchvision's Inception v3{which}, whose weights are not those that\n"
        "published figures were measured with: compare these numbers only with others measured so on the same data.",
    ),
}
SLIDERS = "sliders"  # key of metrics.json for named directions, a list of `gan.models.directions.Slider`
NO_BALANCE = "Class entropy and class KL are not measured: they are of pictures with one class each."
NEIGHBOURS = "neighbours.png"  # generated pictures, each with its nearest training pictures


def public(config: Config) -> Config:
    """Return the config without this machine's folders: data sets lose their paths, `data_root` gets its default.

    A folder with the name of a data set is told apart from it.
    """
    name = _public_name(config.dataset)
    init = config.init if config.init.startswith("hub:") else last_name(config.init)
    return dataclasses.replace(
        config, dataset=name, source=_public_name(config.source) if config.source else "", data_root=Config.data_root,
        init=init,
    )  # fmt: skip


def _public_name(dataset: str) -> str:
    """Return the name of a data set, or the last part of a folder's path, told apart from it."""
    if _hub_repo(dataset):
        return dataset
    name = last_name(dataset) or "pictures"
    known = name in data.DATASETS or name in data.PAIRS or is_points(name)
    return f"{name} (folder)" if name != dataset and known else name


def _hub_repo(dataset: str) -> str:
    """Return USER/NAME of a data set that was read from the Hub, "" of any other."""
    try:
        return hub_pictures.parse(dataset).repo
    except DataError:
        return ""


def command(config: Config) -> str:
    """Return the shell command that trains this config again, whatever later defaults are.

    It has every flag, except empty ones, those of `NOT_AFFECTING_WEIGHTS` settings at their default, and those that
    only another task reads.
    """
    words = ["python", "train.py"]
    usually = TRANSLATION if config.task == "translate" else {}
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        usual = usually.get(f.name, f.default)
        if (
            f.metadata.get("derived")
            or value == "" == f.default
            or (f.name in NOT_AFFECTING_WEIGHTS and value == usual)
        ):
            continue
        if f.metadata.get("task", config.task) != config.task or (f.name == "task" and value == f.default):
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
    rows = "\n".join(f"| {markdown(k.replace('_', ' '))} | {_number(v)} |" for k, v in training.items())
    title = repo.split("/")[1] if repo else f"{_hub_repo(config.dataset) or config.dataset}-{config.resolution}"
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

{code_block(_first_command(config, metrics))}
{_later_commands(config, metrics)}{picture}
{texts.data}

| measured at the end of training | |
|---|---|
{rows}
{_evaluation(metrics, neighbours)}{_sliders(metrics)}
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


def _generation(config: Config, repo: str | None) -> _Texts:
    dataset = markdown(_hub_repo(config.dataset) or config.dataset)
    shape = f"uint8 (16, {config.resolution}, {config.resolution}, {config.channels})"
    return _Texts(
        "unconditional-image-generation",
        dataset,
        "Samples of seeds 0 to 63",
        f'Generator and critic trained on "{dataset}"',
        f'model = gan.load("{repo or "this/folder"}")\n'
        f"pictures = model.sample(range(16), label=None, truncation=1.0)  # {shape}",
        _app_line(repo),
        f"Classes: {_classes(config)}.",
        "`model.safetensors` is the averaged generator, `critic.safetensors` the critic, `directions.safetensors` "
        "directions in\nthe latent space, `config.json` every setting of the run.",
    )


def _translation(config: Config, repo: str | None) -> _Texts:
    a, b = (markdown(_hub_repo(name) or name) for name in (config.source, config.dataset))
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
    return f" These are the weights at {images:,} images, the best of the run: Frechet distance {_number(distance)}."


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
    hub = source.hub if source else _hub_repo(config.dataset)
    lines = f"datasets: [{hub}]\n" if hub else ""
    judge = _measured_by(metrics)[0]
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


def _segments(config: Config, metrics: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Return (images at its start, changed settings) of each part of the run; none where that list is not valid."""
    resumable = {f.name for f in dataclasses.fields(Config) if f.metadata.get("resumable")}
    parts = []
    try:
        for part in next((metrics[key] for key in SEGMENTS if key in metrics), []):
            changed = {**part}
            shown = changed.pop("shown")
            dataclasses.replace(config, **changed)  # checks types and ranges
            if type(shown) is not int or not resumable.issuperset(changed):
                return []
            parts.append((shown, changed))
    except (ConfigError, TypeError, KeyError):
        return []
    return parts


def _first_command(config: Config, metrics: Mapping[str, Any]) -> str:
    """Return the command that began the run, or the first known one where the beginning is not known."""
    parts = _segments(config, metrics)
    if not parts:
        return command(config)
    shown, changed = parts[0]
    if not shown:
        return command(dataclasses.replace(config, **changed))
    again = f"python train.py --resume DIR {_flags(changed)}".rstrip()
    return f"# the command of the first {shown:,} images is not known; then\n{again}"


def _later_commands(config: Config, metrics: Mapping[str, Any]) -> str:
    """Return a sentence on how the run was continued; "" for a run of one command."""
    parts = []
    for shown, changed in _segments(config, metrics)[1:]:
        parts.append(f"from {shown:,} images on {code_span(_flags(changed))}")
    return f"\nand continued with `python train.py --resume DIR`: {', '.join(parts)}.\n" if parts else ""


def _flags(settings: Mapping[str, Any]) -> str:
    return shlex.join(w for name, value in settings.items() for w in (f"--{name.replace('_', '-')}", str(value)))


def licence_of(config: Config) -> str:
    """Return the licence of the pictures that a model was trained on, as far as it is known."""
    if is_points(config.dataset):
        return "none: the points are drawn by this program"
    known = {name: entry.licence for registry in (data.DATASETS, data.PAIRS) for name, entry in registry.items()}
    names = [name for name in (config.source, config.dataset) if name]
    return " and ".join(dict.fromkeys(known.get(name) or _owners_licence(name) for name in names))


def _owners_licence(name: str) -> str:
    hub = _hub_repo(name)
    return f"that of {hub} on the Hugging Face Hub" if hub else "the licence of the folder's owner"


def _evaluation(metrics: Mapping[str, Any], neighbours: bool) -> str:
    """Return the table of metrics and their explanation; "" for a model that was not evaluated."""
    if "translation_samples" in metrics:
        return _translation_evaluation(metrics, neighbours)
    if "frechet_distance" not in metrics:
        return ""
    shown = {name: metric for name, metric in METRICS.items() if metric.row and name in metrics}
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {_number(metrics[name])} | {_number(metrics.get(metric.floor, ''))} |"
        for name, metric in shown.items()
    )
    sentences = dict.fromkeys(metric.sentence for metric in shown.values() if metric.sentence)
    explained = "\n".join(textwrap.fill(f"- {text}", 120, subsequent_indent="  ") for text in sentences)
    count, compared = metrics.get("frechet_samples"), _COMPARED.get(str(metrics.get("reference")), "real ones")
    judge = metrics.get("evaluation_classifier")
    which = f" ({_plain(judge)} on pictures that it did not learn from)" if isinstance(judge, str) else ""
    features = _measured_by(metrics)[1].format(which=which)
    sheet = f"![Generated pictures, each beside its nearest training pictures]({NEIGHBOURS})\n" if neighbours else ""
    if "conditional_accuracy_by_group" in metrics:
        explained += f"\n{textwrap.fill(NO_BALANCE, 120, initial_indent='- ', subsequent_indent='  ')}"
    return f"""
| measured by `python -m gan.evaluate` | generated | real |
|---|---|---|
{rows}

{features} {_number(count)} generated pictures were compared with as many
{compared}. The column "real" is the floor: what real pictures score in place of the generated ones.

{explained}

{sheet}"""


def _measured_by(metrics: Mapping[str, Any]) -> tuple[str, str]:
    """Return what made the features, and the sentence about it; a classifier of the data set in older folders."""
    return _MEASURED_BY.get(str(metrics.get("evaluation_features")), _MEASURED_BY["classifier"])


def _translation_evaluation(metrics: Mapping[str, Any], worst: bool) -> str:
    """Return the same for a translator."""
    shown = {name: metric for name, metric in TRANSLATION_METRICS.items() if name in metrics}
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {_number(metrics[name])} | "
        f"{_number(metrics[metric.floor]) if metric.floor in metrics else ''} |"
        for name, metric in shown.items()
    )
    sentences = dict.fromkeys(metric.sentence for metric in shown.values() if metric.sentence)
    explained = "\n".join(textwrap.fill(f"- {text}", 120, subsequent_indent="  ") for text in sentences)
    held_out = "that training did not use" if metrics.get("translation_split") == "test" else "of the training set"
    sheet = f"![The worst translations: inputs, what was made of them, the truth]({NEIGHBOURS})\n" if worst else ""
    return f"""
| measured by `python -m gan.evaluate` | translated to B | left as it was |
|---|---|---|
{rows}

{_number(metrics["translation_samples"])} pictures {held_out}.

{explained}

{sheet}"""


def _sliders(metrics: Mapping[str, Any]) -> str:
    """Return the table of named sliders; "" where there are none, or where that list is not valid."""
    try:
        sliders = read_sliders(metrics.get(SLIDERS, []))
    except (ValueError, TypeError):
        return ""
    if not sliders:
        return ""
    by_class = any(slider.label for slider in sliders)
    in_parts = any(slider.elsewhere is not None for slider in sliders)
    rows = "\n".join(f"| {' | '.join(_slider_row(slider, by_class, in_parts))} |" for slider in sliders)
    text = (
        f"`model.edit(z, {'y, ' if by_class else ''}{sliders[0].name}=2)` moves latents"
        f"{', given their class weights' if by_class else ''}. Changes are in standard deviations within a class; R2 "
        "is the share of an attribute's variance that a straight line through the latent space tells, on pictures that "
        "it was not fitted to."
    )
    if any(slider.accuracy is not None for slider in sliders):
        text += " Accuracy says how often it is there after a move of 2 and gone after one of -2."
    if in_parts:
        text += (
            " The last column is the mean change of the picture outside the attribute's part of the face, by a move of "
            "2, in levels of 255; a small network finds the parts."
        )
    if any(slider.principal for slider in sliders):
        text += ' "n by hand" is principal direction n, to which a person gave the name.'
    return f"""
## Sliders

| from -2 to 2 | classes | R2 | own change (sd) | largest other change (sd) |{" elsewhere |" * in_parts}
|---|---|---|---|---|{"---|" * in_parts}
{rows}

{textwrap.fill(text, 120)}
"""


def _slider_row(slider: Slider, by_class: bool, in_parts: bool) -> tuple[str, ...]:
    """Return the cells of a slider's row in the card. by_class: some slider is for a single class.

    in_parts: of some slider it is known how much it changes elsewhere.
    """
    name = markdown(slider.name.replace("_", " "))
    where = markdown(slider.label) if slider.label else "all others" if by_class else "all"
    if slider.principal:
        return name, "all", f"{slider.principal} by hand", "", "", *([""] * in_parts)
    r2 = "" if slider.r2 is None else f"{slider.r2:.2f}"
    accuracy = "" if slider.accuracy is None else f", accuracy {slider.accuracy:.2f}"
    own = "" if slider.effect is None else f"{slider.effect:+.1f}"
    cross = f"{slider.cross:.2f}, {markdown(slider.affects.replace('_', ' '))}" if slider.affects else "none"
    elsewhere = "" if slider.elsewhere is None else f"{slider.elsewhere:.1f}"
    return name, where, r2 + accuracy, own, cross, *([elsewhere] * in_parts)


def _plain(text: str) -> str:
    """Make a text of metrics.json, which is not trusted, harmless in Markdown."""
    return "".join(c for c in text if c.isalnum() or c in " .,%-")[:80]


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(markdown(one) if isinstance(one, list) else _number(one) for one in value)
    return f"{value:,}" if isinstance(value, int) else markdown(value)
