"""Values and texts of events as a terminal may show them: nothing in them moves the cursor or hides."""

import json
from typing import Any

import orjson

from sluice.fields import MISSING
from sluice.ingest.normalise import list_notes

LONGEST = 160  # characters of a value in a table


def show_value(value: Any, longest: int = LONGEST) -> str:
    """A value as JSON in one line, cut with `…`; `missing` where there is none."""
    if value is MISSING:
        return "missing"
    return cut_text(clean_text(dump_json(value)), longest)


def clean_text(text: str) -> str:
    """What does not print as `\\u001b`: escape sequences, marks that turn the direction of writing."""
    return text if text.isprintable() else "".join(map(_clean_char, text))


def _clean_char(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def cut_text(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def tell_notes(event: Any) -> list[str]:
    """A line for each thing that ingest changed: a time that was replaced or moved, an id that was made."""
    return [f"note: {cut_text(note)}" for note in list_notes(event)]


def dump_json(value: Any, *, indent: bool = False) -> str:
    """JSON as delivery writes it; indented by two for reading."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    except TypeError:  # half a character, or a number of more than 64 bits
        return json.dumps(value, indent=2 if indent else None)


def read_body(body: bytes) -> Any:
    """A request's body: JSON parsed, else its text; None where there is none."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def count_events(events: int) -> str:
    return f"{events:,} event" if events == 1 else f"{events:,} events"
