"""The choice of who gives something up when there is too much of it: whoever holds most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

Owner = tuple[str, str]  # where somebody asks from, which cannot be made up, and who they say they are, which can
NOBODY: Owner = ("", "")


def holding_most(held: Iterable[tuple[Owner, float]]) -> Owner:
    """Return the owner who holds most, of those at the place that holds most in all; the first of several equal ones.

    held: (owner, how much of it) of each thing, in any order; at least one.
    """
    held = list(held)
    places: Counter[str] = Counter()
    for (place, _), amount in held:
        places[place] += amount  # type: ignore[assignment]
    most = max(places, key=lambda place: places[place])
    owners: Counter[Owner] = Counter()
    for owner, amount in held:
        if owner[0] == most:
            owners[owner] += amount  # type: ignore[assignment]
    return max(owners, key=lambda owner: owners[owner])
