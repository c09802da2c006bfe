"""`make chaos`: events through a storm of faults, and a proof that none was lost.

    make chaos                                100,000 events, ten minutes or so
    make chaos ARGS="--seed 7 --events 2000"  the same faults again, fewer of them
    make chaos ARGS=--no-kills                no function is killed

Exit code 0 where every event is accounted for, 1 where one was lost, 2 for bad arguments.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

from tests.chaos.conservation import render
from tests.chaos.plan import Plan, make_plan
from tests.chaos.run import Result, run, say

SHOWN_IDS = 20


def main(words: Sequence[str] | None = None, carry_out: Callable[[Plan, float], Result] = run) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make chaos", description="Proves that no event is lost.")
    parser.add_argument("--seed", type=int, default=1, help="draws events and faults (default: 1)")
    parser.add_argument("--events", type=int, default=100_000, help="different events (default: 100000)")
    parser.add_argument(
        "--settle", type=float, default=900, help="seconds to wait after healing, at most (default: 900)"
    )
    parser.add_argument("--no-kills", action="store_true", help="calls fail, but no function is killed")
    arguments = parser.parse_args(words)
    if arguments.events < 1:
        parser.error("--events must be 1 or more")
    plan = make_plan(arguments.seed, arguments.events, kills=not arguments.no_kills)
    say(f"seed {arguments.seed}: {plan.events:,} events in {len(plan.requests):,} requests")
    result = carry_out(plan, arguments.settle)
    describe(result)
    return 0 if result.holds else 1


def describe(result: Result) -> None:
    lines = [
        "",
        f"{result.copies:,} events accepted after {result.refusals} refused requests; {result.faults:,} calls"
        f" to AWS failed, {result.kills} functions were killed, {result.redriven} packs were redriven",
        "",
        render(result.balances),
        "",
    ]
    for sync, found in result.balances.items():
        died = ", ".join(f"{reason} {count}" for reason, count in result.reasons[sync].most_common())
        lines.append(f"{sync}: died of {died or 'nothing'}")
        if found.unheard:
            lines.append(f"  taken again because the answer reached nobody: {found.unheard:,}")
        if found.refused:
            lines.append(f"  refused by name, and never taken: {found.refused:,}")
        if found.lost:
            lines.append(f"  LOST: {', '.join(found.lost[:SHOWN_IDS])}")
        if found.strangers:
            lines.append(f"  never meant for it: {', '.join(found.strangers[:SHOWN_IDS])}")
    if result.waiting:
        lines.append(f"{result.waiting} messages were still on their way")
    lines += ["", "✓ nothing is lost" if result.holds else "✗ the account does not add up"]
    print("\n".join(lines), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
