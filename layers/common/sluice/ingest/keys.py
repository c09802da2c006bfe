"""Write keys: whose request it is.

A key is an identification with a quota, not a secret: browsers show it. Still only its SHA-256 is stored (128
random bits need no slow hash), and it is compared in constant time.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from hmac import compare_digest

from sluice.ingest.request import Request


def digest_key(key: str) -> str:
    """The SHA-256 (hex) that a source's file holds for a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class KeyRing:
    """The keys of all sources."""

    def __init__(self, sources: Mapping[str, Iterable[str]]) -> None:
        """`sources`: slug → digests in force."""
        self._entries = [(digest, slug) for slug, digests in sources.items() for digest in digests]

    def find_source(self, candidates: Iterable[str], revoked: frozenset[str]) -> str | None:
        """The slug of the source that one of the candidate keys opens, or None."""
        for candidate in candidates:
            presented = digest_key(candidate)
            found = None
            for digest, slug in self._entries:
                if compare_digest(digest, presented):
                    found = slug
            if found is not None and presented not in revoked:
                return found
        return None


def find_keys(request: Request, *carried: object) -> list[str]:
    """What the first place with a write key presents, in the order Basic, X-Write-Key, query, `carried`.

    `carried`: the values of `writeKey` in the body and in the event, as found. More than one candidate comes
    back only for the `id:secret` form of X-Write-Key.
    """
    for place in _places(request, carried):
        if place:
            return place
    return []


def _places(request: Request, carried: Iterable[object]) -> Iterator[list[str]]:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        yield _basic_user(credentials)
    if key := request.headers.get("x-write-key", "").strip():
        yield [key, *(part for part in key.split(":", 1) if part and part != key)]
    yield [request.query.get("writeKey", "").strip()] if request.query.get("writeKey", "").strip() else []
    for value in carried:
        yield [value] if isinstance(value, str) and value else []


def _basic_user(credentials: str) -> list[str]:
    """The user name of Basic credentials; some SDKs encode the key without its colon."""
    try:
        text = base64.b64decode(credentials.strip() + "==").decode("utf-8")
    except (binascii.Error, ValueError):
        return []
    user = text.partition(":")[0]
    return [user] if user else []
