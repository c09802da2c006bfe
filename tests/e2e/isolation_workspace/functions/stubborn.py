"""Never returns, and does not want to be told."""


def transform_events(events):
    while any(event["event"] == "Bad" for event in events):
        try:
            while True:
                pass
        except BaseException:  # noqa: S112 - its trick
            continue
    return events
