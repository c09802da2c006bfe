"""Answers as RFC 9110 and 9112 define them, where `http.client` is narrower than they are.

Interim answers (1xx) are skipped, whichever they are. A head may have any number of fields of any length up
to MAX_HEAD bytes. Of a longer one the rest and the body are not read, and the status counts all the same: it
says whether the destination took the request, whatever else the answer holds.
"""

import re
import zlib
from http.client import HTTPMessage, HTTPResponse, IncompleteRead, RemoteDisconnected

from urllib3.exceptions import ProtocolError

from sluice.destinations.declaration import Headers

MAX_HEAD = 256 * 1024  # bytes of the fields of one head
MAX_INTERIM = 100
MAX_CODINGS = 4
SWITCHING_PROTOCOLS = 101

_WITHOUT_BODY = frozenset({SWITCHING_PROTOCOLS, 204, 205, 304})
_LENGTH = re.compile(r"[0-9]{1,18}")
_BOM = b"\xef\xbb\xbf"
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_FORMATS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}


class Answer(HTTPResponse):
    """What `HTTPConnection.response_class` makes. The body ends as RFC 9112 §6.3 says."""

    _whole = True  # its head was read to the end

    def begin(self) -> None:
        if self.headers is not None:
            return
        for _ in range(MAX_INTERIM):
            version, status, reason = self._read_status()
            if not version.startswith("HTTP/1."):
                raise ProtocolError(f"the answer is {version[:20]}, not HTTP/1.1")
            headers = self._read_head()
            if status >= 200 or status == SWITCHING_PROTOCOLS:
                break
            if not self._whole:
                raise ProtocolError(f"an interim answer has a head of more than {MAX_HEAD} bytes")
        else:
            raise ProtocolError(f"more than {MAX_INTERIM} interim answers")
        self.version = 10 if version == "HTTP/1.0" else 11
        self.code = self.status = status
        self.reason = reason.strip()
        self.headers = self.msg = headers
        self._find_end()

    def read1(self, n: int = -1) -> bytes:
        if not self._whole:
            raise IncompleteRead(b"")
        return super().read1(n)

    def _read_head(self) -> HTTPMessage:
        """The fields up to the empty line."""
        fields: list[tuple[str, list[str]]] = []
        left, self._whole = MAX_HEAD, False
        while left > 0 and not self._whole:
            line = self.fp.readline(left)
            left -= len(line)
            self._whole = line in {b"\r\n", b"\n"}
            if line.endswith(b"\n"):
                _add_field(fields, line.decode("iso-8859-1").rstrip("\r\n"))
            elif left > 0:
                raise RemoteDisconnected("the head of the answer broke off")
        headers = HTTPMessage()
        for name, parts in fields:
            headers.set_raw(name, " ".join(filter(None, parts)))
        return headers

    def _find_end(self) -> None:
        """Where the body ends, and whether the connection can be used after that."""
        codings = [part.strip().lower() for part in ",".join(self._find_all("transfer-encoding")).split(",")]
        lengths = {part.strip() for part in ",".join(self._find_all("content-length")).split(",")} - {""}
        coded, known = any(codings), len(lengths) == 1 and all(map(_LENGTH.fullmatch, lengths))
        self.chunked, self.chunk_left = codings[-1] == "chunked", None
        self.length = int(*lengths) if known and not coded else None
        without_body = self.status in _WITHOUT_BODY
        misframed = (coded or bool(self.length)) if without_body else (coded and bool(lengths))
        endless = not without_body and not self.chunked and self.length is None
        asked = self._check_close()  # type: ignore[attr-defined]
        self.will_close = asked or misframed or endless or not self._whole
        if without_body:
            self.chunked, self.length = False, 0

    def _find_all(self, name: str) -> list[str]:
        return self.headers.get_all(name) or []


def _add_field(fields: list[tuple[str, list[str]]], line: str) -> None:
    """A field, or the rest of the one before (RFC 9112 §5.2). A line that is neither is left out."""
    name, colon, value = line.partition(":")
    if line[:1] in {" ", "\t"} and fields:
        fields[-1][1].append(line.strip())
    elif colon and name.strip():
        fields.append((name.strip(), [value.strip()]))


def decode_body(body: bytes, headers: Headers, *, limit: int) -> tuple[bytes, bool]:
    """A body without its codings and byte order mark, and whether that is all of it; `limit` bytes at most.

    Sluice asks for no coding, and some servers use one all the same. One that is unknown or broken is left.
    """
    names = f"{headers.get('content-encoding') or ''},{headers.get('transfer-encoding') or ''}".lower().split(
        ","
    )
    codings = [name for part in names if (name := part.strip()) not in {"", "identity", "chunked"}]
    whole = True
    if len(codings) <= MAX_CODINGS and _FORMATS.keys() >= set(codings):
        for coding in reversed(codings):
            body, all_of_it = _inflate(body, _FORMATS[coding], limit)
            whole = whole and all_of_it
    return body.removeprefix(_BOM), whole


def _inflate(data: bytes, formats: tuple[int, ...], limit: int) -> tuple[bytes, bool]:
    """What `data` holds in the first of the formats that fits, else `data` itself."""
    for wbits in formats:
        inflated = bytearray()
        rest = data
        try:
            while rest and len(inflated) < limit:  # several gzip members are one body
                member = zlib.decompressobj(wbits)
                inflated += member.decompress(rest, limit - len(inflated))
                rest = member.unused_data
        except zlib.error:
            if not inflated:
                continue
            return bytes(inflated), False
        return bytes(inflated), not data or (member.eof and not rest)
    return data, True
