"""JSON Schema draft 7 with jsonschema-rs: linear-time regexes, asserted formats, nothing fetched."""

from typing import Any

from jsonschema_rs import Draft7Validator, Draft201909Validator, RegexOptions

from sluice.contracts.shape import Schema
from sluice.times import read_time

META_SCHEMA = "http://json-schema.org/draft-07/schema#"
PATTERN_BYTES = 1 << 20  # of a compiled regex; a text is matched in time linear to its length and this
LATER_FORMATS = {
    name: Draft201909Validator({"format": name}, validate_formats=True).is_valid
    for name in ("uuid", "duration")
}
"""Formats that draft 7 does not have and schemas in draft 7 use all the same."""
FORMATS = frozenset(
    {
        *("date", "date-time", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri"),
        *("iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri", "uri-reference"),
        *("uri-template", *LATER_FORMATS),
    }
)
"""All that are asserted."""
TIMES = {"date-time": lambda text: read_time(text) is not None}
"""A time is what the rest of Sluice reads as one, not RFC 3339 alone."""
MASK = "the value"  # stands in messages for what clients sent: it is in the event, and may be large


def build_validator(document: Schema | bool) -> Draft7Validator:
    """Raises ValueError for anything but draft 7, references to other documents, regexes that are not linear.

    A regex has no look-around and no back-reference: those take time exponential in the text.
    """
    return Draft7Validator(
        document,
        validate_formats=True,
        formats=LATER_FORMATS | TIMES,
        ignore_unknown_formats=True,
        offline=True,
        mask=MASK,
        pattern_options=RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES),
    )


def build_meta_validator() -> Draft7Validator:
    """Validates schemas. Its copy of draft 7's own schema is part of jsonschema-rs."""
    return build_validator({"$ref": META_SCHEMA})


def is_linear(pattern: Any) -> bool:
    """Whether the engine compiles a regex; what is not text is said by whoever checks the schema."""
    if not isinstance(pattern, str):
        return True
    try:
        build_validator({"pattern": pattern})
    except ValueError:
        return False
    return True
