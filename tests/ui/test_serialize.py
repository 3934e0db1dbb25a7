"""`gan.ui.server.serialize`: what the page is told of a run."""

from __future__ import annotations

from gan.live.lessons import config_of
from gan.live.worker import Alarm
from gan.ui.server import serialize


def test_only_the_newest_alarm_of_a_kind_and_side_has_cures_and_they_suit_the_settings_as_they_are():
    alarms = [Alarm(side, shown, "critic-won", "it won") for side, shown in ((0, 128), (1, 256), (0, 512))]
    classic, modern = config_of("classic", "ring", {}), config_of("modern", "ring", {})
    told = serialize.alarms_json(alarms, (classic, modern))
    assert [(alarm["side"], alarm["shown"], alarm["message"]) for alarm in told] == [
        (0, 128, "it won"), (1, 256, "it won"), (0, 512, "it won"),
    ]  # fmt: skip
    assert not any(alarm["answered"] for alarm in told)
    first = [alarm["cures"][0] if alarm["cures"] else None for alarm in told]
    assert first == [
        None,
        {"words": "double the penalty's weight", "changes": {"gamma": 0.2}},
        {"words": "add the penalty", "changes": {"penalty": "r1+r2"}},
    ]


def test_points_are_not_called_images():
    text = "loss not finite after 48 images: back to image 32"
    assert serialize.in_units(text, "ring") == "loss not finite after 48 points: back to point 32"
    assert serialize.in_units(text, "emoji") == text
