"""The headers and URL parts that carry secrets, for one run: read once, and once more when they are refused.

Secrets leave through here and nowhere else. `secrets` knows them in whatever is to be written down.
"""

from collections.abc import Mapping
from threading import Lock

from sluice.delivery.ports import SecretStore
from sluice.destinations.declaration import SecretRef, is_url_place
from sluice.errors import RetryLater
from sluice.reasons import Reason
from sluice.secret_texts import SecretTexts

MASK = "***"


class Auth:
    """`headers` are empty until `open`; those named `{…}` go into the URL. Safe to use from several threads.

    Reading raises RetryLater(secret_unavailable) where a secret is missing or unusable, and AwsUnavailable
    where AWS does not answer.
    """

    def __init__(self, references: Mapping[str, SecretRef], secrets: SecretStore) -> None:
        self._references, self._store = references, secrets
        self.secrets = SecretTexts()
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
        hidden = {name: MASK for name in self._references if not is_url_place(name)}
        return {**headers, **hidden}

    def _read(self, *, fresh: bool) -> dict[str, str]:
        headers = {}
        for name, reference in self._references.items():
            secret = self._store.read(reference.secret, fresh=fresh).strip()
            if not secret or not secret.isascii() or not secret.isprintable():
                detail = f"{reference.secret} is empty or holds what no header or URL carries"
                raise RetryLater(Reason.SECRET_UNAVAILABLE, detail)
            encoded = reference.encode(secret)
            for text in (secret, encoded):
                self.secrets.add(text)
            headers[name] = reference.format.replace("{}", encoded)
        return headers
