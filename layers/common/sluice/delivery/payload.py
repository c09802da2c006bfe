"""Checks a mapped payload against the event type that the destination declares, before a request is built."""

from typing import Any

from sluice.casts import excerpt
from sluice.destinations.event_types import EventType, fits, is_filled, name_group
from sluice.errors import MappingError
from sluice.mapping import Mapper
from sluice.reasons import Reason


def check_payloads(mapper: Mapper, declared: EventType) -> Mapper:
    """The mapper, whose payloads have every required field and no field of a wrong type.

    It raises MappingError with the field's name: missing_required_field, or mapping_failed for a wrong type.
    """
    needed, fields = declared.needed, declared.fields
    if not needed and not fields:
        return mapper

    def map_event(event: dict[str, Any]) -> dict[str, Any]:
        payload = mapper(event)
        for group in needed:
            if not any(is_filled(payload.get(name)) for name in group):
                kind = "field" if len(group) == 1 else "fields"
                raise MappingError(
                    f"the required {kind} {name_group(group)} {'is' if len(group) == 1 else 'are'} missing",
                    field=group[0],
                    reason=Reason.MISSING_REQUIRED_FIELD,
                )
        for name, field in fields.items():
            if name in payload and not fits(payload[name], field.type):
                detail = f"the field {name!r} takes {field.type}, not {excerpt(payload[name])}"
                raise MappingError(detail, field=name)
        return payload

    return map_event
