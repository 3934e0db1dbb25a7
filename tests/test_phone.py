"""`benchmarks.phone` in its smallest form: a slow processor still paints, and memory does not grow."""

from __future__ import annotations

import json

import pytest
from conftest import served

from benchmarks import phone
from gan.ui.server.model_registry import ModelRegistry

FOUND = {
    "paints_per_second": {"as it is": 60.0, "page": 40.0, "all": 30.0},
    "thread_ms": 6.0,
    "memory_mb": [{"process": 200.0, "javascript": 7.0}, {"process": 210.0, "javascript": 7.1}],
}


@pytest.mark.slow
@pytest.mark.browser
def test_a_paint_takes_little_and_memory_stays(browser, tiny_emoji_folder) -> None:
    """A machine that is busy with other tests paints less often: the goals of that are the benchmark's."""
    with served(ModelRegistry([tiny_emoji_folder])) as url:
        found = phone.measure(browser, url, tiny_emoji_folder.name, seconds=1, minutes=0.1)
    json.dumps(found)
    missed = [goal for goal, (_, good) in phone.goals(found).items() if not good and "a second" not in goal]
    assert not missed, found
    assert 0 < found["paints_per_second"]["page"] < 70


@pytest.mark.parametrize(
    ("where", "value", "goal"),
    [
        (("paints_per_second", "page"), 24.0, "page slowed"),
        (("paints_per_second", "all"), 24.0, "all slowed"),
        (("thread_ms",), 11.0, "busiest thread"),
        (("memory_mb", 1, "process"), 221.0, "memory of the process"),
        (("memory_mb", 1, "javascript"), 8.0, "memory of the javascript"),
    ],
)
def test_a_goal_is_missed_by_what_it_is_about(where, value, goal) -> None:
    found = json.loads(json.dumps(FOUND))
    assert all(good for _, good in phone.goals(found).values())
    place = found
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    (missed,) = (name for name, (_, good) in phone.goals(found).items() if not good)
    assert goal in missed
