"""Several AWS calls at once, and none of them longer than the caller can wait."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Event


class Parallel:
    """Runs jobs on a few threads that are kept between runs. Jobs must not raise on purpose."""

    def __init__(self, workers: int = 4) -> None:
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None

    def run_while_answered[T](self, jobs: Sequence[Callable[[], T | None]]) -> list[T | None]:
        """As `run`, but after a None no further job begins: a service that answers nobody costs one wait."""
        silent = Event()
        return self.run([partial(_run_unless, silent, job) for job in jobs])

    def run[T](self, jobs: Sequence[Callable[[], T]], *, timeout: float | None = None) -> list[T | None]:
        """The jobs' results in order; None where a job was not done after `timeout` seconds.

        An unfinished job is abandoned with its threads: it may still do its work, later and unseen.
        A single job without a timeout runs on the caller's thread.
        """
        if timeout is None and len(jobs) <= 1:
            return [job() for job in jobs]
        futures = [self._submit(job) for job in jobs]
        _, unfinished = wait(futures, timeout=timeout)
        if unfinished:
            self._abandon()
        return [None if future in unfinished else future.result() for future in futures]

    def _submit[T](self, job: Callable[[], T]) -> Future[T]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="sluice-aws")
        return self._pool.submit(job)

    def _abandon(self) -> None:
        """Later runs get new threads: the old ones may hang in a read for as long as it trickles."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _run_unless[T](silent: Event, job: Callable[[], T | None]) -> T | None:
    result = None if silent.is_set() else job()
    if result is None:
        silent.set()
    return result
