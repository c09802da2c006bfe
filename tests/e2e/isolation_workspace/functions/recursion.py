"""Calls itself without an end for an event that says so."""


def transform_events(events):
    for event in events:
        if event["event"] == "Bad":
            transform_events(events)
    return events
