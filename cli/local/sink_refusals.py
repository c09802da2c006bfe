"""Items of a request that the sink does not take although it answers, named as Braze names them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

WHY = "refused by the script"

type Indexes = Mapping[str, Sequence[int]]
"""Which items of which arrays of a body, such as `{"events": [0, 4]}`."""


@dataclass(frozen=True)
class Refusal:
    """One item that is not taken; `item` is its JSON, without spaces."""

    array: str
    index: int
    item: bytes


def find_refusals(body: bytes, indexes: Indexes) -> list[Refusal]:
    """The items that the body has at these places; none where it has no such array, or is no JSON object."""
    try:
        document = orjson.loads(body) if indexes else None
    except orjson.JSONDecodeError:
        return []
    if not isinstance(document, dict):
        return []
    return [
        Refusal(array, index, orjson.dumps(document[array][index]))
        for array, some in indexes.items()
        if isinstance(document.get(array), list)
        for index in some
        if index < len(document[array])
    ]


def name_refusals(refusals: Iterable[Refusal], status: int) -> dict[str, Any]:
    """The answer's body: https://www.braze.com/docs/api/endpoints/user_data/post_user_track/"""
    errors = [{"type": WHY, "input_array": one.array, "index": one.index} for one in refusals]
    return {"message": "success" if status < 300 else WHY, **({"errors": errors} if errors else {})}


def read_indexes(value: object) -> Indexes:
    """`refuse` of a scripted answer. Raises ValueError saying what it must be."""
    if not isinstance(value, dict) or not all(_is_index_list(some) for some in value.values()):
        raise ValueError('`refuse` must be lists of indexes by array, such as {"events": [0, 4]}')
    return value


def _is_index_list(value: object) -> bool:
    return isinstance(value, list) and all(type(index) is int and index >= 0 for index in value)
