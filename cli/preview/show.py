"""A preview for the eye, at whatever width the terminal has; made for 80 columns.

Everything of an event goes through `texts.clean_text` and into `Text`, so that nothing in it is markup.
"""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.preview.evaluate import Sending, SyncPreview, TypePreview
from cli.preview.incoming import Incoming
from cli.preview.texts import clean_text, cut_text, dump_json, is_json, read_body, show_value, tell_notes
from sluice.destinations.event_types import EventType, name_group
from sluice.explain.filters import ConditionVerdict, FilterVerdict, Operand
from sluice.explain.mappings import SHOWN_ITEMS, Origin
from sluice.fields import MISSING

LONGEST_CELL = 75  # characters: three lines of its column; the payload has the value whole
LONGEST_BODY = 120  # lines of a payload or a body
_MARKS = {True: ("✓", "green"), False: ("✗", "red")}
_PLAIN = {"equals", "is_true", "is_false", "exists", "not_exists"}  # what they saw is clear where they match
_GROUPS = {"all": "all of", "any": "any of", "not": "not"}


def show_sync(console: Console, syncs: SyncPreview) -> None:
    spec = syncs.spec
    kind = syncs.sync.declaration.kind
    put(console, f"sync {syncs.slug}: {spec['source']} → {spec['destination']} ({kind})", style="bold")


def show_event(console: Console, syncs: SyncPreview, incoming: Incoming, types: list[TypePreview]) -> None:
    """One event: what it is, what keeps it from being sent, and what each event type makes of it."""
    event = incoming.event
    name = f" {show_value(event['event'])}" if event.get("event") is not None else ""
    console.print()
    put(console, f"event {_tell(event.get('messageId'))}: {_tell(event.get('type'))}{name}", style="bold")
    put(console, f"from {incoming.origin}", indent=2, style="dim")
    if incoming.parent_id:
        put(console, f"made by a function of event {_tell(incoming.parent_id)}", indent=2, style="dim")
    for obstacle in syncs.find_obstacles(incoming):
        put(console, f"! {obstacle}", indent=2, style="yellow")
    for reason in incoming.reasons:
        put(console, f"reason: {reason}", indent=4)
        if reason == "missing_type":
            put(console, 'a request to /v1/track says it by its path: add "type": "track"', indent=4)
    if incoming.function_error:
        put(console, f"function: {incoming.function_error}", indent=4)
    for note in tell_notes(event):
        put(console, note, indent=4, style="yellow")
    for violation in incoming.violations:
        put(console, f"contract: {violation}", indent=4)
    if types and syncs.find_obstacles(incoming):
        put(console, "were it sent, it would be:", indent=2)
    for one in types:
        console.print()
        _show_type(console, syncs, one)


def put(console: Console, text: str, *, indent: int = 0, style: str = "") -> None:
    """One paragraph, wrapped below itself and never read as markup."""
    console.print(
        Padding(Text(clean_text(text), style=style, overflow="fold"), (0, 0, 0, indent), expand=False)
    )


def _show_type(console: Console, syncs: SyncPreview, one: TypePreview) -> None:
    mark, style = _MARKS[one.taken]
    put(console, f"{mark} {one.type}: {one.why}", style=f"bold {style}")
    if one.verdict is not None:
        _show_filter(console, one.verdict, 2)
    if one.sending is None:
        return
    console.print()
    if one.origins is None:
        put(console, "no mappings: the whole event is sent as it is", indent=2)
    else:
        table = _make_table(one.origins, wide=not console.is_terminal)
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print()
    _show_sending(console, syncs, one.sending, one.declared)


def _show_filter(console: Console, verdict: FilterVerdict, indent: int) -> None:
    mark, style = _MARKS[verdict.matches]
    if isinstance(verdict, ConditionVerdict):
        _put_marked(console, mark, style, tell_condition(verdict), indent)
        return
    told = _GROUPS[verdict.group]
    failed = sum(not part.matches for part in verdict.parts)
    if not verdict.matches:
        of = f"{failed} of {len(verdict.parts)} failed"
        told += {"all": f": {of}", "any": ": none of them matches", "not": ": this matches"}[verdict.group]
    _put_marked(console, mark, style, told, indent)
    for part in verdict.parts:
        _show_filter(console, part, indent + 2)


def _put_marked(console: Console, mark: str, style: str, text: str, indent: int) -> None:
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=1)
    line.add_column(overflow="fold")
    line.add_row(Text(mark, style=style), Text(clean_text(text)))
    console.print(Padding(line, (0, 0, 0, min(indent, 24)), expand=False))


def tell_condition(verdict: ConditionVerdict) -> str:
    found, expected = verdict.found, verdict.expected
    told = f"{_tell_operand(found)} {verdict.op}"
    if expected is not None:
        told += f" {show_value(expected.text)}" if expected.kind == "value" else f" {_tell_other(expected)}"
    if verdict.case_insensitive:
        told += " (case ignored)"
    if verdict.matches and verdict.op in _PLAIN:
        return told
    return f"{told} — saw {_tell_seen(found)}"


def _tell_operand(operand: Operand) -> str:
    return operand.text if operand.kind == "field" else cut_text(" ".join(operand.text.split()))


def _tell_other(operand: Operand) -> str:
    return f"{_tell_operand(operand)} (= {_tell_seen(operand)})"


def _tell_seen(operand: Operand) -> str:
    return f"missing: {operand.error}" if operand.error else show_value(operand.value)


def _make_table(origins: Iterable[Origin], *, wide: bool) -> Table:
    """Output field, value, where it came from; what is inside an object or a list is indented below it."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("field", overflow="fold", max_width=None if wide else 22)
    table.add_column("value", overflow="fold", max_width=None if wide else 26)
    table.add_column("from", overflow="fold")
    for origin in origins:
        _add_rows(table, origin, 0)
    return table


def _add_rows(table: Table, origin: Origin, depth: int) -> None:
    if origin.error:
        value = Text("error", style="red")
    elif origin.value is MISSING:
        value = Text("left out", style="dim")
    else:
        value = Text(show_value(origin.value, LONGEST_CELL))
    told = "; ".join(
        [cut_text(" ".join(origin.source.split())), *origin.steps, *([origin.error] if origin.error else [])]
    )
    table.add_row(Text(clean_text("  " * min(depth, 4) + origin.name)), value, Text(clean_text(told)))
    for part in origin.parts:
        _add_rows(table, part, depth + 1)
    if origin.source.startswith("each ") and type(origin.value) is list and len(origin.value) > SHOWN_ITEMS:
        table.add_row(
            Text("  " * min(depth + 1, 4) + "…"), Text(f"{len(origin.value)} items in all"), Text("")
        )


def show_sending(console: Console, syncs: SyncPreview, name: str, sending: Sending) -> None:
    """What is sent of an event as this event type."""
    declared = syncs.sync.declaration.event_types.get(name, EventType())
    _show_sending(console, syncs, sending, declared)


def _show_sending(console: Console, syncs: SyncPreview, sending: Sending, declared: EventType) -> None:
    if sending.failure is not None:
        put(console, f"✗ dead letter, {sending.failure.reason}", indent=2, style="red")
        put(console, sending.failure.detail, indent=4)
        return
    put(console, f"payload: {_tell_checks(declared)}", indent=2, style="bold")
    _show_body(console, dump_json(sending.payload, indent=True))
    for n, request in enumerate(sending.requests, 1):
        console.print()
        of = f" {n} of {len(sending.requests)}" if len(sending.requests) > 1 else ""
        put(console, f"request{of}: {request.method} {request.url}", indent=2, style="bold")
        for name, value in syncs.mask_headers(request).items():
            put(console, f"{name}: {value}", indent=4)
        if not request.body:
            put(console, "(no body)", indent=4, style="dim")
        elif is_json(request.body) and read_body(request.body) in (sending.payload, [sending.payload]):
            alone = read_body(request.body) == sending.payload
            told = "the payload above" if alone else "a list of the payload above"
            put(console, f"body: {told}, as JSON", indent=4, style="dim")
        else:
            put(console, "body:", indent=4, style="dim")
            _show_body(console, _write_body(request.body))


def _tell_checks(declared: EventType) -> str:
    """What delivery has checked of it."""
    if not declared.needed and not declared.fields:
        return "valid (the destination declares no fields of it)"
    needed = ", ".join(name_group(group) for group in declared.needed)
    return f"valid (required: {needed})" if needed else "valid (nothing is required)"


def _write_body(body: bytes) -> str:
    value = read_body(body)
    return dump_json(value, indent=True) if is_json(body) else str(value)


def _show_body(console: Console, text: str) -> None:
    lines = text.split("\n")
    for line in lines[:LONGEST_BODY]:
        bare = line.lstrip(" ")
        put(console, bare, indent=4 + min(len(line) - len(bare), 40))
    if len(lines) > LONGEST_BODY:
        put(console, f"… {len(lines) - LONGEST_BODY} more lines: --json has them all", indent=4)


def _tell(value: object) -> str:
    return cut_text(value, 80) if isinstance(value, str) and value else show_value(value)
