"""Secrets of one destination, from SSM or Secrets Manager, kept in memory for five minutes.

Missing is not wrong: the parameter may be written while events wait, so every failure is worth a later try.
A failure of AWS is told apart from what the operator must set right, because it uses up no attempt.
"""

from __future__ import annotations

from functools import cached_property

from aws_lambda_powertools.utilities.parameters import GetParameterError, SecretsProvider, SSMProvider
from botocore.exceptions import BotoCoreError, ClientError

from sluice.adapters.clients import build_client
from sluice.errors import AwsUnavailable, RetryLater
from sluice.reasons import Reason

MAX_AGE = 300
OPERATORS = {
    "AccessDeniedException",
    "DecryptionFailure",
    "InvalidKeyId",
    "InvalidParameterException",
    "InvalidRequestException",
    "ParameterNotFound",
    "ResourceNotFoundException",
    "ValidationException",
}
"""Answers of SSM and Secrets Manager about the secret or the permission to read it. Every other failure, such
as throttling, a 5xx or no answer, is AWS's own."""


class Secrets:
    """Reads `ssm:<name>` from `/<stack>/destinations/<destination>/<name>` and `secretsmanager:<name>` from
    the secret of the same path without its first slash: all that the function's role may read."""

    def __init__(self, stack: str, destination: str) -> None:
        self._path = f"{stack}/destinations/{destination}"

    def read(self, reference: str, *, fresh: bool = False) -> str:
        """The secret's text, at most five minutes old; `fresh` reads it now.

        Raises RetryLater(secret_unavailable) where the operator must set something right, and AwsUnavailable
        where AWS does not answer. Both name the reference and never the text.
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
            if _is_for_the_operator(error):
                raise RetryLater(Reason.SECRET_UNAVAILABLE, f"{reference}: {error}") from error
            raise AwsUnavailable(f"{reference}: {error}") from error
        return value if isinstance(value, str) else ""

    @cached_property
    def _ssm(self) -> SSMProvider:
        return SSMProvider(boto3_client=build_client("ssm"))

    @cached_property
    def _secrets_manager(self) -> SecretsProvider:
        return SecretsProvider(boto3_client=build_client("secretsmanager"))


def _is_for_the_operator(error: Exception) -> bool:
    cause = error.__context__ if isinstance(error, GetParameterError) else error  # raised without `from`
    return isinstance(cause, ClientError) and cause.response["Error"]["Code"] in OPERATORS
