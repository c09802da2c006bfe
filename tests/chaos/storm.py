"""The storm: carries the plan's steps out, one after the other, and heals everything at the end."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.chaos.plan import STEP_SECONDS, Step
from tests.e2e.fault_proxy import FaultProxy
from tests.e2e.stacks import LocalStack, find_workers


class Storm:
    """`kills` counts the processes that died, `done` the steps that were taken."""

    def __init__(self, stack: LocalStack, proxy: FaultProxy, steps: Sequence[Step]) -> None:
        self._stack, self._proxy, self._steps = stack, proxy, steps
        self._over = threading.Event()
        self.done = self.kills = 0
        self.trouble: list[BaseException] = []

    @contextmanager
    def raging(self) -> Iterator["Storm"]:
        """While the block runs, or until the last step; nothing of it is left afterwards."""
        thread = threading.Thread(target=self._rage, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()
            self._proxy.set_rules([])

    @property
    def share(self) -> float:
        """How much of the storm has passed, from 0 to 1."""
        return 1.0 if self.is_over else self.done / len(self._steps)

    @property
    def is_over(self) -> bool:
        return self.done == len(self._steps) or bool(self.trouble)

    def _rage(self) -> None:
        try:
            for step in self._steps:
                self._proxy.set_rules(step.rules)
                if step.kill:
                    self._kill(step)
                self.done += 1
                if self._over.wait(STEP_SECONDS):
                    break
            self._proxy.set_rules([])
        except BaseException as error:  # told by whoever waits for the storm
            self.trouble.append(error)

    def _kill(self, step: Step) -> None:
        workers = sorted(find_workers(self._stack, step.kill))
        for pid in workers if step.all_workers else workers[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills += 1
