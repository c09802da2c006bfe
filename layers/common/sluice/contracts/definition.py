"""One declared event, compiled: what its schema says of an event, and what is done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft7Validator

from sluice.contracts.declared import Node, compile_declared
from sluice.contracts.document import admit_fields, build_document
from sluice.contracts.messages import Teller, limit, shorten
from sluice.contracts.near_zero import compares_numbers, move_from_zero
from sluice.contracts.outcome import Outcome
from sluice.contracts.standard import DATA_KEYS, admit
from sluice.contracts.validator import build_validator
from sluice.fields import format_field
from sluice.packs import Event
from sluice.reasons import Reason

ALLOW_EVENT, BLOCK_EVENT, OMIT_FIELDS = "ALLOW_EVENT", "BLOCK_EVENT", "OMIT_FIELDS"
DATA, PAYLOAD = "data", "payload"

UNDECLARED = ": undeclared field"
"""What a message says behind the path of an undeclared field."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A declared event. `key` is where its data is, "" where the schema is of the whole event.

    `compares_numbers`: its schema compares numbers, so those next to zero are kept from the engine.
    """

    key: str
    version: str
    validator: Draft7Validator
    teller: Teller
    declared: Node
    on_undeclared_fields: str
    on_schema_violation: str
    compares_numbers: bool

    def check(self, event: Event, name: str | None) -> Outcome | None:
        """None where the event keeps the contract; never raises, never changes the event."""
        data = (event.get(self.key) or {}) if self.key else event
        try:
            is_valid = self.validator.is_valid(self._prepare(data))
            if is_valid and self.declared.holds(data):
                return None
            return self._judge(event, name, data, is_valid=is_valid)
        except (ValueError, RecursionError) as error:  # deeper than validator or interpreter go
            messages = [shorten(f"the event cannot be checked: {error}")]
            return self._conclude(event, name, event, messages, (), is_violated=True)

    def _prepare(self, data: Any) -> Any:
        return move_from_zero(data) if self.compares_numbers else data

    def _judge(self, event: Event, name: str | None, data: Any, *, is_valid: bool) -> Outcome | None:
        """What is wrong only as long as undeclared fields are there is not the schema's violation."""
        root = (self.key,) if self.key else ()
        paths = [format_field((*root, *path)) for path in self.declared.find(data)]
        pruned = self.declared.prune(data) if paths else data
        is_violated = not is_valid and not (paths and self.validator.is_valid(self._prepare(pruned)))
        messages = limit(f"{path}{UNDECLARED}" for path in paths)
        if is_violated:
            messages += self.teller.tell(self._prepare(pruned), root)
        kept = ({**event, self.key: pruned} if self.key else pruned) if paths else event
        return self._conclude(event, name, kept, messages, paths, is_violated=is_violated)

    def _conclude(
        self,
        event: Event,
        name: str | None,
        pruned: Event,
        messages: list[str],
        undeclared: Sequence[str],
        *,
        is_violated: bool,
    ) -> Outcome | None:
        has_undeclared = bool(undeclared)
        if not is_violated and not has_undeclared:
            return None
        reasons = []
        if has_undeclared and self.on_undeclared_fields == BLOCK_EVENT:
            reasons.append(Reason.UNDECLARED_FIELD)
        if is_violated and self.on_schema_violation == BLOCK_EVENT:
            reasons.append(Reason.SCHEMA_VIOLATION)
        omits = has_undeclared and self.on_undeclared_fields == OMIT_FIELDS and not reasons
        violations = describe(
            event,
            name,
            self.version,
            messages,
            has_undeclared_fields=has_undeclared,
            has_schema_violated=is_violated,
        )
        return Outcome(pruned if omits else event, reasons, violations, undeclared)


def compile_definition(
    spec: Mapping[str, Any], components: Mapping[str, Any], version_path: Sequence[str]
) -> Definition:
    """A compiled contract's event. Raises ValueError for a schema that `sluice check` would refuse."""
    key, scope = DATA_KEYS[spec["type"]], spec["scope"]
    document = build_document(spec["schema"], components)
    admitted = admit(
        key, version_path, scope=scope, include_built_in_context=spec["include_built_in_context"]
    )
    admitting = admit_fields(document, admitted)
    validator = build_validator(admitting)
    return Definition(
        key if scope == DATA else "",
        spec["version"],
        validator,
        Teller(validator, admitting),
        compile_declared(document, admitted),
        spec["on_undeclared_fields"],
        spec["on_schema_violation"],
        compares_numbers(document),
    )


def describe(
    event: Event, name: str | None, version: str, messages: Sequence[str], **flags: bool
) -> dict[str, Any]:
    """The archive line's object: which kinds of violation, and messages that begin with a field's path."""
    flags = {
        "has_undeclared_schema": False,
        "has_undeclared_fields": False,
        "has_schema_violated": False,
        **flags,
    }
    return {
        "event_name": name,
        "event_type": event.get("type"),
        "schema_version": version,
        **flags,
        "messages": list(messages),
    }
