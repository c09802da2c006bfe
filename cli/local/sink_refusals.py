"""Items of a request that the sink does not take although it answers, named as Braze names them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

WHY = "refused by the script"

type Picks = Mapping[str, Sequence[int | str]]
"""Which items of which arrays of a body, such as `{"events": [0, 4, "gift"]}`: those at these places, and
those whose JSON holds the text."""


@dataclass(frozen=True)
class Refusal:
    """One item that is not taken; `item` is its JSON, without spaces."""

    array: str
    index: int
    item: bytes


def find_refusals(body: bytes, picks: Picks) -> list[Refusal]:
    """The picked items of the body; none where it has no such array, or is not a JSON object."""
    try:
        document = orjson.loads(body) if picks else None
    except orjson.JSONDecodeError:
        return []
    if not isinstance(document, dict):
        return []
    return [
        Refusal(array, index, item)
        for array, some in picks.items()
        if isinstance(document.get(array), list)
        for index, item in enumerate(map(orjson.dumps, document[array]))
        if index in some or any(isinstance(pick, str) and pick.encode() in item for pick in some)
    ]


def name_refusals(refusals: Iterable[Refusal], status: int) -> dict[str, Any]:
    """The answer's body: https://www.braze.com/docs/api/endpoints/user_data/post_user_track/"""
    errors = [{"type": WHY, "input_array": one.array, "index": one.index} for one in refusals]
    return {"message": "success" if status < 300 else WHY, **({"errors": errors} if errors else {})}


def read_picks(value: object) -> Picks:
    """`refuse` of a scripted answer. Raises ValueError saying what it must be."""
    if not isinstance(value, dict) or not all(_is_pick_list(some) for some in value.values()):
        raise ValueError(
            '`refuse` must be lists of indexes and texts by array, such as {"events": [0, "gift"]}'
        )
    return value


def _is_pick_list(value: object) -> bool:
    return isinstance(value, list) and all(
        (type(pick) is int and pick >= 0) or (isinstance(pick, str) and pick != "") for pick in value
    )
