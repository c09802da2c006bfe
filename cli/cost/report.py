"""Bills as tables of 80 columns, and as JSON."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.cost.bill import MONTH_SECONDS, Bill, Dollars, add
from cli.cost.prices import PriceTable
from cli.status.report import UNKNOWN

WIDTH = 80


def render_bill(bill: Bill, prices: PriceTable, span: str = "") -> RenderableType:
    """`span` names the time that was measured; without it the bill is for a month."""
    measured = bool(span)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("$", overflow="fold", min_width=34)
    if measured:
        table.add_column(span, justify="right", no_wrap=True)
    table.add_column("a month", justify="right", no_wrap=True)
    table.add_column("per million events", justify="right", no_wrap=True)

    def add_row(name: str, dollars: float | None, style: str = "") -> None:
        month = None if dollars is None else dollars * bill.months
        cells = [format_dollars(month), format_dollars(bill.compute_million(dollars))]
        table.add_row(name, *([format_dollars(dollars)] if measured else []), *cells, style=style)

    def add_part(title: str, part: Dollars) -> None:
        for name, dollars in part.items():
            add_row(name, dollars)
        add_row(title, add(part.values()), "bold")

    def add_fixed(name: str, dollars: float, style: str = "") -> None:
        table.add_row(name, *([""] if measured else []), format_dollars(dollars), "", style=style)

    add_part("the pipeline", bill.pipeline)
    table.add_section()
    add_part("what Sluice adds", bill.additions)
    for name, dollars in bill.fixed.items():
        add_fixed(name, dollars)
    add_fixed("whatever is sent", sum(bill.fixed.values()), "bold")
    add_fixed("in all", bill.compute_month(), "bold")
    idle = ", ".join(f"{name} {format_dollars(dollars)}" for name, dollars in bill.idle.items())
    notes = (
        bill.basis,
        *bill.notes,
        f"With nothing sent a month costs ${format_dollars(sum(bill.idle.values()))}: {idle}.",
        f"Prices of {prices.date}, {prices.region}; a month is 30 days; no free tier is taken off.",
    )
    return Group(Text(bill.title, "bold"), "", table, "", *(Text(note) for note in notes))


def dump_bill(bill: Bill, prices: PriceTable) -> dict[str, Any]:
    """JSON's form, in dollars: null is what was not measured."""
    return {
        "title": bill.title,
        "basis": bill.basis,
        "notes": list(bill.notes),
        "events": bill.events,
        "seconds": bill.seconds,
        "pipeline": dict(bill.pipeline),
        "additions": dict(bill.additions),
        "fixed_month": dict(bill.fixed),
        "idle_month": dict(bill.idle),
        "totals": _dump_totals(bill),
        "prices": {"date": prices.date.isoformat(), "region": prices.region},
    }


def format_dollars(number: float | None) -> str:
    """Four places below a hundred dollars."""
    if number is None:
        return UNKNOWN
    return f"{number:,.4f}" if number < 100 else f"{number:,.2f}"


def _dump_totals(bill: Bill) -> Mapping[str, float | None]:
    pipeline, additions = add(bill.pipeline.values()), add(bill.additions.values())
    return {
        "pipeline": pipeline,
        "additions": additions,
        "pipeline_per_million": bill.compute_million(pipeline),
        "additions_per_million": bill.compute_million(additions),
        "month": bill.compute_month(),
        "idle_month": sum(bill.idle.values()),
        "month_seconds": MONTH_SECONDS,
    }
