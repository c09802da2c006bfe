"""Never returns for an event that says so."""


def transform_events(events):
    while any(event["event"] == "Bad" for event in events):
        pass
    return events
