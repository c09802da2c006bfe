"""A deployed stack as a client reaches it, and what every answer of it must be."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import urllib3

POOL = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(30))
ORIGIN = {"Origin": "https://shop.example.com"}


class Failed(Exception):
    """What was seen instead of what must be."""


@dataclass(frozen=True)
class Target:
    """A deployed stack: the address that SDKs get as their host, and one of its write keys."""

    url: str
    key: str

    def request(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """One request without retries; `headers` with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return POOL.request(method, self.url.rstrip("/") + path, body=body, headers={**ORIGIN, **named})
        except urllib3.exceptions.HTTPError as error:
            raise Failed(f"no answer: {type(error).__name__}") from error

    def post(self, body: bytes, *, path: str = "/v1/batch", key: str | None = None, **headers: str) -> Any:
        """POSTs with the stack's key as server SDKs carry it, or with another one."""
        return self.request(
            "POST", path, body, Authorization=basic(self.key if key is None else key), **headers
        )


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def read_json(answer: Any) -> dict[str, Any]:
    try:
        body = json.loads(answer.data)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def expect(holds: bool, answer: Any) -> None:
    if not holds:
        raise Failed(f"answered {answer.status}: {answer.data[:200].decode('utf-8', 'replace')}")


def expect_cors(answer: Any) -> None:
    """Browsers show a script nothing of an answer without it, its status included."""
    found = answer.headers.get("Access-Control-Allow-Origin")
    if found not in {"*", ORIGIN["Origin"]}:
        raise Failed(f"answered {answer.status} with Access-Control-Allow-Origin {found!r}")


def expect_error(answer: Any, status: int, code: str) -> None:
    """Three SDKs crash on errors that are not told like this, and try ten times."""
    expect_cors(answer)
    body = read_json(answer)
    told = body.get("code") == code and isinstance(body.get("message"), str)
    expect(answer.status == status and told, answer)
