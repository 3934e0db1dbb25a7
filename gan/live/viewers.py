"""The viewer of a training set: what a live run shows of learning from it."""

from __future__ import annotations

from gan.data.domains import Domains, TrainingSet
from gan.data.points import Points
from gan.live.translation_views import TranslationViewer
from gan.live.views import PictureViewer, PointViewer, Viewer


def viewer_of(data: TrainingSet, name: str) -> Viewer:
    """Return the viewer for a training set and its name in the config."""
    if isinstance(data, Points):
        return PointViewer(name)
    return TranslationViewer(data, name) if isinstance(data, Domains) else PictureViewer(data, name)
