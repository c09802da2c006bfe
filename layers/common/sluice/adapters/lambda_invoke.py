"""Lambda: calls of TransformFunction, several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import orjson
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from sluice.adapters.parallel import Parallel
from sluice.transforms.protocol import Reply

OUR_FAULTS = {
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.UserCodeSyntaxError",
    "Runtime.InvalidEntrypoint",
}
"""Errors of a deploy: what an operator's code does is only loaded when it is called."""


class LambdaClient(Protocol):
    def invoke(self, **call: Any) -> Mapping[str, Any]: ...


class LambdaFunction:
    """One function; its calls are not retried here, since whoever called gets its pack again."""

    def __init__(self, client: LambdaClient, name: str, *, at_once: int) -> None:
        self._client, self._name = client, name
        self._parallel = Parallel(at_once)

    def call_all(self, payloads: Sequence[bytes]) -> list[Reply]:
        """Makes the calls at once; the replies in their order."""
        replies = self._parallel.run([partial(self.call, payload) for payload in payloads])
        return [reply or Reply(trouble="the call was given up") for reply in replies]

    def call(self, payload: bytes) -> Reply:
        """A reply whatever happens. A process that failed is told of by `FunctionError`, with status 200."""
        try:
            told = self._client.invoke(
                FunctionName=self._name, InvocationType="RequestResponse", Payload=payload
            )
            body: bytes = told["Payload"].read()
        except (BotoCoreError, ClientError, HTTPError) as error:
            return Reply(trouble=f"Lambda could not be called: {error}")
        return read_failure(body) if told.get("FunctionError") else Reply(payload=body)


def read_failure(body: bytes) -> Reply:
    """Why a process gave no answer, from `{"errorType", "errorMessage"}`."""
    try:
        told = orjson.loads(body)
        kind, message = str(told.get("errorType", "")), str(told.get("errorMessage", ""))
    except (orjson.JSONDecodeError, AttributeError):
        kind, message = "", body[:200].decode(errors="replace")
    said = f"{kind}: {message}" if kind else message
    if kind in OUR_FAULTS:
        return Reply(trouble=f"TransformFunction cannot start: {said}")
    if "timed out" in message.lower() or kind == "Sandbox.Timedout":
        return Reply(crash=f"it did not end, and its process was ended ({said})")
    return Reply(crash=f"its process died ({said})")
