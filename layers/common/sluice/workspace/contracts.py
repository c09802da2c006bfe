"""contracts/<slug>.yaml: which events sources may send, and what is in them.

Names, values and defaults are Hightouch's (its management API), in snake_case as everywhere in a workspace.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sluice.errors import WorkspaceError
from sluice.fields import parse_field
from sluice.workspace.models import Model

UndeclaredSchema = Literal["ALLOW_EVENT", "BLOCK_EVENT"]
UndeclaredFields = Literal["ALLOW_EVENT", "BLOCK_EVENT", "OMIT_FIELDS"]
SchemaViolation = Literal["ALLOW_EVENT", "BLOCK_EVENT"]
Scope = Literal["data", "payload"]
LONGEST_VERSION = 64
EventKind = Literal["track", "identify", "page", "screen", "group", "alias"]


def read_path(value: object) -> object:
    """The names of a field reference; a list of names stays what it is."""
    if not isinstance(value, str):
        return value
    try:
        return list(parse_field(value))
    except WorkspaceError as error:
        raise ValueError(error.message) from error


class ContractEvent(Model):
    """An event that may come: by type, exact name and version. What it leaves out is the contract's."""

    type: EventKind
    name: str | None = Field(
        None,
        min_length=1,
        description="Exact, case and blanks included. Of a track its `event`; of a page or screen `name`, "
        "where missing means every page; the other types have none.",
    )
    version: str = Field(
        "default",
        min_length=1,
        max_length=LONGEST_VERSION,
        description="A text: quote a number. Of an event that names no version: default.",
    )
    description: str = ""
    scope: Scope | None = Field(
        None, description="What the schema is of: data (properties or traits), or payload (the whole event)."
    )
    include_built_in_context: bool | None = Field(
        None, description="With scope payload: what SDKs put into `context` needs no declaration."
    )
    on_undeclared_fields: UndeclaredFields | None = Field(
        None, description="What a field that the schema does not declare does."
    )
    on_schema_violation: SchemaViolation | None = Field(
        None, description="What an event that breaks the schema does."
    )
    json_schema: dict[str, Any] = Field(
        {},
        alias="schema",
        description="JSON Schema, draft 7; `#/definitions/components/<slug>` is a component.",
    )


class Contract(Model):
    """contracts/<slug>.yaml. Sources attach it by `contracts`."""

    description: str = ""
    on_undeclared_schema: UndeclaredSchema = Field(
        "ALLOW_EVENT", description="What an event that no contract of the source declares does."
    )
    on_undeclared_fields: UndeclaredFields = Field(
        "OMIT_FIELDS", description="What a field that the event's schema does not declare does."
    )
    on_schema_violation: SchemaViolation = Field(
        "BLOCK_EVENT", description="What an event that breaks its schema does."
    )
    schema_version_path: Annotated[
        list[str], BeforeValidator(read_path, json_schema_input_type=str | list[str])
    ] = Field(
        ["context", "htevents", "schemaVersion"],
        description="Where events name their version: a field reference, or a list of names.",
    )
    scope: Scope = Field(
        "data", description="What schemas are of: data (properties or traits), or payload (the whole event)."
    )
    include_built_in_context: bool = Field(
        True, description="With scope payload: what SDKs put into `context` needs no declaration."
    )
    components: dict[str, dict[str, Any]] = Field(
        {}, description="Schemas that events and components refer to as `#/definitions/components/<slug>`."
    )
    events: list[ContractEvent] = Field([], description="A list: `- type: …` for each event and version.")


def compile_contract_file(contract: Contract) -> dict[str, Any]:
    """What the router loads: every event with its options written out, schemas as they are in the file."""
    return {
        "on_undeclared_schema": contract.on_undeclared_schema,
        "schema_version_path": contract.schema_version_path,
        "components": contract.components,
        "events": [_compile_event(event, contract) for event in contract.events],
    }


def _compile_event(event: ContractEvent, contract: Contract) -> dict[str, Any]:
    includes = event.include_built_in_context
    return {
        "type": event.type,
        "name": event.name,
        "version": event.version,
        "scope": event.scope or contract.scope,
        "include_built_in_context": contract.include_built_in_context if includes is None else includes,
        "on_undeclared_fields": event.on_undeclared_fields or contract.on_undeclared_fields,
        "on_schema_violation": event.on_schema_violation or contract.on_schema_violation,
        "schema": event.json_schema,
    }
