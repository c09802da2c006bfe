"""Which letters a redrive is about: by reason, event and time of death; of a time all conditions hold."""

from dataclasses import dataclass
from datetime import datetime

from cli.dlq.messages import DeadMessage
from sluice.times import parse_time


@dataclass(frozen=True, slots=True)
class Selection:
    """Empty tuples and None select everything. A whole pack matches where every event in it does."""

    reasons: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        return self == Selection()

    def matches(self, message: DeadMessage) -> bool:
        if self.reasons and message.reason not in self.reasons:
            return False
        if self.events and (not message.names or not set(message.names) <= set(self.events)):
            return False
        died = self._find_death(message)
        if self.since is not None and died < self.since.timestamp():
            return False
        return self.until is None or died < self.until.timestamp()

    @staticmethod
    def _find_death(message: DeadMessage) -> float:
        """Epoch seconds; of a whole pack the time when it was sent, which is all that SQS keeps."""
        told = parse_time(message.letter["died_at"]) if message.letter else None
        return message.received.sent_at if told is None else told
