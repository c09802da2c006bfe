"""Kills the process at one call to the outside, before or after the call is done."""

from collections.abc import Callable, Sequence
from typing import Any


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class Steps:
    """Counts calls to the outside; at number `kill_at` (0 for never) the process dies."""

    def __init__(self, kill_at: int, *, after: bool) -> None:
        self.arm(kill_at, after=after)

    def arm(self, kill_at: int, *, after: bool) -> None:
        self.kill_at, self.after, self.made = kill_at, after, 0

    def wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            self.made += 1
            at = self.made
            if at == self.kill_at and not self.after:
                raise Killed
            result = call(*args, **kwargs)
            if at == self.kill_at:
                raise Killed
            return result

        return step


class Watched:
    """A port of which the named methods are steps."""

    def __init__(self, port: Any, steps: Steps, names: Sequence[str]) -> None:
        for name in names:
            setattr(self, name, steps.wrap(getattr(port, name)))
