"""A line in which visitors take turns, however much one of them asks for.

Turns go around the addresses, and within an address around its sessions, so nobody waits behind another's hundred.
When the line is full, the last one of whoever has most in it must leave: a newcomer always gets in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from gan.ui.server.visitor import Visitor

Item = TypeVar("Item")


class FairLine(Generic[Item]):
    """At most `most` items, each of a visitor. Not safe between threads: its owner holds a lock."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._addresses: dict[str, dict[str, deque[Item]]] = {}  # in the order of their turns, as are the sessions

    def __len__(self) -> int:
        return sum(len(items) for sessions in self._addresses.values() for items in sessions.values())

    def of(self, visitor: Visitor) -> tuple[Item, ...]:
        """Return what a visitor has in the line, the oldest first."""
        return tuple(self._addresses.get(visitor.address, {}).get(visitor.session, ()))

    def before(self, visitor: Visitor) -> int | None:
        """Return how many items have their turn before the visitor's oldest; None for one who has none in the line."""
        own = self.of(visitor)
        if not own:
            return None
        copy: FairLine[Item] = FairLine(self.most)
        copy._addresses = {a: {s: deque(items) for s, items in of.items()} for a, of in self._addresses.items()}
        count = 0
        while copy.take() is not own[0]:
            count += 1
        return count

    def add(self, visitor: Visitor, item: Item) -> Item | None:
        """Put an item behind the visitor's own; return the one that must leave for it, maybe itself, if any."""
        self._addresses.setdefault(visitor.address, {}).setdefault(visitor.session, deque()).append(item)
        return self._drop() if len(self) > self.most else None

    def take(self, suits: Callable[[Item], bool] = lambda _: True) -> Item | None:
        """Take out the first item, in the order of turns, that suits; its visitor's next turn comes after all others'.

        Returns None if there is none.
        """
        for address, sessions in self._addresses.items():
            for session, items in sessions.items():
                for i, item in enumerate(items):
                    if suits(item):
                        del items[i]
                        self._end_turn(address, session)
                        return item
        return None

    def _drop(self) -> Item:
        address, sessions = max(self._addresses.items(), key=lambda entry: sum(map(len, entry[1].values())))
        session, items = max(sessions.items(), key=lambda entry: len(entry[1]))
        dropped = items.pop()
        if not items:
            del sessions[session]
        if not sessions:
            del self._addresses[address]
        return dropped

    def _end_turn(self, address: str, session: str) -> None:
        sessions = self._addresses.pop(address)
        if items := sessions.pop(session):
            sessions[session] = items
        if sessions:
            self._addresses[address] = sessions
