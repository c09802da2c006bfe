"""What the `sluice` command runs first: Ctrl-C ends it without a traceback, even while it is loading."""

import sys

INTERRUPTED = 130  # as shells count a process that SIGINT ended


def main() -> None:
    try:
        from cli.main import app  # noqa: PLC0415  # this takes a second, in which somebody may press Ctrl-C

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
