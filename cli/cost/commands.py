"""`sluice cost`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.cost.measured import bill_stack
from cli.cost.modelled import bill_counts, bill_load
from cli.cost.prices import load_prices
from cli.cost.report import dump_bill, render_bill
from cli.cost.what_if import parse_load
from cli.stack import StackOption, explain_failure, open_stack
from cli.status.series import make_range
from cli.terminal import open_console
from cli.times import parse_range

MANY = "events=1e6,syncs=3,per-request=20,bytes=1024"


def cost(
    since: Annotated[str, typer.Option("--since", help="From when: 24h, 7d, a date, a time.")] = "24h",
    until: Annotated[str, typer.Option("--until", help="Until when.")] = "now",
    stack: StackOption = "",
    what_if: Annotated[
        str | None, typer.Option("--what-if", metavar=MANY, help="A month of this, without a stack.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option("--prices", help="Other prices than the shipped: cli/cost/prices.yaml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What the last day cost and a month at that rate costs, hop by hop; and with nothing sent."""
    with explain_failure():
        table = load_prices(prices)
        span = ""
        if what_if is not None:
            bill = bill_load(parse_load(what_if), table)
        else:
            now = datetime.now(UTC)
            measured = make_range(*parse_range(since, until, now), now)
            opened, span = open_stack(stack), since if until == "now" else f"{since} – {until}"
            # An emulator counts neither bytes nor Lambda's time: there Sluice's own counts have to do.
            price = bill_counts if opened.is_local else bill_stack
            bill = price(opened, measured, table)
        if as_json:
            typer.echo(json.dumps(dump_bill(bill, table), indent=2))
            return
        console = open_console()
        console.print(render_bill(bill, table, span))
