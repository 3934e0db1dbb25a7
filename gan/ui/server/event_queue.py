"""Fair turns in Gradio's own queue, in which `/generate`, `/interpolate` and Publish stand in line together.

Gradio counts events and serves them in the order they came, whoever sent them. Here one address has at most
`MOST_OF_ONE` in the line, and a new event goes ahead of those whose address has more waiting before them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gan.ui.server import visitor

if TYPE_CHECKING:
    from gradio.queueing import Event, Queue

MOST_OF_ONE, MOST = 32, 128  # events that may wait: of one address, and of all together
IDLE = 0.01  # seconds between two looks at an empty queue; Gradio's .001 takes 5 % of a core from those who draw


def take_turns(queue: Queue) -> None:
    """Make a queue fair to visitors, before it is started."""
    push = queue.push

    async def push_in_turn(body: Any, request: Any, username: str | None) -> Any:
        asking = visitor.of(request).address
        lines = queue.event_queue_per_concurrency_id
        if sum(_address(event) == asking for line in lines.values() for event in line.queue) >= MOST_OF_ONE:
            return False, f"{MOST_OF_ONE} requests of yours are waiting: please wait for one to end", "queue_full"
        outcome = await push(body, request, username)
        for line in lines.values():
            if line.queue and line.queue[-1]._id == outcome[1]:
                step_forward(line.queue)
        return outcome

    queue.push = push_in_turn  # type: ignore[method-assign]
    queue.sleep_when_free = IDLE


def step_forward(events: list[Event]) -> None:
    """Move the last event ahead of those whose address has more before them than that of the last one has."""
    new = events.pop()
    own = sum(_address(event) == _address(new) for event in events)
    before: Counter[str] = Counter()
    for place, event in enumerate(events):
        if before[_address(event)] > own:
            events.insert(place, new)
            return
        before[_address(event)] += 1
    events.append(new)


def _address(event: Event) -> str:
    return visitor.of(event.request).address
