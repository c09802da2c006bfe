"""Contracts as files have them, compiled to the check of one source."""

from typing import Any

from sluice.contracts.compile import Check, compile_contracts
from sluice.workspace.contract_errors import find_contract_problems
from sluice.workspace.contracts import Contract, compile_contract_file
from sluice.workspace.models import Source
from sluice.workspace.problems import Problem

ORDER = {
    "type": "object",
    "required": ["order_id"],
    "properties": {"order_id": {"type": "string"}, "total": {"type": "number", "minimum": 0}},
}


def make_contract(*events: dict[str, Any], **over: Any) -> Contract:
    """With one track, Order Completed, where no event is given."""
    told = list(events) or [{"type": "track", "name": "Order Completed", "schema": ORDER}]
    return Contract.model_validate({"events": told, **over})


def make_check(*contracts: Contract) -> Check:
    """The check of a source that has these contracts, in their order."""
    compiled = {f"c{n}": compile_contract_file(contract) for n, contract in enumerate(contracts)}
    sources = {"web": {"contracts": list(compiled)}}
    return compile_contracts({"contracts": compiled, "sources": sources})["web"]


def make_schema_check(schema: Any, **over: Any) -> Check:
    """The check of one track, t, whose properties have this schema."""
    return make_check(make_contract({"type": "track", "name": "t", "schema": schema}, **over))


def make_track(name: str = "Order Completed", **over: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "messageId": "m-1", "userId": "u-1", **over}


def find_problems(*contracts: Contract, listed: list[str] | None = None) -> list[Problem]:
    named = {f"c{n}": contract for n, contract in enumerate(contracts)}
    source = Source.model_validate({"contracts": list(named) if listed is None else listed})
    return list(find_contract_problems(named, {"web": source}, set()))
