"""Secrets of one destination, from SSM or Secrets Manager, kept in memory for five minutes.

Missing is not wrong: the parameter may be written while events wait, so every failure is worth a later try.
"""

from __future__ import annotations

from functools import cached_property

from aws_lambda_powertools.utilities.parameters import GetParameterError, SecretsProvider, SSMProvider
from botocore.exceptions import BotoCoreError

from sluice.adapters.clients import build_client
from sluice.errors import RetryLater
from sluice.reasons import Reason

MAX_AGE = 300


class Secrets:
    """Reads `ssm:<name>` from `/<stack>/destinations/<destination>/<name>` and `secretsmanager:<name>` from
    the secret of the same path without its first slash: all that the function's role may read."""

    def __init__(self, stack: str, destination: str) -> None:
        self._path = f"{stack}/destinations/{destination}"

    def read(self, reference: str, *, fresh: bool = False) -> str:
        """The secret's text, at most five minutes old; `fresh` reads it now.

        Raises RetryLater(secret_unavailable), which names the reference and never the text.
        """
        store, _, name = reference.partition(":")
        try:
            if store == "ssm":
                path = f"/{self._path}/{name}"
                value = self._ssm.get(path, max_age=MAX_AGE, force_fetch=fresh, decrypt=True)
            else:
                path = f"{self._path}/{name}"
                value = self._secrets_manager.get(path, max_age=MAX_AGE, force_fetch=fresh)
        except (GetParameterError, BotoCoreError) as error:
            raise RetryLater(Reason.SECRET_UNAVAILABLE, f"{reference}: {error}") from error
        return value if isinstance(value, str) else ""

    @cached_property
    def _ssm(self) -> SSMProvider:
        return SSMProvider(boto3_client=build_client("ssm"))

    @cached_property
    def _secrets_manager(self) -> SecretsProvider:
        return SecretsProvider(boto3_client=build_client("secretsmanager"))
