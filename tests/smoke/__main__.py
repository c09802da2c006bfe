"""Checks a deployed stack from outside, for what no emulator can show: `make smoke URL=… KEY=…` runs this.

    python -m tests.smoke URL KEY [--stack NAME]

With `--stack`, and AWS credentials for it, a redrive of the ingest DLQ is tried as well.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from tests.smoke.checks import list_checks
from tests.smoke.redrive import check_redrive
from tests.smoke.target import Failed, Target


def main(
    url: Annotated[str, typer.Argument(help="What SDKs get as their host: the stack's ApiUrl.")],
    key: Annotated[str, typer.Argument(help="A write key of the stack.")],
    stack: Annotated[str, typer.Option(help="The stack's name: tries a redrive, with AWS credentials.")] = "",
) -> None:
    """Check a deployed stack; exit code 1 where a check failed."""
    checks = list_checks(Target(url, key))
    if stack:
        checks.append(("a redrive of the ingest DLQ", partial(check_redrive, stack)))
    failed = sum(not run_check(name, check) for name, check in checks)
    typer.echo(f"{len(checks) - failed} of {len(checks)} checks passed")
    if failed:
        sys.exit(1)


def run_check(name: str, check: Callable[[], None]) -> bool:
    """Prints how a check went; whether it held."""
    try:
        check()
    except Failed as why:
        typer.echo(f"✗ {name}: {why}")
        return False
    typer.echo(f"✓ {name}")
    return True


if __name__ == "__main__":
    typer.run(main)
