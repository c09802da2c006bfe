"""Content-Encoding: the bytes of a body unpacked, bounded.

Gateways unpack bodies without changing the header, and clients forget it: gzip and zlib are recognised by
their first bytes, and what claims to be packed and is not stays as it is.
"""

import zlib
from typing import Final

from sluice.errors import RequestError

ACCEPTED: Final = "gzip, deflate"

_GZIP, _BOM = b"\x1f\x8b", b"\xef\xbb\xbf"
_ZLIB_WBITS, _RAW_WBITS, _GZIP_WBITS = 15, -15, 31
_ZLIB_FIRST = frozenset(range(0x08, 0x80, 0x10))  # deflate, and the size of the window
_MAX_MEMBERS = 100  # of a gzip body: each costs a copy of those behind it
_MAX_ENCODINGS = 4
# A charset belongs into Content-Type; clients that put it here send plain bytes.
_PLAIN = {"", "identity", "none", "utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin1"}


def decode_body(body: bytes, *, encoding: str = "", max_bytes: int) -> bytes:
    """The body unpacked, without a byte order mark; `encoding` is the Content-Encoding header.

    Never makes more than `max_bytes` (413). Raises RequestError 415 for an encoding that Sluice does not
    support, and 400 for gzip or deflate that is broken or breaks off, and for over 100 gzip members.
    """
    for name in reversed(_read_names(encoding)):
        if name == "deflate":
            body = _inflate(body, max_bytes)
        elif body[:2] == _GZIP:
            body = _gunzip(body, max_bytes)
    if body[:2] == _GZIP:
        body = _gunzip(body, max_bytes)
    elif _is_zlib(body):
        body = _inflate(body, max_bytes)
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body.removeprefix(_BOM)


def _read_names(encoding: str) -> list[str]:
    """The encodings in the order in which they were applied."""
    names = [name.strip().lower() for name in encoding.split(",")]
    packed = [name.removeprefix("x-") for name in names if name not in _PLAIN]
    for name in packed:
        if name not in {"gzip", "deflate"}:
            shown = "".join(char if char.isascii() and char.isprintable() else "?" for char in name[:32])
            message = f"The content encoding {shown!r} is not supported. Send one of: {ACCEPTED}."
            raise RequestError(415, "unsupported_encoding", message)
    if len(packed) > _MAX_ENCODINGS:
        raise RequestError(415, "unsupported_encoding", "The body has too many content encodings.")
    return packed


def _is_zlib(body: bytes) -> bool:
    """Whether a body starts with a zlib header (RFC 1950) for a window of any size, as no JSON does."""
    return len(body) > 1 and body[0] in _ZLIB_FIRST and int.from_bytes(body[:2]) % 31 == 0


def _inflate(body: bytes, max_bytes: int) -> bytes:
    """Deflate as HTTP defines it (with a zlib header), or without one, as some clients send it."""
    if body[:1] in {b"{", b""}:
        return body  # unpacked already; no deflate data of JSON begins so
    if body[:2] == _GZIP:
        return _gunzip(body, max_bytes)
    for wbits in (_ZLIB_WBITS, _RAW_WBITS) if _is_zlib(body) else (_RAW_WBITS,):
        unpacked = _unpack(body, wbits, max_bytes)
        if unpacked is not None:
            return unpacked[0]
    if body.lstrip().removeprefix(_BOM)[:1] == b"{":
        return body
    raise RequestError(400, "invalid_deflate", "The body is not valid deflate.")


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = max_bytes
    while body[:2] == _GZIP:
        if len(parts) == _MAX_MEMBERS:
            raise RequestError(400, "invalid_gzip", "The gzip body has too many members.")
        unpacked = _unpack(body, _GZIP_WBITS, left)
        if unpacked is None:
            raise RequestError(400, "invalid_gzip", "The body is not valid gzip, or it breaks off.")
        part, body = unpacked
        left -= len(part)
        parts.append(part)
    return b"".join(parts)


def _unpack(body: bytes, wbits: int, max_bytes: int) -> tuple[bytes, bytes] | None:
    """What a stream holds, and what stands behind it; None where it is broken. Raises RequestError 413."""
    stream = zlib.decompressobj(wbits=wbits)
    try:
        unpacked = stream.decompress(body, max_bytes + 1)
    except zlib.error:
        return None
    if len(unpacked) > max_bytes:
        raise _too_large(max_bytes)
    return (unpacked, stream.unused_data) if stream.eof else None


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(413, "request_too_large", f"A request may have {max_bytes} bytes after unpacking.")
