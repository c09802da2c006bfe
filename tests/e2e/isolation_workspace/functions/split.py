"""Marks an order and makes another event of it, drops what is lost, raises over what is bad."""


def transform_events(events):
    made = []
    for event in events:
        if event["event"] == "Bad":
            raise ValueError("bad event")
        if event["event"] != "Lost":
            made += [{**event, "properties": {"marked": True}}, {**event, "event": "Made"}]
    return made
