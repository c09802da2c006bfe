"""What Lambda would count of an invocation, told from its log, since the emulator counts few itself."""

import re
from collections.abc import Iterator, Sequence

from cli.local.metrics.emf import parse_line
from cli.local.metrics.series import Point, make_metric

_REPORT = re.compile(r"REPORT RequestId: .*?\tDuration: ([\d.]+) ms")


def read_invocation(function: str, time: float, lines: Sequence[str]) -> Iterator[Point]:
    """`Invocations`, `Errors` and `Duration` of one invocation; nothing for other lines.

    Each of Sluice's functions ends a run with a line of metrics. One without it crashed, was killed or ran
    out of time.
    """
    report = next((match for line in lines if (match := _REPORT.match(line))), None)
    if report is None:
        return
    failed = not any(parse_line(line) for line in lines)
    values = {
        "Invocations": (1.0, "Count"),
        "Errors": (float(failed), "Count"),
        "Duration": (float(report[1]), "Milliseconds"),
    }
    for name, (value, unit) in values.items():
        yield Point(make_metric("AWS/Lambda", name, {"FunctionName": function}), time, value, unit)
