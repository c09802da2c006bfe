"""Privacy and consent in the workspace: what the functions get of them, and what is wrong with them.

A path that leads nowhere hides nothing, and no event ever tells: so a name that is nearly one of the spec's
is an error, and a top-level field that the spec does not have a warning.
"""

from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from typing import Any

from sluice.consent import ALL
from sluice.errors import WorkspaceError
from sluice.fields import format_field, parse_field
from sluice.ingest.normalise import NOTES_KEY
from sluice.privacy.paths import EVERY
from sluice.source_syntax import Place
from sluice.workspace.models import Destination, Source
from sluice.workspace.problems import Fault

TOP_LEVEL = (
    *("type", "event", "name", "category", "properties", "traits", "context", "integrations", "channel"),
    *("userId", "anonymousId", "groupId", "previousId", "messageId", "version"),
    *("timestamp", "originalTimestamp", "sentAt", "receivedAt"),
)
CONTEXT = (
    *(
        "active",
        "amp",
        "app",
        "campaign",
        "channel",
        "consent",
        "device",
        "direct",
        "groupId",
        "ip",
        "library",
    ),
    *("locale", "location", "network", "os", "page", "referrer", "screen", "sessionId", "sessionStart"),
    *("timezone", "traits", "userAgent", "userAgentData"),
)
KEPT = ("type", "timestamp", "receivedAt", NOTES_KEY)  # what Sluice itself needs as it is
CONSENT = ("context", "consent", "categoryPreferences")  # looked at when all paths have been applied
_TYPO = 0.9  # propertis, contxt and trait are as near to what was meant; content is not to context
_HINT = "write it as in filters and mappings: context.traits.email, properties.products.*.email"


def list_source_privacy(source: Source) -> dict[str, Any]:
    """What is compiled of a source: keys only for what it says."""
    privacy = {
        name: paths for name, paths in (("drop", source.privacy.drop), ("hash", source.privacy.hash)) if paths
    }
    consent = {"consent": source.consent} if source.consent != "optional" else {}
    return {**({"privacy": privacy} if privacy else {}), **consent}


def list_destination_privacy(destination: Destination) -> dict[str, Any]:
    """What is compiled of a destination: keys only for what it says."""
    said = {
        "integration": destination.integration,
        "consent_categories": destination.consent_categories,
    }
    return {name: value for name, value in said.items() if value}


def find_source_faults(source: Source) -> Iterator[Fault]:
    """What is wrong with the paths of a source's `privacy`; places are in the file."""
    seen: dict[tuple[str, ...], str] = {}
    for place, path in _list_paths(source):
        try:
            names = parse_field(path)
        except WorkspaceError as error:
            yield place, error.message, error.hint or _HINT
            continue
        if fault := _find_fault(names, place[1] == "drop"):
            yield place, f"{path!r} {fault[0]}", fault[1]
        elif names in seen:
            yield place, f"{path!r} is in {seen[names]} already", "keep one of them"
        elif above := next((up for n in range(1, len(names)) if seen.get(up := names[:n]) == "drop"), None):
            yield place, f"{format_field(above)!r} is dropped already, with all that is in it", "remove one"
        seen.setdefault(names, str(place[1]))


def find_destination_faults(destination: Destination) -> Iterator[Fault]:
    """What is wrong with the name by which clients switch a destination."""
    name = destination.integration
    if name.strip() == ALL:
        yield ("integration",), f"{ALL!r} stands for every destination", "write the name of this one"
    elif name != name.strip():
        yield ("integration",), f"{name!r} has spaces around it", f"write {name.strip()!r}"


def find_source_warnings(source: Source, destinations: Collection[Destination]) -> Iterator[Fault]:
    """What is allowed and probably not meant; `destinations` are those that the source's syncs send to."""
    needs_consent = any(d.consent_categories for d in destinations)
    for place, path in _list_paths(source):
        try:
            first, *rest = names = parse_field(path)
        except WorkspaceError:
            continue
        if needs_consent and all(name in (EVERY, own) for name, own in zip(names, CONSENT, strict=False)):
            yield (
                place,
                f"{path!r} takes the user's consent away, and destinations that need it ask for it later",
                "name the fields beside context.consent that are to be hidden, such as context.ip",
            )
        if first not in (*TOP_LEVEL, EVERY) and not _find_typo(first, TOP_LEVEL):
            inside = format_field((first, *rest))
            yield (
                place,
                f"{first!r} is not a top-level field of the spec, and nothing else is hidden by this path",
                f"is it properties.{inside}, traits.{inside} or context.traits.{inside}?",
            )
    if source.consent == "required" and destinations and not needs_consent:
        yield (
            ("consent",),
            "no destination of this source names the categories that it needs, so every event is sent",
            "add consent_categories to the destinations",
        )


def _list_paths(source: Source) -> Iterator[tuple[Place, str]]:
    """Paths to drop first: what is dropped is hashed in vain."""
    for action, paths in (("drop", source.privacy.drop), ("hash", source.privacy.hash)):
        for n, path in enumerate(paths):
            if isinstance(path, str):  # of a broken file it may be anything, which is told elsewhere
                yield ("privacy", action, n), path


def _find_fault(names: tuple[str, ...], is_dropped: bool) -> tuple[str, str] | None:
    first = names[0]
    if first == "$":
        return "starts with $, as in JSONPath", f"leave it out: {format_field(names[1:]) or 'context.ip'}"
    if near := next((name for name in names if name.endswith(("[*]", "[]"))), ""):
        return f"has {near!r} in it", f"write {near.rpartition('[')[0]}.* for every item of a list"
    if names == (EVERY,):
        return "is every field of the event", "name what is to be hidden: properties.*"
    if first == NOTES_KEY or (len(names) == 1 and first in KEPT):
        return "is needed as it is", "name what is in properties, traits or context, or an id"
    if names == ("messageId",) and is_dropped:
        return "is needed: repeats are found by it", "hash it"
    if near := _find_typo(first, TOP_LEVEL):
        return "is not a field of the spec", f"did you mean {format_field((near, *names[1:]))}?"
    if first == "context" and len(names) > 1 and (near := _find_typo(names[1], CONTEXT)):
        return "is not a field of the spec", f"did you mean {format_field((first, near, *names[2:]))}?"
    return None


def _find_typo(name: str, known: Collection[str]) -> str:
    """The known name of which this one is a misspelling, "" for a name that is known or another.

    Webhooks do send a `user_id` of their own: what is written in another way is another name.
    """
    if name in known or "_" in name:
        return ""
    short = name[:64].casefold()
    near = max(known, key=lambda other: SequenceMatcher(None, short, other.casefold()).ratio())
    return near if SequenceMatcher(None, short, near.casefold()).ratio() >= _TYPO else ""
