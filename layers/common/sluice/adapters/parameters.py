"""Parameters of the stack's functions, kept in memory for five minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sluice.errors import SluiceError

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

MAX_AGE = 300
_MISSING = {"ParameterNotFound", "ParameterVersionNotFound", "AccessDeniedException", "AccessDenied"}


class ParameterMissing(SluiceError):
    """There is no such parameter, or none that a function may read: no time heals it."""


class ParameterUnavailable(SluiceError):
    """SSM could not be asked: it may work the next time."""


class FunctionParameters:
    """Reads `/<stack>/functions/<name>`, which is all that TransformFunction may read."""

    def __init__(self, client: Callable[[], SSMClient], stack: str, clock: Callable[[], float]) -> None:
        """`client` is made when it is first needed; `clock` is in seconds."""
        self._make, self._stack, self._clock = client, stack, clock
        self._client: SSMClient | None = None
        self._known: dict[str, tuple[float, str]] = {}

    def read(self, name: str) -> str:
        """The value, at most five minutes old. Raises ParameterMissing or ParameterUnavailable."""
        until, value = self._known.get(name, (0.0, ""))
        if name in self._known and self._clock() < until:
            return value
        path = f"/{self._stack}/functions/{name}"
        try:
            self._client = self._client or self._make()
            value = str(self._client.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise ParameterMissing(f"there is no parameter {path} that it may read") from error
            raise ParameterUnavailable(f"{path}: {error}") from error
        except BotoCoreError as error:
            raise ParameterUnavailable(f"{path}: {error}") from error
        self._known[name] = self._clock() + MAX_AGE, value
        return value
