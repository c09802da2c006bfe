"""Raises for an event that says so."""


def transform_events(events):
    for event in events:
        print("looking at", event["messageId"])  # noqa: T201 - its log
        if event["event"] == "Bad":
            raise ValueError(f"bad event {event['messageId']}")
    return events
