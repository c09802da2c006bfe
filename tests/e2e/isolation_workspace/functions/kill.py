"""Kills its process for an event that says so."""

import os
import signal


def transform_events(events):
    if any(event["event"] == "Bad" for event in events):
        os.kill(os.getpid(), signal.SIGKILL)
    return events
