"""The SHA-256 of a value, in lower-case hex, after the normalisation that advertising platforms ask for.

Segment, Meta and Google want an e-mail address trimmed and in lower case before it is hashed. Other texts are
trimmed only: the case of a user id has a meaning, and a phone number's country is not known here.
"""

import hashlib
import re
from functools import lru_cache
from typing import Any

from sluice.ids import write_id

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_DIGEST_CHARS = 64
_MEMORABLE = 256  # characters of a text that is remembered: ids and addresses are shorter


def digest_value(value: str | float) -> str:
    """64 hex digits; "" for a blank text. A text that is such a digest already is not hashed again.

    So what the client hashed, and what comes back out of the archive, stays what it was. A number or a
    boolean is hashed as the text that JSON has for it, a whole float as the integer that it is.
    """
    text = value.strip() if type(value) is str else _write(value)
    return _digest_text(text) if len(text) <= _MEMORABLE else _digest_text.__wrapped__(text)


@lru_cache(maxsize=8192)
def _digest_text(text: str) -> str:
    """Users come again within seconds: remembered, a digest takes a tenth of its time."""
    if len(text) == _DIGEST_CHARS and _DIGEST.fullmatch(text):
        return text.lower()
    data = normalise_text(text).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest() if data else ""


def is_digest(value: object) -> bool:
    """Whether it looks like what `digest_value` gives."""
    return type(value) is str and _DIGEST.fullmatch(value) is not None


def normalise_text(text: str) -> str:
    """Trimmed; in lower case too where it looks like an e-mail address: one @ inside, and no space."""
    text = text.strip()
    return text.lower() if "@" in text and _EMAIL.fullmatch(text) else text


def hash_all(value: Any) -> Any:
    """The value with every text, number and boolean in it hashed; names of fields and nulls stay."""
    if type(value) is dict:
        return {name: hash_all(inner) for name, inner in value.items()}
    if type(value) is list:
        return [hash_all(inner) for inner in value]
    return value if value is None else digest_value(value)


def _write(value: object) -> str:
    return write_id(value) if type(value) in {int, float} else str(value).lower()
