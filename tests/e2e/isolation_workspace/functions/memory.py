"""Allocates 2 GB for an event that says so."""


def transform_events(events):
    for event in events:
        if event["event"] == "Bad":
            bytearray(2 * 1024**3)
    return events
