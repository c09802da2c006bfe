"""Ids as clients send them: which are blank, which are left there by a bug, and which are the same.

One place for ingest, suppression, hashing and de-duplication: what is one id for one of them is one for all.
"""

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

ID_FIELDS: Final = ("messageId", "userId", "anonymousId", "groupId", "previousId")
"""The fields of an event that are ids."""

# White space, control and format characters, and what else shows nothing: fillers, variation selectors,
# replacement characters (Unicode's categories Z*, Cc and Cf, and Default_Ignorable_Code_Point).
_INVISIBLE = (
    "\x00-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160\u1680"
    "\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_BLANK = re.compile(f"[{_INVISIBLE}]*+")

PLACEHOLDERS = (
    *("undefined", "null", "nil", "none", "nan", "infinity", "inf", "void", "nothing", "empty", "missing"),
    *("true", "false", "object", "function", "promise", "symbol", "array", "optional", "error"),
    *("unknown", "unset", "default", "string", "pending", "na", r"n\.a", "ajs-next", "node-next"),
    *("n/a", "#ref", "#value", "#name", "%![a-z]", "%[sdv]", "0+", "f{4,}", "[xy]{4,}", "0x0+"),
    *("message[ _-]?id", "msg[ _-]?id", "event[ _-]?id", "id", "uuid", "guid"),
)
"""Words that a bug leaves in the place of a message id, as regular expressions.

Alone or several, in any case, quoted, in brackets or joined by punctuation: `[object Object]`,
`undefined-undefined`, the UUID of zeros. They hold no digit from 1 to 9, so most ids are not looked at.
"""
_MINUS_ONE = ("-1", '"-1"', "'-1'", "-1.0")
_TEMPLATES = (("{{", "}}"), ("${", "}"), ("#{", "}"), ("{%", "%}"), ("<%", "%>"), ("[[", "]]"), ("%%", "%%"))
_FUNCTIONS = (
    "function ",
    "function(",
    "async function",
    "xxxxxxxx-xxxx-",
    "<function ",
    "<bound method",
    "<built-in ",
    "() =>",
)
_SERIAL = re.compile("[0-9A-WYZa-wyz][^1-9 (]*+[1-9]")  # nor does the text of a function begin like this
_NEVER_FIRST, _NEVER_LAST = (
    frozenset("123456789"),
    frozenset("23456789"),
)  # of a placeholder: most ids end here
_PUNCTUATION = rf"[!-/:-@\[-`{{-~{_INVISIBLE}]"
_PLACEHOLDER = re.compile(
    rf"(?:{_PUNCTUATION}*?(?:{'|'.join(PLACEHOLDERS)})(?![^!-/:-@\[-`{{-~{_INVISIBLE}]))*+{_PUNCTUATION}*+",
    re.IGNORECASE,
)
_LONGEST_PLACEHOLDER = 100
# Digits as zeros, to find a number that 64 bits may not hold: 20 digits in a row.
_ZEROS, _LONG = bytes.maketrans(b"123456789", b"0" * 9), b"0" * 20
_ID_NAME = re.compile("ids?|ID|.*(?:[_ -]ids?|Ids?|ID)", re.DOTALL)
_MAX_EXPONENT = 308  # of a double: what is larger is not a finite number for any other reader of JSON


class Literal(str):
    """A number's own characters, as the body had them: for numbers that a float would round."""

    __slots__ = ()


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: white space, NUL and zero-width characters only, or nothing."""
    return not ("!" <= text[:1] <= "~") and _BLANK.fullmatch(text) is not None


def is_placeholder(text: str) -> bool:
    """Whether a message id identifies nothing.

    It is blank, has punctuation only, consists of words of PLACEHOLDERS, is -1, is a template that nobody
    filled in (`{{ event.id }}`), or is the text of a function that nobody called.
    """
    if text and (text[-1] in _NEVER_LAST or text[0] in _NEVER_FIRST or _SERIAL.match(text)):
        return False
    return is_blank(text) or _is_code(trim(text)) or _consists_of_words(text)


def _is_code(text: str) -> bool:
    is_template = any(text.startswith(opening) and text.endswith(end) for opening, end in _TEMPLATES)
    return is_template or text in _MINUS_ONE or text.startswith(_FUNCTIONS)


def _consists_of_words(text: str) -> bool:
    return len(text) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.fullmatch(text) is not None


def trim(text: str) -> str:
    """The text without invisible characters at its ends."""
    text = text[_count_invisible(text) :]
    return text[: len(text) - _count_invisible(text[::-1])]


def _count_invisible(text: str) -> int:
    found = _BLANK.match(text)
    return found.end() if found else 0


def restore_ids(
    events: Sequence[Any], read_exactly: Callable[[], Sequence[Any]], *, are_integers_exact: bool
) -> None:
    """Gives the events' numeric ids the digits that the parser took; changes the events in place.

    `read_exactly` gives the same events with Literals. It is asked only where an id is a float, or an
    integer that will not stay one.
    """
    rounded = {float} if are_integers_exact else {float, int}
    places = [
        (n, event)
        for n, event in enumerate(events)
        if type(event) is dict
        and (
            type(event.get("userId")) in rounded
            or type(event.get("messageId")) in rounded
            or type(event.get("anonymousId")) in rounded
            or type(event.get("groupId")) in rounded
            or type(event.get("previousId")) in rounded
        )
    ]
    exact = read_exactly() if places else ()
    for n, event in places:
        for name in ID_FIELDS:
            if type(event.get(name)) in rounded and (settled := settle_number(exact[n][name])) is not None:
                event[name] = settled


def has_long_numbers(body: bytes) -> bool:
    """Whether a body of JSON may hold integers beyond 64 bits; a cheap look."""
    return _LONG in body.translate(_ZEROS)


def restore_long_ids(value: Any, exact: Any, depth: int, *, is_id: bool = False) -> Any:
    """`value` with the digits of its integers beyond 64 bits as text, where their field's name ends in id.

    Changes its objects and lists in place, down to `depth`. `exact` is the same with Literals.
    """
    if type(value) is dict and depth:
        for name, inner in value.items():
            value[name] = restore_long_ids(
                inner, exact[name], depth - 1, is_id=_ID_NAME.fullmatch(name) is not None
            )
    elif type(value) is list and depth:
        value[:] = [
            restore_long_ids(*pair, depth - 1, is_id=is_id) for pair in zip(value, exact, strict=True)
        ]
    elif is_id and type(exact) is Literal and exact.lstrip("-").isdecimal():
        return _fit(exact)
    return value


def settle_number(number: float | Literal) -> int | float | str | None:
    """A number in its one form as an id: an integer where it is whole, text where a reader would round it.

    123, 123.0 and 1.23e2 become 123. None stands for a number that is not finite.
    """
    if type(number) is int:
        return number if -(2**63) <= number < 2**64 else str(number)
    if type(number) is float:
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return _settle_literal(str(number))


def _settle_literal(literal: str) -> int | float | str | None:
    if literal.lstrip("-").isdecimal():
        return int(literal) if len(literal) < 19 else _fit(literal)
    exact = Decimal(literal)
    if exact.adjusted() > _MAX_EXPONENT:
        return None
    if exact == exact.to_integral_value():
        return _fit(f"{exact:f}".partition(".")[0])
    return rounded if Decimal(repr(rounded := float(literal))) == exact else literal


def _fit(digits: str) -> int | str:
    """An integer where JSON's readers keep it, else its digits."""
    if len(digits) <= 20 and -(2**63) <= (whole := int(digits)) < 2**64:
        return whole
    return str(digits)  # a plain text, where it was a Literal


def write_id(value: Any) -> str:
    """The text of an id, the same for text, integer and whole float; "" for what is not an id."""
    if type(value) is str:
        return value
    if type(value) is float and value.is_integer():
        return str(int(value))
    return str(value) if type(value) in {int, float} else ""
