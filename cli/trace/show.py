"""A story for the eye, made for 80 columns; nothing of an event is read as markup."""

from rich.console import Console

from cli.cost.prices import PriceTable
from cli.dlq.redrive import REDRIVE
from cli.preview.show import put, tell_condition
from cli.preview.texts import cut_text, show_value, tell_notes
from cli.status.queues import SyncNow
from cli.trace.fate import Fate, State
from cli.trace.scan import Line
from cli.trace.story import Arrival, Story
from sluice.times import format_time, parse_time

_STYLES = {
    State.DELIVERED: "green",
    State.DEAD: "red",
    State.WAITING: "yellow",
    State.PENDING: "yellow",
}
_LONGEST_ANSWER = 200
_LATE = "what happened in the last 90 s may be missing: Firehose writes once a minute"


def show_story(console: Console, story: Story, prices: PriceTable) -> None:
    """The event's life in order: each time it was received, what was decided, each sync, what it cost."""
    if story.arrivals:
        event = story.arrivals[0].line["event"]
        name = f" {show_value(event['event'])}" if event.get("event") is not None else ""
        kind = event["type"] if isinstance(event.get("type"), str) else show_value(event.get("type"))
        put(console, f"event {cut_text(story.message_id, 80)}: {kind}{name}", style="bold")
    else:
        put(console, f"event {cut_text(story.message_id, 80)}", style="bold")
    for arrival in story.arrivals:
        console.print()
        _show_arrival(console, story, arrival)
    for pack in story.unrouted:
        console.print()
        put(console, f"{tell_time(pack['died_at'])}  stuck before the router: {pack['reason']}", style="red")
        put(console, pack["detail"], indent=2)
    for replay in dict.fromkeys(fate.replay for fate in story.strays):
        console.print()
        put(console, f"{_tell_sender(replay)}:", style="bold")
        for fate in story.strays:
            if fate.replay == replay:
                put(console, f"{fate.sync}, {fate.type}", indent=2)
                _show_fate(console, story, fate, None)
    console.print()
    show_search(console, story, prices)


def show_search(console: Console, story: Story, prices: PriceTable) -> None:
    """What was looked through, and what that costs on AWS."""
    requests, transfer = story.scan.price(prices)
    span = f"{tell_time(_name(story.range.since))} to {tell_time(_name(story.range.end))} UTC"
    read = f"{story.scan.objects:,} objects, {story.scan.scanned:,} bytes"
    put(console, f"searched {span}: {read}", style="dim")
    put(console, _LATE, style="dim")
    put(
        console,
        f"on AWS ${requests:.6f}, outside its region ${transfer:.6f} more (prices of {prices.date})",
        style="dim",
    )


def _tell_sender(replay: str | None) -> str:
    if replay is None:
        return "sent by something that the range does not show"
    if replay == REDRIVE:
        return "redriven out of the dead-letter queue"
    return f"replayed ({replay}), past the router or outside of the range"


def tell_time(text: str) -> str:
    return text.replace("T", " ").removesuffix("Z")


def tell_verdict(line: Line) -> str:
    """The verdict and its reasons, as far as they say more."""
    reasons = [reason for reason in line["reasons"] if reason != line["verdict"]]
    return f"{line['verdict']}: {', '.join(reasons)}" if reasons else str(line["verdict"])


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def tell_client(event: Line) -> str:
    """Who sent it, as far as the event says."""
    context = event.get("context")
    if type(context) is not dict:
        return ""
    library = context.get("library")
    agent = context.get("userAgent")
    if type(library) is dict and library.get("name"):
        agent = f"{library['name']} {library.get('version') or ''}".strip()
    return ", ".join(cut_text(str(told), 60) for told in (context.get("ip"), agent) if told)


def _show_arrival(console: Console, story: Story, arrival: Arrival) -> None:
    line = arrival.line
    how = f"replayed ({arrival.replay})" if arrival.replay else "received"
    put(console, f"{tell_time(arrival.received_at)}  {how}, source {line['source']}", style="bold")
    if client := tell_client(line["event"]):
        put(console, f"client: {client}", indent=2)
    style = {"accepted": "green", "duplicate": "yellow"}.get(arrival.verdict, "red")
    put(console, tell_verdict(line), indent=2, style=style)
    for note in tell_notes(line["event"]):
        put(console, note, indent=4, style="yellow")
    for message in (line.get("violations") or {}).get("messages", ()):
        put(console, f"violation: {message}", indent=4)
    if arrival.verdict == "duplicate":
        put(console, _tell_first(story), indent=2)
    elif arrival.verdict != "accepted":
        put(console, "no sync got it", indent=2)
    else:
        _show_syncs(console, story, arrival)


def _tell_first(story: Story) -> str:
    """Where the event is that was not dropped. Of two at once the router may take the second one first."""
    for other in story.arrivals:
        if other.verdict == "accepted" and not other.replay:
            return f"a repeat of what was received at {tell_time(other.line['received_at'])}: no sync got it"
    return "a repeat of one before this range (--since): no sync got it"


def _show_syncs(console: Console, story: Story, arrival: Arrival) -> None:
    explainer = arrival.explainer
    put(console, f"decided by workspace {explainer.decided}", indent=2)
    if explainer.compiled is None:
        put(
            console, "! the stack has not kept it, and there is no workspace folder to explain with", indent=2
        )
    elif not explainer.is_exact:
        digest = explainer.compiled["digest"]
        told = f"! the stack has not kept it: explained with the folder as it is now ({digest})"
        put(console, told, indent=2, style="yellow")
    fates = {(fate.sync, fate.type): fate for fate in arrival.fates}
    for decision in arrival.decisions:
        console.print()
        mark, style = ("✓", "green") if decision.taken else ("✗", "dim")
        to = f" → {decision.destination}" if decision.destination else ""
        put(console, f"{mark} {decision.sync}{to}, {decision.type}: {decision.why}", indent=2, style=style)
        for condition in decision.failed:
            mark = "✗" if not condition.matches else "✓"
            put(console, f"{mark} {tell_condition(condition)}", indent=6)
        fate = fates.get((decision.sync, decision.type))
        if fate is not None:
            _show_fate(console, story, fate, arrival)
        elif decision.taken:
            put(console, "delivered as above: the same event, for the same sync", indent=6)
    if not arrival.decisions:
        put(console, "no sync takes events of this source", indent=2)


def _show_fate(console: Console, story: Story, fate: Fate, arrival: Arrival | None) -> None:
    for attempt in fate.attempts:
        put(console, f"{tell_time(attempt['at'])}  {_tell_attempt(attempt)}", indent=6)
    for letter in fate.letters:
        if letter["detail"]:
            put(console, f"died of: {cut_text(letter['detail'], _LONGEST_ANSWER)}", indent=6)
        if (answer := letter.get("response")) and answer["body"]:
            put(console, f"answer: {cut_text(answer['body'], _LONGEST_ANSWER)}", indent=6)
    for told in tell_state(story, fate, arrival):
        put(console, told, indent=6, style=_STYLES[fate.state])


def _tell_attempt(attempt: Line) -> str:
    status = None if attempt["status"] is None else f"HTTP {attempt['status']}"
    told = [attempt["outcome"], " ".join(part for part in (status, attempt["reason"]) if part)]
    told += [] if attempt["latency_ms"] is None else [f"{attempt['latency_ms']:,} ms"]
    number = f"attempt {attempt['attempt']}" if attempt["attempt"] else "no attempt"
    return f"{number}: {', '.join(part for part in told if part)}"


def tell_state(story: Story, fate: Fate, arrival: Arrival | None) -> list[str]:
    """Where the event is now, and what it waits for; the first line says the state."""
    now = story.now.get(fate.sync)
    match fate.state:
        case State.DELIVERED:
            return [f"now: delivered{_tell_latency(fate, arrival)}"]
        case State.DEAD:
            died = tell_time(fate.since or "")
            told = f"now: dead since {died} ({fate.reason})"
            if story.is_sent_again(fate):
                told = f"died {died} ({fate.reason}), and was sent again: see below"
            return [told, *_tell_letter(fate, now)]
        case State.WAITING:
            due = parse_time(fate.next_at) or 0.0
            number = fate.attempts[-1]["attempt"] + 1
            was = "was due" if due < story.told_at.timestamp() else "due"
            waits = f"now: waiting for attempt {number}, {was} {tell_time(fate.next_at or '')}"
            return [waits, *_tell_obstacles(now)]
    return ["now: on its way, no attempt is in the delivery log yet", *_tell_obstacles(now)]


def _tell_latency(fate: Fate, arrival: Arrival | None) -> str:
    received = parse_time(arrival.line["received_at"]) if arrival and not arrival.replay else None
    delivered = parse_time(fate.since)
    if received is None or delivered is None:
        return ""
    return f", {max(delivered - received, 0.0):,.3f} s after it was received"


def _tell_letter(fate: Fate, now: SyncNow | None) -> list[str]:
    kept = "its letter is in dead/ of the bucket" if fate.letters else "its letter is not in dead/ (yet)"
    if now is None:
        return [f"{kept}; the stack has no sync {fate.sync}"]
    held = f"the DLQ holds {count(now.dlq.total, 'letter')}" if now.dlq.total else "the DLQ is empty"
    return [f"{kept}; {held}"]


def _tell_obstacles(now: SyncNow | None) -> list[str]:
    if now is None:
        return ["the stack has no such sync any more"]
    told = []
    if now.paused:
        told.append("the sync is paused: sluice sync resume")
    if now.breaker is not None:
        told.append(
            f"the breaker is open until {tell_time(format_time(now.breaker.until))}: {now.breaker.reason}"
        )
    told.append(f"the sync's queue holds {count(now.queue.total, 'pack')}")
    return told


def _name(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
