"""One event of `sluice tail` for the eye: when, what, the verdict and why; then where it was sent."""

from rich.console import Console

from cli.preview.show import put
from cli.preview.texts import cut_text, show_value
from cli.tail.choose import Shown
from cli.trace.show import tell_verdict

_STYLES = {"accepted": "green", "duplicate": "yellow"}
_LONGEST_NAME = 30


def show_row(console: Console, line: Shown) -> None:
    """`line` is as `describe_row` gives it."""
    name = f" {show_value(line['name'], _LONGEST_NAME)}" if line["name"] else ""
    at = line["routed_at"][11:-1]
    what = f"{at}  {line['source']}  {cut_text(str(line['type']), _LONGEST_NAME)}{name}"
    put(console, f"{what}  {tell_verdict(line)}", style=_STYLES.get(line["verdict"], "red"))
    for note in line["notes"]:
        put(console, f"note: {cut_text(note)}", indent=14, style="yellow")
    for message in (line["violations"] or {}).get("messages", ()):
        put(console, f"violation: {message}", indent=14)
    put(console, f"{cut_text(str(line['message_id']), 60)}{_tell_syncs(line)}", indent=14, style="dim")


def _tell_syncs(line: Shown) -> str:
    if line["verdict"] != "accepted":
        return ""
    syncs = dict.fromkeys(route["sync"] for route in line["syncs"])
    return f" → {', '.join(syncs)}" if syncs else " → no sync takes it"
