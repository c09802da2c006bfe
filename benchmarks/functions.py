"""What a function over batches of 500 costs besides its own work, here a field more for every event.

All CPU is counted: the router's side with botocore's call, and TransformFunction's with what Lambda's runtime
does around it, which is parsing and writing JSON by the standard library.
"""

import json
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from itertools import batched
from pathlib import Path

from benchmarks.harness import Event, Figures, measure
from sluice.adapters.clients import build_client
from sluice.adapters.function_process import FunctionProcess
from sluice.adapters.lambda_invoke import LambdaFunction
from sluice.adapters.parameters import FunctionParameters
from sluice.bootstrap.memory import settle_memory
from sluice.transforms.protocol import Reply, parse_call
from sluice.transforms.results import EventLimits
from sluice.transforms.transform import Transform

RUN = 4000  # events of one run of the router: 40 packs of 100
FUNCTION = """
def transform_events(events):
    for event in events:
        event["channel"] = "bench"
    return events
"""


def bench_function(events: Sequence[Event], _url: str) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "mark.py").write_text(FUNCTION)
        parameters = FunctionParameters(lambda: build_client("ssm"), "sluice", lambda: 0.0)
        process = FunctionProcess(Path(folder), parameters, {})
        function = LambdaFunction(build_client("lambda", max_attempts=1), "sluice-transform", at_once=1)
        writer = json.JSONEncoder(ensure_ascii=False)  # as Lambda's runtime for Python 3.13
        runs = [
            [((n // 100, n), event) for n, event in run]
            for run in batched(enumerate(events), RUN, strict=False)
        ]
        changed = 0

        def call_all(payloads: Sequence[bytes]) -> list[Reply]:
            return [call(payload) for payload in payloads]

        def call(payload: bytes) -> Reply:
            if function.call(payload).trouble:  # the endpoint's answer does not count as the function's
                raise SystemExit("the endpoint did not answer")
            answer = process.answer(*parse_call(json.loads(payload)))
            return Reply(payload=writer.encode(answer).encode())

        def work() -> None:
            nonlocal changed
            changed = 0
            for run in runs:
                outcomes = Transform(call_all, EventLimits()).apply(run, ["mark"])
                changed += sum(outcomes[key].events[0].get("channel") == "bench" for key, _ in run)

        def check() -> None:
            if changed != len(events):
                raise SystemExit(f"{changed} events came back changed, not {len(events)}")

        settle_memory()  # as both functions do
        with redirect_stdout(StringIO()):
            return measure(work, len(events), check)
