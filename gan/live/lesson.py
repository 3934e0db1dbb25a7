"""`Lesson`: settings of runs that teach something when watched, with the story that is told beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan.data import PAIRS
from gan.data.points import is_points
from gan.live.uploads import SETS
from gan.training.alarms import Cure

OTHERS = "others"  # data sets of which no number of steps is told
KINDS = ("points", "pictures", "translations")  # of what is learnt


def kind_of(dataset: str) -> str:
    """Return the one of `KINDS` that learning from a data set is, by its name."""
    if is_points(dataset):
        return "points"
    return "translations" if dataset in PAIRS or dataset == SETS[1] else "pictures"


@dataclass(frozen=True)
class Story:
    """A lesson's words for one kind of data: short plain sentences.

    setup     what is set up, without what will come of it
    question  asked before the start, with its answers; right: the index of the one that holds
    expect    what will be seen
    watch     the number to look at, by its name in a moment; the first of these that the run has
    why       why it happens
    cure      settings that end the trouble while the run goes on; None where there is none
    then      what is seen once they are taken
    steps     after so many, by the name of the data set or for OTHERS, it can be seen
    cured     the same of the cure; none is promised otherwise
    pace      seconds between steps until it is cured, so that a quick machine does not hurry through it
    """

    setup: str
    question: str
    answers: tuple[str, ...]
    right: int
    expect: str
    watch: tuple[str, ...]
    why: str
    cure: Cure | None = None
    then: str = ""
    steps: Mapping[str, int] = field(default_factory=dict)
    cured: Mapping[str, int] = field(default_factory=dict)
    pace: float = 0.0


@dataclass(frozen=True)
class Lesson:
    """A title; settings over the defaults, and a story, for each of the `KINDS` that it is taught on.

    except_on: data sets of these kinds that do not show it.
    """

    title: str
    settings: Mapping[str, Mapping[str, Any]]
    points: Story | None = None
    pictures: Story | None = None
    translations: Story | None = None
    except_on: tuple[str, ...] = ()

    @property
    def stories(self) -> dict[str, Story]:
        """Return the stories by kind."""
        told = {kind: getattr(self, kind) for kind in KINDS}
        return {kind: story for kind, story in told.items() if story is not None}

    def taught_on(self, dataset: str) -> bool:
        """Return whether a data set, by its name, shows it."""
        return kind_of(dataset) in self.settings and dataset not in self.except_on
