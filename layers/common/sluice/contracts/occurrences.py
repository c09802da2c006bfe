"""How often a place can be in one event, as far as the schema sets a limit.

The price of a value that is there once counts once. The price of an item counts as often as a sender likes.
"""

from collections import Counter
from collections.abc import Sequence

from sluice.contracts.places import ANY, Place, Places


def count_occurrences(places: Places, known: Sequence[Place]) -> dict[int, int]:
    """By identity, how often each place can be in an event. Places that have no limit are left out.

    `known` are all places. A place has a limit where only named fields, and items by index, lead to it from
    the top: the count is the number of ways. Behind any other field or item, and in a circle, it has none.
    """
    edges = {
        id(place): [(name, places.step(place, kind, name)) for kind, name in places.list_steps(place)]
        for place in known
    }
    repeated = _find_repeated(edges)
    open_ways = Counter(id(at) for key, steps in edges.items() if key not in repeated for _, at in steps)
    counts, found = Counter({id(places.root): 1}), dict[int, int]()
    waiting = [id(places.root)] if id(places.root) not in open_ways.keys() | repeated else []
    while waiting:  # a place comes here after all that lead to it, so one in a circle never does
        key = waiting.pop()
        found[key] = counts[key]
        for _, at in edges.get(key, ()):
            counts[id(at)] += counts[key]
            open_ways[id(at)] -= 1
            if not open_ways[id(at)] and id(at) not in repeated:
                waiting.append(id(at))
    return found


def _find_repeated(edges: dict[int, list[tuple[str | int | None, Place]]]) -> set[int]:
    """The places that a field or item without a name leads to, and all that are inside of those."""
    repeated = {id(at) for steps in edges.values() for name, at in steps if name is ANY}
    waiting = list(repeated)
    while waiting:
        for _, at in edges.get(waiting.pop(), ()):
            if id(at) not in repeated:
                repeated.add(id(at))
                waiting.append(id(at))
    return repeated
