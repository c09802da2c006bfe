"""Writes the names of its environment's variables, and what looks like a secret, into the event."""

import os


def transform_events(events):
    for event in events:
        event["properties"] = {"names": sorted(os.environ), "stack": os.environ["SLUICE_STACK"]}
    return events
