"""The stack's alarms that are on."""

from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from cli.stack import Stack


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """An alarm in the state ALARM: what it watches, and since when."""

    name: str
    text: str
    since: datetime


def read_alarms(stack: Stack) -> list[ActiveAlarm] | None:
    """The stack's metric alarms that are on, the oldest first; None without the right to read them.

    Composite alarms are left out: they are on because of one of these.
    """
    paginator = stack.client("cloudwatch").get_paginator("describe_alarms")
    try:
        pages = list(
            paginator.paginate(
                AlarmNamePrefix=f"{stack.name}-", AlarmTypes=["MetricAlarm"], StateValue="ALARM"
            )
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"):
            return None
        raise
    own = set(stack.resources.values())
    found = [
        ActiveAlarm(
            alarm["AlarmName"],
            alarm.get("AlarmDescription", ""),
            # The second may be later: it changes when an alarm is evaluated in another way, too.
            alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"],
        )
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["AlarmName"] in own or stack.is_local
    ]
    return sorted(found, key=lambda alarm: alarm.since)
