"""Write keys: whose request it is.

A key is an identification with a quota, not a secret: browsers show it. Still only its SHA-256 is stored (128
random bits need no slow hash), and it is compared in constant time.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from hmac import compare_digest

from sluice.ids import is_blank, trim
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
    """Every write key that a request may present, from most to least likely.

    The order is Authorization, X-Write-Key, the query, then `carried`: the values of `writeKey` in the body
    and in its events, as found. A place may hold something else (a site's own password), or several values,
    so all are tried. The gateway joins headers of one name with commas.
    """
    places = [
        *_read_authorization(request.headers.get("authorization", "")),
        *request.headers.get("x-write-key", "").split(","),
        *request.query_keys,
        *(value for value in carried if isinstance(value, str)),
    ]
    texts = (text for place in places for text in split_key(place))
    return [text for text in dict.fromkeys(texts) if not is_blank(text)]


def split_key(text: str) -> list[str]:
    """A key without invisible characters at its ends, and the parts of the form `id:secret`."""
    text = trim(text)
    return [text, *text.split(":", 1)] if ":" in text else [text]


def _read_authorization(header: str) -> Iterator[str]:
    """User and password of Basic credentials, which some SDKs encode without the colon; a Bearer token."""
    for part in header.split(","):
        scheme, _, credentials = part.strip().partition(" ")
        match scheme.lower():
            case "bearer":
                yield credentials
            case "basic":
                try:
                    text = base64.b64decode(credentials.strip() + "==")
                except (binascii.Error, ValueError):
                    continue
                yield from text.decode("utf-8", "replace").split(":", 1)
