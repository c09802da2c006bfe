"""The router's calls of TransformFunction."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sluice.adapters.clients import build_client
from sluice.adapters.lambda_invoke import LambdaFunction
from sluice.packs import Event
from sluice.transforms.outcomes import Key, Outcome
from sluice.transforms.results import EventLimits
from sluice.transforms.transform import AT_ONCE, Transform

type Apply = Callable[[Sequence[tuple[Key, Event]], Sequence[str]], Mapping[Key, Outcome]]

READ_SECONDS = 14  # TransformFunction's 10, and a cold start; with the connection within CALL_SECONDS


def has_functions(workspace: Mapping[str, Any]) -> bool:
    """Whether a source or a sync names one: else no client is made."""
    parts = [*workspace["sources"].values(), *workspace["syncs"].values()]
    return any(part.get("functions") for part in parts)


def build_function_calls() -> Callable[[Callable[[], float]], Apply]:
    """For each run of the router, by the seconds that it has left: what applies event functions."""
    function = LambdaFunction(
        build_client("lambda", read_timeout=READ_SECONDS, max_attempts=1),
        os.environ["SLUICE_TRANSFORM_FUNCTION"],
        at_once=AT_ONCE,
    )
    limits = EventLimits(
        bytes=int(os.environ["SLUICE_MAX_EVENT_BYTES"]), depth=int(os.environ["SLUICE_MAX_DEPTH"])
    )
    return lambda seconds_left: Transform(function.call_all, limits, seconds_left).apply
