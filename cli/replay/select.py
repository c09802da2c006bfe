"""Which lines of the archive a replay takes, and why it leaves out the others."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from cli.replay.history import Line
from cli.replay.plan import Plan
from cli.replay.taken import Taken
from sluice.errors import EventBlocked
from sluice.filters import compile_filter
from sluice.ingest.normalise import check_event
from sluice.reasons import Reason
from sluice.times import parse_time

_CUT_DOWN = {
    Reason.EVENT_TOO_LARGE,
    Reason.INVALID_SHAPE,
    Reason.SUPPRESSED,
}  # the archive has a part of such an event only


def name_event(event: dict[str, Any] | None) -> str:
    """What people call an event: its name, and one that has none by its type."""
    return str((event or {}).get("event") or (event or {}).get("type") or "")


class Selection:
    """Takes lines for a plan; `left_out` counts the others by the reason why."""

    def __init__(self, plan: Plan, taken: Taken) -> None:
        """`taken` has the lines that the replay took before, also those of an earlier run of it."""
        self._plan, self._taken = plan, taken
        self._since, self._until = (
            datetime.fromisoformat(text).timestamp() for text in (plan.since, plan.until)
        )
        # The time when it began, in a resume, too: the same lines are taken.
        started = datetime.fromisoformat(plan.started_at).timestamp()
        self._where = compile_filter(plan.where, now=lambda: started)
        self._judge: Callable[[Line], str] = self._judge_event
        if plan.ingest:
            self._judge = self._judge_pack
        elif plan.dead:
            self._judge = self._judge_letter
        self.left_out: Counter[str] = Counter()

    def take(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines to replay. A line that the archive repeats is taken once, wherever the repeat is."""
        for line in lines:
            if why := self._judge(line):
                self.left_out[why] += 1
            elif self._taken.add(self._identify(line)):
                yield line
            else:
                self.left_out["repeated line"] += 1

    def _judge_event(self, line: Line) -> str:
        plan, event = self._plan, line["event"]
        if line.get("replay"):
            return "replay"
        if line["verdict"] == "duplicate":
            return "duplicate"
        if line.get("parent_id") is not None and "original" not in line:
            return "made of another event"  # which makes it again
        if not self._is_in_range(line["received_at"]):
            return "other time"
        if plan.sources and line["source"] not in plan.sources:
            return "other source"
        if self._differs(event):
            return "other event"
        if line["verdict"] != "accepted":
            return self._judge_refused(line)
        return ""

    def _judge_refused(self, line: Line) -> str:
        """A blocked event may pass where the rule that blocked it has changed; ingest's rules hold here."""
        if not self._plan.blocked:
            return str(line["verdict"])
        if _CUT_DOWN & set(line["reasons"]):
            return "not whole in the archive"
        if Reason.FOREIGN_WRITE_KEY in line["reasons"]:
            return f"still {Reason.FOREIGN_WRITE_KEY}"  # its key was not stored
        try:
            check_event(line["event"])
        except EventBlocked as blocked:
            return f"still {blocked}"
        return ""

    def _judge_letter(self, line: Line) -> str:
        if not self._is_in_range(line["died_at"]):
            return "other time"
        if self._plan.reasons and line["reason"] not in self._plan.reasons:
            return "other reason"
        if type(line.get("event")) is not dict:
            return "no event in it"
        return "other event" if self._differs(line["event"]) else ""

    def _judge_pack(self, line: Line) -> str:
        if not self._is_in_range(line["died_at"]):
            return "other time"
        if "pack" not in line:
            return "no pack"
        return "other source" if self._plan.sources and line["source"] not in self._plan.sources else ""

    def _differs(self, event: dict[str, Any]) -> bool:
        named = not self._plan.events or name_event(event) in self._plan.events
        return not (named and self._where(event))

    def _is_in_range(self, text: str) -> bool:
        at = parse_time(text)
        return at is not None and self._since <= at < self._until

    def _identify(self, line: Line) -> bytes:
        if self._plan.ingest:
            return orjson.dumps(line["pack_id"]) if line["pack_id"] else _digest(line["pack"])
        if self._plan.is_straight:
            return orjson.dumps([line["sync"], line["event_type"], line["message_id"]])
        if self._plan.dead:  # the router decides anew as which types the event is sent
            return orjson.dumps([line["sync"], line["message_id"]])
        return orjson.dumps([line["pack_id"], line["n"]])


def _digest(pack: Line) -> bytes:
    """What tells a sync pack from every other one: it has no id of its own, and only copies are alike."""
    return sha256(orjson.dumps(pack)).digest()
