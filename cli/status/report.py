"""The overview as a person reads it at 80 columns, and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.status.ages import LATEST
from cli.status.overview import Overview, SourceCounts, SyncCounts
from cli.status.queues import Depth, SyncNow

UNKNOWN = "–"
TOP_REASONS = 3
SPARKS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 8


def render_overview(overview: Overview, now: datetime) -> RenderableType:
    """Three tables: what sources sent, what became of it by sync, and what waits at `now`."""
    return Group(
        Text(_describe_range(overview), "bold"),
        "",
        render_sources(overview),
        "",
        render_syncs(overview.syncs),
        "",
        render_now(overview),
        *_list_troubles(overview, now),
        *_list_alarms(overview, now),
        *(Text(line, "dim") for line in describe_ages(overview, now)),
    )


def describe_ages(overview: Overview, now: datetime) -> Iterable[str]:
    """How old the figures are: those of CloudWatch by stage, and what is asked for at the moment."""
    if overview.range.until < now - LATEST:
        yield "counts are CloudWatch's, of a range that is over."
    else:
        told = (
            f"{stage} none in 20 min"
            if until is None
            else f"{stage} {until:%H:%M}Z ({format_seconds(max((now - until).total_seconds(), 0))} ago)"
            for stage, until in overview.counted_until.items()
        )
        yield f"counts are CloudWatch's, a minute or two late, until: {', '.join(told)}."
    yield f"queues, breakers, pauses and alarms are of {now:%H:%M:%S}Z; SQS counts queues approximately."


def _list_alarms(overview: Overview, now: datetime) -> Iterable[Text]:
    if overview.alarms is None:
        yield Text("alarms: not known, your credentials may not read them", "yellow")
        return
    for alarm in overview.alarms:
        age = format_seconds(max((now - alarm.since).total_seconds(), 0))
        of = f" ({', '.join(alarm.contributors)})" if alarm.contributors else ""
        yield Text(f"ALARM {alarm.name}{of}, for {age}: {alarm.text}", "red")


def render_sources(overview: Overview) -> Table:
    table = _make_table("source", "accepted", "blocked", "duplicates")
    table.add_column("blocked for", overflow="fold", ratio=1)
    for name, counts in overview.sources.items():
        table.add_row(
            Text(name),
            format_count(counts.accepted),
            format_count(_add_reasons(counts)),
            "",
            list_reasons(counts.blocked),
        )
    router = overview.router
    blocked = sum(router.blocked.values()) if router.accepted is not None else None
    table.add_row(
        Text("all, as routed"),
        format_count(router.accepted),
        format_count(blocked),
        format_count(router.duplicates),
        list_reasons(router.blocked),
        style="dim",
    )
    if router.dropped:
        table.add_row(Text("dropped"), "", "", "", list_reasons(router.dropped), style="dim")
    if router.skipped:
        table.add_row(Text("not sent, per sync"), "", "", "", list_reasons(router.skipped), style="dim")
    return table


def render_syncs(syncs: Mapping[str, SyncCounts]) -> Table:
    back = any(counts.redriven for counts in syncs.values())  # a column only where somebody redrove letters
    columns = ["matched", "delivered", "retried", "dead", *(["redriven"] if back else []), "p50", "p95"]
    table = _make_table("sync", *columns)
    table.add_column("volume", no_wrap=True)
    for slug, counts in syncs.items():
        sums = [counts.matched, counts.delivered, counts.retried, counts.dead]
        table.add_row(
            Text(slug),
            *(format_count(n) for n in [*sums, *([counts.redriven or 0.0] if back else [])]),
            format_seconds(counts.p50, 1000),
            format_seconds(counts.p95, 1000),
            draw_sparks(counts.volume),
        )
    return table


def render_now(overview: Overview) -> Table:
    columns = ["ready", "delayed", "in flight", "oldest", "letters", "open events"]
    table = _make_table("waiting now, in packs", *columns)
    for slug, state in overview.now.items():
        counts = overview.syncs[slug]
        oldest = format_seconds(counts.oldest) if state.queue.total else ""
        letters = format_count(_count_letters(state.dlq))
        table.add_row(Text(slug), *_list_depth(state.queue), oldest, letters, format_count(counts.open))
    table.add_row(
        Text("ingest"),
        *_list_depth(overview.ingest),
        "",
        format_count(_count_letters(overview.ingest_dlq)),
        "",
        style="dim",
    )
    return table


def dump_overview(overview: Overview, now: datetime) -> dict[str, Any]:
    """JSON's form: null is what was not measured; times are UTC, latencies milliseconds."""
    whole = asdict(overview)
    syncs = {
        slug: {
            **whole["syncs"][slug],
            **whole["now"][slug],
            "open": counts.open,
            "paused_since": _format_time(overview.now[slug].paused_since),
        }
        for slug, counts in overview.syncs.items()
    }
    return {
        "stack": overview.stack,
        "since": overview.range.since.isoformat(),
        "until": overview.range.until.isoformat(),
        "at": now.isoformat(),
        "sources": whole["sources"],
        "router": whole["router"],
        "syncs": syncs,
        "ingest": {"queue": whole["ingest"], "dlq": whole["ingest_dlq"]},
        "volume_period": overview.range.period,
        "metrics_asked": overview.asked,
        "concurrency": whole["concurrency"],
        "alarms": overview.alarms
        and [{**asdict(alarm), "since": alarm.since.isoformat()} for alarm in overview.alarms],
        "counted_until": {stage: _format_time(until) for stage, until in overview.counted_until.items()},
    }


def _format_time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def format_count(number: float | None) -> str:
    """`–` for what was not measured; exact below 100,000."""
    if number is None:
        return UNKNOWN
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e5, "k")):
        if abs(number) >= limit:
            return f"{number / (1e3 if unit == 'k' else limit):.3g}{unit}"
    return f"{number:,.0f}"


def format_seconds(number: float | None, per_second: float = 1) -> str:
    """The largest unit that leaves a number above 1."""
    if number is None:
        return UNKNOWN
    seconds = number / per_second
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def list_reasons(reasons: Mapping[str, float]) -> str:
    told = [f"{reason} {format_count(n)}" for reason, n in list(reasons.items())[:TOP_REASONS]]
    left = len(reasons) - TOP_REASONS
    return ", ".join(told) + (f", {left} more" if left > 0 else "")


def draw_sparks(volume: Sequence[float]) -> str:
    """As tall as its share of the busiest part; a part without anything is a blank."""
    if not volume:
        return UNKNOWN
    size = -(-len(volume) // SPARK_WIDTH)
    parts = [sum(volume[start : start + size]) for start in range(0, len(volume), size)]
    most = max(parts) or 1.0
    return "".join(SPARKS[round(part / most * (len(SPARKS) - 1))] if part else " " for part in parts)


def _describe_range(overview: Overview) -> str:
    since, until = (f"{t:%Y-%m-%d %H:%M}Z" for t in (overview.range.since, overview.range.until))
    return f"{overview.stack}: {since} to {until}"


def _list_troubles(overview: Overview, now: datetime) -> Iterable[Text]:
    """A line for what is not as it should be, and for what events died of."""
    for slug, state in overview.now.items():
        if state.paused:
            since = state.paused_since
            age = "" if since is None else f" for {format_seconds(max((now - since).total_seconds(), 0))}"
            yield Text(f"{slug}: paused{age}; SQS keeps what waits for 14 days", "yellow")
        if state.breaker:
            yield Text(f"{slug}: {_describe_breaker(state, now)}", "red")
        if reasons := overview.syncs[slug].reasons:
            yield Text(f"{slug}: died of {list_reasons(reasons)}", "red")
    if overview.concurrency and overview.concurrency.is_short:
        yield Text(
            f"this account runs {overview.concurrency.account} functions at once; the router and these syncs"
            f" may use {overview.concurrency.wanted}, so Lambda will throttle them and ingest: ask AWS for a"
            " higher quota (Service Quotas, AWS Lambda, Concurrent executions)",
            "yellow",
        )


def _describe_breaker(state: SyncNow, now: datetime) -> str:
    breaker = state.breaker
    if breaker is None:
        return "breaker closed"
    age = format_seconds(max(now.timestamp() - breaker.opened_at, 0))
    left = breaker.until - now.timestamp()
    then = "probing" if breaker.probing else f"next call in {format_seconds(max(left, 0))}"
    return f"breaker open for {age}: {breaker.reason}, {breaker.failures} failures; {then}"


def _make_table(first: str, *numbers: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    table.add_column(first, overflow="ellipsis", no_wrap=True, min_width=12, max_width=24)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _add_reasons(counts: SourceCounts) -> float | None:
    """Ingest has a metric of a reason once it blocked for it: where it counted, none means 0."""
    if counts.accepted is None:
        return None
    return sum(counts.blocked.values())


def _list_depth(depth: Depth) -> list[str]:
    return [format_count(n) for n in (depth.ready, depth.delayed, depth.in_flight)]


def _count_letters(dlq: Depth) -> int:
    return dlq.total
