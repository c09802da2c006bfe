"""Filters that hash, encode and normalise: what advertising and messaging destinations ask of user data.

Those that hash or normalise give nothing for blank text: all users without an e-mail address would otherwise
share one hash, and a vendor would take them for one person.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, Final

from sluice.casts import excerpt, refuse
from sluice.ids import is_blank
from sluice.templates.data import write
from sluice.templates.filters.filter import ArgumentError, Filter, Function
from sluice.templates.limits import Run

MAX_CONTACT: Final = 254
"""Characters of an e-mail address (RFC 5321); no phone number is longer."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_GOOGLE = frozenset({"gmail.com", "googlemail.com"})


def nothing_for_blank(function: Function) -> Function:
    """The filter, but nothing for a text in which there is nothing to see."""

    @wraps(function)
    def apply(run: Run, text: str, *arguments: Any) -> Any:
        return None if is_blank(text) else function(run, text, *arguments)

    return apply


def hash_with(algorithm: Callable[[bytes], Any]) -> Function:
    """The filter that gives the hexadecimal digest of a text, and nothing for a blank one."""

    def hash_text(_run: Run, text: str) -> str | None:
        return None if is_blank(text) else algorithm(text.encode()).hexdigest()

    return hash_text


@nothing_for_blank
def hmac_sha256(run: Run, text: str, key: Any) -> str:
    """Raises ArgumentError without a key, or with a blank one: anybody can sign with those."""
    secret = write(run, key)
    if is_blank(secret):
        raise ArgumentError("there is no key")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def base64_decode(_run: Run, text: str) -> str:
    return _decode(text, b"+/")


def base64_url_safe_decode(_run: Run, text: str) -> str:
    return _decode(text, b"-_")


def _decode(text: str, alphabet: bytes) -> str:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, alphabet, validate=True).decode()
    except ValueError:
        raise refuse(text, "the base64 of a text") from None


def build_normalize_email(provider: str = "") -> Function:
    """Trimmed and in lower case; `google` also takes dots and a +suffix out of Gmail addresses."""
    if provider not in {"", "google"}:
        raise ValueError(f"there are no rules for {provider!r}; write 'google' or nothing")

    @nothing_for_blank
    def normalize_email(_run: Run, text: str) -> str:
        address = text.strip().lower()
        if len(address) > MAX_CONTACT or not _EMAIL.fullmatch(address):
            raise refuse(text, "an e-mail address")
        user, _, domain = address.partition("@")
        if provider and domain in _GOOGLE:
            user = user.partition("+")[0].replace(".", "")
            if not user:
                raise refuse(text, "an e-mail address")
        return f"{user}@{domain}"

    return normalize_email


def build_e164(region: str = "") -> Function:
    """`+491701234567`: numbers without a country code are of the region (two letters, such as DE)."""
    import phonenumbers  # noqa: PLC0415 - 30 ms, for templates that need it

    country = region.upper() or None
    if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{excerpt(region)} is not a region; write two letters such as 'DE'")

    @nothing_for_blank
    def normalize_phone(_run: Run, text: str) -> str:
        try:
            parsed = phonenumbers.parse(text, country) if len(text) <= MAX_CONTACT else None
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed is None or not phonenumbers.is_valid_number(parsed):
            raise refuse(text, "a phone number" + (f" of {country}" if country else " with its country code"))
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    return normalize_phone


FILTERS: Final[Mapping[str, Filter]] = {
    "sha256": Filter(hash_with(hashlib.sha256)),
    "sha1": Filter(hash_with(partial(hashlib.sha1, usedforsecurity=False))),
    "md5": Filter(hash_with(partial(hashlib.md5, usedforsecurity=False))),
    "hmac_sha256": Filter(hmac_sha256, steps=4),
    "base64_encode": Filter(lambda _run, text: base64.b64encode(text.encode()).decode()),
    "base64_decode": Filter(base64_decode),
    "base64_url_safe_encode": Filter(lambda _run, text: base64.urlsafe_b64encode(text.encode()).decode()),
    "base64_url_safe_decode": Filter(base64_url_safe_decode),
    "normalize_email": Filter(build_normalize_email, build=True, steps=4),
    "e164": Filter(build_e164, build=True, steps=400),
}
