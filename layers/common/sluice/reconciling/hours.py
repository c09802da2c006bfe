"""Which hour a run looks at. A run keeps no state: its hour follows from the time it was scheduled for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
SLACK = timedelta(hours=2)
"""What may pass besides the window: waiting for a first attempt, the last one, Firehose's buffers."""


@dataclass(frozen=True, slots=True)
class Span:
    """The hour whose events are looked for, by its start, and the time until which their fate is read."""

    hour: datetime
    until: datetime

    @property
    def events(self) -> str:
        """Where the hour's archive lines are filed."""
        return f"events/{_name_hour(self.hour)}"

    def list_deliveries(self) -> Iterator[str]:
        """Where lines about attempts to deliver these events may be filed, in order.

        From the hour before: Firehose files a line under the time of the oldest that it writes with it.
        """
        hour = self.hour - HOUR
        while hour <= self.until:
            yield f"deliveries/{_name_hour(hour)}"
            hour += HOUR

    def list_dead(self, sync: str) -> Iterator[str]:
        """Where dead letters of a sync about these events may be filed: by the day of their death."""
        day = self.hour.date()
        while day <= self.until.date():
            yield f"dead/sync={sync}/dt={day:%Y-%m-%d}/"
            day += timedelta(days=1)


def find_span(scheduled: datetime, longest_window: float) -> Span:
    """The newest hour that ended a window and the slack before the time a run is scheduled for.

    `longest_window` is the longest `retry.for` of all syncs in seconds: by then an event's fate is decided.
    """
    scheduled = scheduled.astimezone(UTC)
    decided = scheduled - timedelta(seconds=longest_window) - SLACK
    return Span(decided.replace(minute=0, second=0, microsecond=0) - HOUR, scheduled)


def _name_hour(hour: datetime) -> str:
    return f"dt={hour:%Y-%m-%d}/hr={hour:%H}/"
