"""Compares the recent runs of this container with the limits of its sync.

A metric is published only while its limit is exceeded, so a healthy sync costs no metric. One alarm reads the
metric of all syncs, although their limits differ.
"""

from collections import deque
from dataclasses import dataclass

from sluice.delivery.limits import Limits
from sluice.delivery.report import Report

WINDOW = 300.0  # seconds
LATE_SHARE = 5.0  # percent of the deliveries that may be later: the limit is of the 95th percentile


@dataclass(slots=True)
class _Counts:
    delivered: int = 0
    retried: int = 0
    dead: int = 0
    measured: int = 0
    late: int = 0

    def add(self, other: "_Counts", sign: int = 1) -> None:
        for name in _Counts.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + sign * getattr(other, name))


class Watch:
    """Remembers the runs of the last five minutes. Each container has one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._runs: deque[tuple[float, _Counts]] = deque()
        self._lately = _Counts()

    def judge(self, report: Report, now: float) -> dict[str, float]:
        """The metrics of the limits that are exceeded, after the run that ended `now` (epoch seconds).

        `FailureRateExceeded` and `RetryRateExceeded` are percent of the attempts of the last five minutes,
        `LatencyExceeded` is percent of the deliveries that were later than `latency_p95`, `WaitingExceeded`
        the age in seconds of the oldest event that waits.
        """
        limits, lately = self._limits, self._remember(report, now)
        attempts = lately.delivered + lately.retried + lately.dead
        found = {}
        if attempts >= limits.min_attempts:
            found["FailureRateExceeded"] = (100 * lately.dead / attempts, limits.failure_rate)
            found["RetryRateExceeded"] = (100 * lately.retried / attempts, limits.retry_rate)
        if lately.measured:
            found["LatencyExceeded"] = (100 * lately.late / lately.measured, LATE_SHARE)
        found["WaitingExceeded"] = (report.oldest, limits.oldest_waiting)
        return {name: value for name, (value, limit) in found.items() if value > limit}

    def _remember(self, report: Report, now: float) -> _Counts:
        late = sum(latency > 1000 * self._limits.latency_p95 for latency in report.latencies)
        run = _Counts(report.delivered, report.retried, report.dead.total(), len(report.latencies), late)
        self._runs.append((now, run))
        self._lately.add(run)
        while self._runs[0][0] <= now - WINDOW:
            self._lately.add(self._runs.popleft()[1], -1)
        return self._lately
