"""The process in which operators' functions run: they are loaded, called, timed, and what they do is told.

All functions of a stack share it, one batch at a time, and do not distrust each other. What they cannot do is
not up to this module: the role of TransformFunction says it.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import resource
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import orjson

from sluice.adapters.function_logs import FunctionLog
from sluice.adapters.parameters import FunctionParameters, ParameterMissing, ParameterUnavailable
from sluice.errors import SluiceError
from sluice.secret_texts import PART, SecretTexts
from sluice.transforms.protocol import MAX_ANSWER_BYTES, make_answer, make_error, make_trouble
from sluice.transforms.returned import Returned, WrongResult, note_given, read_returned
from sluice.transforms.source import ENTRY, FunctionSource, is_function_name, read_source

BATCH_SECONDS = 5.0
_AGAIN_SECONDS = 0.25  # a function that swallows the first end gets another
_MESSAGE_CHARS = 1000
_TRACEBACK_CHARS = 8000
_FRAMES = 40
_CREDENTIALS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")  # of the function's role, in its environment


class TookTooLong(BaseException):
    """Not an Exception, so that `except Exception` in a function does not take it for its own."""


class FunctionFailed(SluiceError):
    """A function did not give a list of events; `traceback` is of its own lines only."""

    def __init__(self, error: str, trace: str = "") -> None:
        super().__init__(error)
        self.error, self.traceback = error, trace


@dataclass(slots=True)
class _Loaded:
    source: FunctionSource
    module: ModuleType | None = None
    fetched: set[str] = field(default_factory=set)


class FunctionProcess:
    """The functions in one folder of `<name>.py`, each loaded when it is first called."""

    def __init__(
        self,
        folder: Path,
        parameters: FunctionParameters,
        environment: MutableMapping[str, str],
        *,
        seconds: float = BATCH_SECONDS,
    ) -> None:
        """`environment` is the process's own, to which the functions' secrets are added."""
        self._folder, self._parameters, self._seconds = folder, parameters, seconds
        self._environment = environment
        self._loaded: dict[str, _Loaded] = {}
        self._logs: dict[str, FunctionLog] = {}
        self._secrets = SecretTexts()  # of all functions, which can read each other's
        for credential in (environment.get(variable, "") for variable in _CREDENTIALS):
            if len(credential) >= PART:  # a local stack has words such as "test" there
                self._secrets.add(credential)

    def answer(self, name: str, events: bytes) -> dict[str, Any]:
        """What TransformFunction answers the router, whatever the function does.

        A function that closed the output of the process has ended it: else all that come after would fail.
        """
        try:
            result = self.run(name, events)
        except FunctionFailed as failed:
            return make_error(failed.error, failed.traceback)
        except ParameterUnavailable as unavailable:
            return make_trouble(str(unavailable))
        finally:
            if not has_output():
                signal.raise_signal(signal.SIGKILL)
        return make_answer(result.data, result.parents, result.errors)

    def run(self, name: str, events: bytes) -> Returned:
        """What a function makes of the events, a line of JSON each.

        Whatever it does, short of ending the process, ends here and within the time; so does its output.
        Raises FunctionFailed, ParameterUnavailable.
        """
        if not is_function_name(name) or not (self._folder / f"{name}.py").is_file():
            raise FunctionFailed("the deployed workspace has no such function")
        log = self._logs.setdefault(name, FunctionLog(name, self._secrets))
        with log.open():
            try:
                self._provide_secrets(name)
                result = self._run(name, events)
            except FunctionFailed as failed:
                error = self._secrets.hide(failed.error)
                log.emit("ERROR", error, traceback=failed.traceback)
                raise FunctionFailed(error, self._secrets.hide_lines(failed.traceback)) from None
        result.errors = {place: self._secrets.hide(error) for place, error in result.errors.items()}
        return result

    def _run(self, name: str, events: bytes) -> Returned:
        try:
            with end_after(self._seconds):
                try:
                    return self._call(name, events)
                except MemoryError:
                    pass  # while it is handled its frames hold what is to be given back
                self._forget_all()  # what leaked, in this function or another, goes with its module
                return self._call(name, events)
        except FunctionFailed:
            raise
        except WrongResult as wrong:
            raise FunctionFailed(str(wrong)) from wrong
        except BaseException as error:  # SystemExit, KeyboardInterrupt and whatever else it may raise
            is_late = isinstance(_find_first(error), TookTooLong)
            said = f"took longer than {self._seconds:g} s" if is_late else ""
            raise self._describe(name, error, said) from error

    def _call(self, name: str, events: bytes) -> Returned:
        entry = self._find_entry(name)
        lines = events.split(b"\n")
        given = orjson.loads(b"[%b]" % b",".join(lines))
        alive = list(given)  # the function may take events out of its list
        noted = note_given(lines, alive)
        returned = entry(given)
        if inspect.isawaitable(returned):
            returned = asyncio.run(_wait_for(returned))
        result = read_returned(noted, returned)
        if (size := len(result.data)) > MAX_ANSWER_BYTES:
            raise WrongResult(f"transform_events returned {size} bytes, over {MAX_ANSWER_BYTES}")
        return result

    def _find_entry(self, name: str) -> Callable[[list[Any]], Any]:
        loaded = self._loaded[name]
        if loaded.module is None:
            module = ModuleType(_name_module(name))
            module.__file__ = str(self._folder / f"{name}.py")
            sys.modules[module.__name__] = module  # dataclasses and pickles look for it there
            exec(compile(loaded.source.text, module.__file__, "exec"), module.__dict__)  # noqa: S102 - its purpose
            loaded.module = module
        entry = getattr(loaded.module, ENTRY, None)
        if not callable(entry):
            raise FunctionFailed(f"there is no {ENTRY} in {name}.py")
        return entry  # type: ignore[no-any-return]  # what it returns is checked, not believed

    def _provide_secrets(self, name: str) -> None:
        """Sets the environment variables that the file names; one that was set from outside is left alone."""
        if name not in self._loaded:
            text = (self._folder / f"{name}.py").read_text("utf-8-sig")
            self._loaded[name] = _Loaded(read_source(text))
        loaded = self._loaded[name]
        for variable, parameter in loaded.source.secrets.items():
            if variable in self._environment and variable not in loaded.fetched:
                self._secrets.add(self._environment[variable])
                continue
            try:
                secret = self._parameters.read(parameter)
            except ParameterMissing as missing:
                raise FunctionFailed(f"secret {variable}: {missing}") from missing
            self._secrets.add(secret)
            self._environment[variable] = secret
            loaded.fetched.add(variable)

    def _forget_all(self) -> None:
        for name, loaded in self._loaded.items():
            loaded.module = None
            sys.modules.pop(_name_module(name), None)
        gc.collect()

    def _describe(self, name: str, error: BaseException, said: str = "") -> FunctionFailed:
        """The error in one line with its place in the function's file, and its lines from there on."""
        path = str(self._folder / f"{name}.py")
        told = traceback.TracebackException.from_exception(error, limit=-_FRAMES, compact=True)
        own = next((at for at, frame in enumerate(told.stack) if frame.filename == path), len(told.stack))
        frames = [frame for frame in told.stack[own:] if frame.filename != __file__]
        told.stack = traceback.StackSummary.from_list(frames)
        summary = "".join(told.format_exception_only()).strip().splitlines()
        stack = "Traceback (most recent call last):\n" + "".join(told.stack.format())
        text = stack + said if said else "".join(told.format())
        first = _find_first(error)
        if not said and first is not error:
            summary[0] += f": {''.join(traceback.format_exception_only(first)).strip()}"
        said = said or summary[-1 if isinstance(error, SyntaxError) else 0]
        lines = [frame.lineno for frame in frames if frame.filename == path]
        line = lines[-1] if lines else told.lineno if isinstance(error, SyntaxError) else None
        place = f" ({name}.py, line {line})" if line else ""
        return FunctionFailed(
            self._secrets.hide(said[:_MESSAGE_CHARS]) + place,
            text.replace(path, f"{name}.py")[-_TRACEBACK_CHARS:],
        )


def _find_first(error: BaseException) -> BaseException:
    """The first error of a group, such as asyncio's: the group itself says only how many there are."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def has_output() -> bool:
    """Whether this process can still write its log."""
    if sys.__stdout__ is None:
        return False
    try:
        select.select((), (sys.__stdout__,), (), 0)  # whether it is open: a full pipe is open, too
    except (OSError, ValueError):  # the descriptor is closed, or the stream
        return False
    return True


def _name_module(function: str) -> str:
    return f"sluice_workspace.functions.{function}"


async def _wait_for(awaitable: Any) -> Any:
    return await awaitable


@contextmanager
def end_after(seconds: float) -> Iterator[None]:
    """Raises TookTooLong in the block once it has taken so long, and again while it does not end.

    By a signal, which Python delivers to the main thread: it ends loops, sleeps, reads, regular expressions.
    Elsewhere, and in C code that never looks, only Lambda's own timeout is left.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    armed = True

    def end(_signal: int, _frame: FrameType | None) -> None:
        if armed:
            raise TookTooLong

    former = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
    try:
        yield
    finally:
        try:
            armed = False  # the signal may still come before this line is done
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, former)


def limit_memory(megabytes: int, *, kept: int = 64) -> None:
    """Allocations beyond what the function has, less `kept`, raise MemoryError; the process goes on."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, ((megabytes - kept) * 1024 * 1024, hard))
