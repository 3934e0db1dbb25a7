"""The tables of a model card, Markdown: what was measured, and the named sliders. Metrics are not trusted."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from gan.evaluation.metrics.registry import METRICS
from gan.evaluation.metrics.translated import TRANSLATION_METRICS, to_a
from gan.models.directions import Slider, read_sliders
from gan.text import markdown

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


def evaluation_table(metrics: Mapping[str, Any], neighbours: bool) -> str:
    """Return the table of metrics and their explanation; "" for a model that was not evaluated."""
    if "translation_samples" in metrics:
        return _translation_table(metrics, neighbours)
    if "frechet_distance" not in metrics:
        return ""
    shown = {name: metric for name, metric in METRICS.items() if metric.row and name in metrics}
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {number(metrics[name])} | {number(metrics.get(metric.floor, ''))} |"
        for name, metric in shown.items()
    )
    sentences = dict.fromkeys(metric.sentence for metric in shown.values() if metric.sentence)
    explained = "\n".join(textwrap.fill(f"- {text}", 120, subsequent_indent="  ") for text in sentences)
    count, compared = metrics.get("frechet_samples"), _COMPARED.get(str(metrics.get("reference")), "real ones")
    judge = metrics.get("evaluation_classifier")
    which = f" ({_plain(judge)} on pictures that it did not learn from)" if isinstance(judge, str) else ""
    features = measured_by(metrics)[1].format(which=which)
    sheet = f"![Generated pictures, each beside its nearest training pictures]({NEIGHBOURS})\n" if neighbours else ""
    if "conditional_accuracy_by_group" in metrics:
        explained += f"\n{textwrap.fill(NO_BALANCE, 120, initial_indent='- ', subsequent_indent='  ')}"
    return f"""
| measured by `python -m gan.evaluate` | generated | real |
|---|---|---|
{rows}

{features} {number(count)} generated pictures were compared with as many
{compared}. The column "real" is the floor: what real pictures score in place of the generated ones.

{explained}

{sheet}"""


def measured_by(metrics: Mapping[str, Any]) -> tuple[str, str]:
    """Return what made the features, and the sentence about it; a classifier of the data set in older folders."""
    return _MEASURED_BY.get(str(metrics.get("evaluation_features")), _MEASURED_BY["classifier"])


def _translation_table(metrics: Mapping[str, Any], worst: bool) -> str:
    """Return the same for a translator."""
    shown = {name: metric for name, metric in TRANSLATION_METRICS.items() if name in metrics}
    ways: dict[str, Callable[[str], str]] = {"B": str}
    if any(to_a(name) in metrics for name in shown):
        ways["A"] = to_a
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | "
        + " | ".join(_measured(metrics, way(key)) for way in ways.values() for key in (name, metric.floor))
        + " |"
        for name, metric in shown.items()
    )
    heads = " | ".join(f"translated to {side} | left as it was" for side in ways)
    sentences = dict.fromkeys(metric.sentence for metric in shown.values() if metric.sentence)
    explained = "\n".join(textwrap.fill(f"- {text}", 120, subsequent_indent="  ") for text in sentences)
    held_out = "that training did not use" if metrics.get("translation_split") == "test" else "of the training set"
    sheet = f"![The worst translations: inputs, what was made of them, the truth]({NEIGHBOURS})\n" if worst else ""
    return f"""
| measured by `python -m gan.evaluate` | {heads} |
|---|{"---|" * 2 * len(ways)}
{rows}

{number(metrics["translation_samples"])} pictures {held_out}.

{explained}

{sheet}"""


def _measured(metrics: Mapping[str, Any], key: str) -> str:
    return number(metrics[key]) if key in metrics else ""


def sliders_table(metrics: Mapping[str, Any]) -> str:
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


def number(value: Any) -> str:
    """Write a value of metrics.json, which is not trusted, for a table's cell."""
    if isinstance(value, float):
        return f"{value:,.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(markdown(one) if isinstance(one, list) else number(one) for one in value)
    return f"{value:,}" if isinstance(value, int) else markdown(value)
