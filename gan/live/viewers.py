"""The viewer of a training set: what a live run shows of learning from it."""

from __future__ import annotations

from gan.data.domains import Domains, TrainingSet
from gan.data.points import MIXTURES, Points
from gan.evaluation.metrics.classifier import available
from gan.live.lesson import KINDS, kind_of
from gan.live.translation_lessons import WORLDS
from gan.live.translation_views import TranslationViewer
from gan.live.views import PictureViewer, PointViewer, Viewer


def viewer_of(data: TrainingSet, name: str) -> Viewer:
    """Return the viewer for a training set and its name in the config."""
    if isinstance(data, Points):
        return PointViewer(name)
    return TranslationViewer(data, name) if isinstance(data, Domains) else PictureViewer(data, name)


def watchable(dataset: str) -> tuple[str, ...]:
    """Return the numbers of those that stories watch that a run on a data set measures, whatever its settings.

    Of a kind (`gan.live.lesson.KINDS`) in place of a name: those of data that have no name, as a drawing or pictures
    of one's own.
    """
    kind = dataset if dataset in KINDS else kind_of(dataset)
    if kind == "points":
        return ("modes", "quality") if dataset in MIXTURES else ("precision", "recall")
    if kind == "translations":
        return ((WORLDS[dataset].near,) if dataset in WORLDS else ()) + ("cycle_error",)
    return ("diversity", *(("frechet", "classes_found") if dataset in available() else ()))
