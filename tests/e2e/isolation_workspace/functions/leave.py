"""Calls sys.exit for an event that says so."""

import sys


def transform_events(events):
    if any(event["event"] == "Bad" for event in events):
        sys.exit(3)
    return events
