"""Returns what is not a list of events for an event that says so."""


def transform_events(events):
    return "events" if any(event["event"] == "Bad" for event in events) else events
