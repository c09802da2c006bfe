"""The stack's alarms that are on."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.stack import Stack


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """An alarm in the state ALARM: what it watches, since when, and whom of many it is on for."""

    name: str
    text: str
    since: datetime
    contributors: list[str] = field(default_factory=list)


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
        if _is_denied(error):
            return None
        raise
    own = set(stack.resources.values())
    found = [
        ActiveAlarm(
            alarm["AlarmName"],
            alarm.get("AlarmDescription", ""),
            # The second may be later: it changes when an alarm is evaluated in another way, too.
            alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"],
            sorted(_list_contributors(stack, alarm)),
        )
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["AlarmName"] in own or stack.is_local
    ]
    return sorted(found, key=lambda alarm: alarm.since)


def _list_contributors(stack: Stack, alarm: Mapping[str, Any]) -> Iterator[str]:
    """The syncs, sources, functions or queues that an alarm over many is on for; none for other alarms."""
    if not any(query.get("Expression", "").startswith("SELECT ") for query in alarm.get("Metrics", [])):
        return
    if stack.is_local:  # the local tool evaluates alarms, and writes them into the reason
        _, _, listed = alarm.get("StateReason", "").partition(" evaluated to ALARM: ")
        yield from re.findall(r"(\S+) \S+(?:, |$)", listed)
        return
    more: dict[str, str] = {}
    while True:
        try:
            page = stack.client("cloudwatch").describe_alarm_contributors(
                AlarmName=alarm["AlarmName"], **more
            )
        except ClientError as error:
            if _is_denied(error):
                return
            raise
        for contributor in page["AlarmContributors"]:
            yield " ".join(contributor["ContributorAttributes"].values())
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _is_denied(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
