"""The demo's account as a person reads it: numbers, syncs, the two equations, what governance did."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.local.account import Account, SyncAccount
from cli.local.governance import Finding


def render_account(account: Account) -> RenderableType:
    return Group(render_events(account), "", render_syncs(account), "", render_equations(account))


def render_events(account: Account) -> Table:
    verdicts = account.verdicts
    table = _make_table("Events", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    table.add_column(style="dim")
    blocked = sorted(account.blocked.items(), key=lambda entry: (-entry[1], entry[0]))
    reasons = ", ".join(f"{reason} {count}" for reason, count in blocked)
    table.add_row("sent", str(account.sent), "by the unmodified SDK, some past its own checks")
    table.add_row("accepted", str(verdicts["accepted"]), "")
    table.add_row("blocked", str(verdicts["blocked"]), reasons)
    table.add_row("dropped", str(verdicts["dropped"]), "")
    table.add_row("duplicates", str(verdicts["duplicate"]), "one request sent twice")
    table.add_row("archived", str(account.archived), "lines in the S3 archive, each with its verdict")
    return table


def render_syncs(account: Account) -> Table:
    table = _make_table("Deliveries; p50 and p95: seconds from receipt to the first attempt")
    table.add_column("sync", no_wrap=True)
    for name in ("matched", "delivered", "waiting", "dead", "p50", "p95", "retried"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("died of", overflow="fold")
    for slug, sync in account.syncs.items():
        table.add_row(slug, *describe_sync(sync))
    return table


def describe_sync(sync: SyncAccount) -> list[str]:
    reasons = ", ".join(f"{reason} {count}" for reason, count in sync.dead.most_common())
    seen = bool(sync.first_attempts)
    return [
        str(sync.matched),
        str(sync.delivered),
        str(sync.waiting),
        str(sync.dead.total()),
        format_seconds(sync.percentile(0.50)),
        format_seconds(sync.percentile(0.95)),
        str(sync.retried) if seen else "–",
        reasons,
    ]


def render_equations(account: Account) -> Text:
    text = Text()
    for words, numbers, holds in account.equations():
        text.append("✓ " if holds else "✗ ", "green" if holds else "bold red")
        text.append(f"{words}\n  {numbers}\n")
    if account.unexplained:
        text.append(f"  not in the archive as often as sent: {', '.join(account.unexplained[:5])}\n", "red")
    return text


def render_findings(findings: Iterable[Finding]) -> Text:
    """Each finding with the values of its event."""
    text = Text("Governance: contract ecommerce, function redact_email; as sent → as delivered\n", "italic")
    for finding in findings:
        text.append("✓ " if finding.seen else "✗ ", "green" if finding.seen else "bold red")
        text.append(f"{finding.claim}: {finding.event}\n  {finding.shown}\n")
    return text


def _make_table(title: str, *, show_header: bool = True) -> Table:
    """Without lines, which would make it wider than 80 columns."""
    return Table(title=title, title_justify="left", show_header=show_header, box=None, padding=(0, 1, 0, 0))


def format_seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f}"
