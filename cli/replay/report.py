"""What people see of a replay."""

from collections import Counter

from rich.table import Table

from cli.local.progress import console
from cli.replay.plan import Plan
from cli.replay.run import Tally

MOST_ROWS = 40


def describe_plan(plan: Plan) -> str:
    """One line: what is taken and where it goes."""
    what = "dead letters" if plan.dead else "unrouted packs" if plan.ingest else "events"
    if plan.is_straight:
        where = "straight to " + (", ".join(plan.syncs) or "the syncs they died in")
    else:
        where = "through the router to " + (", ".join(plan.syncs) or "every sync that takes them")
    return f"{what} from {plan.since} to {plan.until}, {where}"


def print_tally(plan: Plan, tally: Tally) -> None:
    """The counts of a dry run by source (or sync), event and day, and what it would send."""
    table = Table("sync" if plan.dead else "source", "event", "day (UTC)", "events", box=None)
    table.columns[3].justify = "right"
    rows = sorted(tally.events.items(), key=lambda row: (-row[1], row[0]))
    for (source, event, day), count in rows[:MOST_ROWS]:
        table.add_row(source, event, day, f"{count:,}")
    if rest := rows[MOST_ROWS:]:
        table.add_row("…", f"{len(rest)} more", "", f"{sum(count for _, count in rest):,}")
    console.print(table)
    console.print(
        f"{tally.total:,} events in about {tally.packs:,} messages of {tally.bytes / 1e6:,.1f} MB in all"
    )


def print_left_out(left_out: Counter[str]) -> None:
    if told := ", ".join(f"{count:,} {why}" for why, count in left_out.most_common() if count):
        console.print(f"left out: {told}")
