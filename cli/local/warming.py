"""Starts the functions of the local stack, so that the first event does not wait for them."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cli.local.clients import make_client
from cli.local.errors import LocalStackError

# No event in any form: a request of a browser that asks what it may send, and no messages.
NOTHING = {"rawPath": "/v1/batch", "requestContext": {"http": {"method": "OPTIONS"}}, "Records": []}


def warm_functions(stack: dict[str, Any]) -> int:
    """Invokes ingest, the router and each delivery function with nothing to do; says how many there are.

    Raises LocalStackError for a function that does not start.
    """
    resources = stack["resources"]
    names = [resources["IngestFunction"], resources["RouterFunction"]]
    names += [sync["function"] for sync in stack["syncs"].values()]
    with ThreadPoolExecutor(max_workers=4) as pool:
        problems = list(pool.map(lambda name: _invoke(stack, name), names))
    for name, problem in zip(names, problems, strict=True):
        if problem:
            raise LocalStackError(f"the function {name} does not start: {problem}")
    return len(names)


def _invoke(stack: dict[str, Any], name: str) -> str:
    """What went wrong, "" for nothing."""
    answer = make_client("lambda", stack["endpoint_url"]).invoke(
        FunctionName=name, Payload=json.dumps(NOTHING)
    )
    return answer["Payload"].read().decode(errors="replace")[:500] if "FunctionError" in answer else ""
