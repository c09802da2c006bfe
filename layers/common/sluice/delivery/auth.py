"""The headers that carry secrets, for one run: read once, read afresh once when the destination refuses them.

Secrets leave through here and nowhere else: `mask` takes them out of whatever is written down.
"""

from collections.abc import Mapping
from json import dumps
from threading import Lock
from urllib.parse import quote

from sluice.delivery.ports import SecretStore
from sluice.destinations.declaration import SecretRef
from sluice.errors import RetryLater
from sluice.reasons import Reason

MASK = "***"
_SHORTEST_TAIL = 4  # a cut-off secret that shows less than this says nothing


class Auth:
    """`headers` are empty until `open`. Safe to use from several threads.

    Reading raises RetryLater(secret_unavailable) where a secret cannot be had.
    """

    def __init__(self, references: Mapping[str, SecretRef], secrets: SecretStore) -> None:
        self._references, self._secrets = references, secrets
        self._texts: set[str] = set()
        self._fresh, self._lock = False, Lock()
        self.headers: dict[str, str] = {}

    def open(self) -> None:
        self.headers = self._read(fresh=False)

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether headers that were `refused` are worth one more try: `headers` are newer than those now."""
        if not self._references:
            return False
        with self._lock:
            if refused is not self.headers:
                return True
            if self._fresh:
                return False
            self._fresh = True
            self.headers = self._read(fresh=True)
            return True

    def mask_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """A request's headers as they may be written down: those with secrets by name only."""
        return {**headers, **dict.fromkeys(self._references, MASK)}

    def mask(self, text: str, *, cut_off: bool = False) -> str:
        """`text` without any secret of this run; `cut_off` says that its end may hold half of one."""
        for secret in sorted(self._texts, key=len, reverse=True):
            text = text.replace(secret, MASK)
            if cut_off:
                for shown in range(len(secret) - 1, _SHORTEST_TAIL - 1, -1):
                    if text.endswith(secret[:shown]):
                        text = text[:-shown] + MASK
                        break
        return text

    def _read(self, *, fresh: bool) -> dict[str, str]:
        headers = {}
        for name, reference in self._references.items():
            secret = self._secrets.read(reference.secret, fresh=fresh).strip()
            if not secret or not secret.isascii() or not secret.isprintable():
                raise RetryLater(
                    Reason.SECRET_UNAVAILABLE, f"{reference.secret} is empty or holds what no header carries"
                )
            encoded = reference.encode(secret)
            for text in (secret, encoded):  # as an echo may show it: as it is, inside JSON text, inside a URL
                self._texts |= {text, dumps(text)[1:-1], quote(text, safe="")}
            headers[name] = reference.format.replace("{}", encoded)
        return headers
