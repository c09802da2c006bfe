"""Which syncs must not get an event: the user did not consent, or the client switched the destination off.

Runs at the router for every event that goes on, compiled once a source. Consent is as Segment has it: looked
at first, and a destination that needs several categories needs all of them. So is the `integrations` object:
names count as they are written, `All` stands for those that it does not name.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sluice.ingest.normalise import read_object
from sluice.packs import Event
from sluice.reasons import Reason

ALL = "All"
VENDORS = {"braze": "Braze", "rudderstack": "RudderStack", "slack": "Slack"}
"""By kind: how clients name the vendor in `integrations`. Other kinds are named by their file only."""

NOBODY: Mapping[str, str] = {}
_OFF = (False, 0, "", "false")

type Deny = Callable[[Event], Mapping[str, str]]
"""By slug the syncs that must not get the event, and why: consent_denied or integration_disabled."""


def compile_consent(workspace: Mapping[str, Any], source: str) -> Deny | None:
    """The rule for events of one source of a compiled workspace; None where no active sync reads the source.

    Never raises, whatever `integrations` and `context` hold, and never changes the event.
    """
    syncs = {
        slug: sync
        for slug, sync in workspace["syncs"].items()
        if sync["source"] == source and not sync["retired"]
    }
    destinations = workspace["destinations"]
    names = [(slug, name_integration(sync["destination"], destinations)) for slug, sync in syncs.items()]
    needs = [
        (slug, categories)
        for slug, sync in syncs.items()
        if (categories := frozenset(destinations[sync["destination"]].get("consent_categories", ())))
    ]
    if not names:
        return None
    is_required = workspace["sources"].get(source, {}).get("consent") == "required"
    known = frozenset(name for _, own in names for name in own)

    def deny(event: Event) -> Mapping[str, str]:
        denied = list_unconsented(event, needs, is_required=is_required) if needs else NOBODY
        integrations = event.get("integrations")
        if not integrations or type(integrations) is not dict:
            return denied
        if integrations.get(ALL, True) is True and known.isdisjoint(integrations):
            return denied  # what SDKs send with nearly every event
        return {**dict.fromkeys(list_disabled(integrations, names), Reason.INTEGRATION_DISABLED), **denied}

    return deny


def name_integration(slug: str, destinations: Mapping[str, Any]) -> tuple[str, ...]:
    """By which names clients switch a destination, in the order they are looked up.

    The operator's one (`integration`), else the name of its file and its vendor's.
    """
    destination = destinations[slug]
    if own := destination.get("integration"):
        return (own,)
    vendor = VENDORS.get(destination["kind"])
    return (slug, vendor) if vendor else (slug,)


def list_disabled(integrations: Mapping[str, Any], names: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """The syncs that an event's `integrations` switch off. A null says nothing, an object or a text is on."""
    everyone = _is_off(integrations.get(ALL))
    disabled = []
    for sync, own in names:
        said = next((value for name in own if (value := integrations.get(name)) is not None), None)
        if everyone if said is None else _is_off(said):
            disabled.append(sync)
    return disabled


def list_unconsented(
    event: Event, needs: Sequence[tuple[str, AbstractSet[str]]], *, is_required: bool
) -> Mapping[str, str]:
    """The syncs for whose destinations a category is missing; only `true` is a consent.

    Without a `context.consent.categoryPreferences` nothing is asked, unless the source requires it. One that
    is not an object gives no consent.
    """
    context = event.get("context")
    consent = read_object(context.get("consent")) if type(context) is dict else None
    given = read_object(consent.get("categoryPreferences")) if type(consent) is dict else consent
    if given is None:
        return dict.fromkeys((sync for sync, _ in needs), Reason.CONSENT_DENIED) if is_required else NOBODY
    agreed = {name for name, value in given.items() if value is True} if type(given) is dict else set()
    return {sync: Reason.CONSENT_DENIED for sync, categories in needs if not categories <= agreed}


def _is_off(value: object) -> bool:
    """False, and what a query string or a hand-written client makes of it: 0, "", "false"."""
    if type(value) is str:
        value = value.strip().lower()
    return type(value) is not dict and type(value) is not list and value is not None and value in _OFF
