"""Takes e-mail addresses out of what an event says: `ann@example.com` becomes `[email]`.

Ids stay: were they all `[email]`, all users would be one.
"""

import re

ENDS = r"\s<>\"'()\[\],;:/?&="
WORD = re.compile(rf"(?<![^@{ENDS}])[^@{ENDS}]++@[^{ENDS}]++")  # tried once a word, never twice
DOMAIN = re.compile(r"@[^@]+\.[^\W\d_]{2}")
KEPT = {"messageId", "type", "userId", "anonymousId", "groupId", "previousId"}


def transform_events(events: list[dict]) -> list[dict]:
    return [
        {name: value if name in KEPT else redact(value) for name, value in event.items()} for event in events
    ]


def redact(value):
    if isinstance(value, str):
        return WORD.sub(redact_word, value) if "@" in value else value
    if isinstance(value, dict):
        return {name: redact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [redact(inner) for inner in value]
    return value


def redact_word(found):
    return "[email]" if DOMAIN.search(found[0]) else found[0]
