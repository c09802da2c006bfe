"""What a function prints and logs: one JSON line each, with the function's name, and never without an end."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import orjson

from sluice.secret_texts import DROPPED, PART, SecretTexts

MAX_LINES = 1000  # of one batch
MAX_CHARS = 200_000  # of one batch, and so of one line: CloudWatch takes 256 KB
_RECENT_CHARS = 200  # of the lines before: a secret may be spread over several

type Write = Callable[[str], object]


class FunctionLog:
    """The log of one function, for as long as its process lives; the limits hold for a batch each."""

    def __init__(self, function: str, secrets: SecretTexts) -> None:
        """No line holds one of the `secrets`."""
        self._function, self._secrets = function, secrets
        self._write: Write | None = None
        self._lines = self._chars = 0
        self._recent = ""
        self.out, self.err = _Stream(self, "INFO"), _Stream(self, "WARNING")
        self.handler = _Handler(self)

    @contextmanager
    def open(self) -> Iterator[None]:
        """While the block runs, what this process prints and logs is the function's."""
        self._write, self._lines, self._chars, self._recent = sys.stdout.write, 0, 0, ""
        root = logging.getLogger()
        handlers, level = root.handlers, root.level
        root.handlers = [self.handler]
        root.setLevel(logging.INFO)
        try:
            with redirect_stdout(self.out), redirect_stderr(self.err):
                yield
        finally:
            root.handlers = handlers
            root.setLevel(level)
            self.out.finish()
            self.err.finish()

    @property
    def is_full(self) -> bool:
        """Whether nothing more of this batch will be written."""
        return self._lines > MAX_LINES

    def emit(self, level: str, message: str, **more: str) -> None:
        """Writes one line; of what is too much, only that there was more."""
        if self._write is None or self.is_full:
            return
        room = MAX_CHARS - self._chars
        self._lines += 1
        if self._lines > MAX_LINES or room <= 0:
            self._lines = MAX_LINES + 1
            level, message, more = "WARNING", "there was more output, which is not kept", {}
        message = message[: max(room, 100)]
        self._chars += len(message) + sum(map(len, more.values()))
        line = {"level": level, "function": self._function, "message": self._clean_next(message)}
        line |= {name: self._clean(value[:MAX_CHARS]) for name, value in more.items()}
        self._write(orjson.dumps(line).decode() + "\n")

    def _clean_next(self, message: str) -> str:
        """A message without secrets, those included that began in the messages before."""
        cleaned = self._clean(message)
        if cleaned != message:
            self._recent = ""
            return cleaned
        text = self._recent + message[:_RECENT_CHARS]
        if self._secrets.stand_in(text):
            self._recent = text[1 - PART :]
            return DROPPED
        self._recent = (self._recent + message)[-_RECENT_CHARS:]
        return message

    def _clean(self, text: str) -> str:
        """Without secrets, and without what UTF-8 cannot carry."""
        return self._secrets.hide_lines(text).encode("utf-8", "replace").decode()


class _Stream(io.TextIOBase):
    """A text stream whose lines go to the log."""

    def __init__(self, log: FunctionLog, level: str) -> None:
        self._log, self._level, self._rest = log, level, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._log.is_full:
            return len(text)
        *lines, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > MAX_CHARS:
            lines, self._rest = [*lines, self._rest], ""
        for line in lines:
            self._log.emit(self._level, line)
        return len(text)

    def finish(self) -> None:
        """A last line may have no end."""
        if self._rest:
            self._log.emit(self._level, self._rest)
            self._rest = ""


class _Handler(logging.Handler):
    def __init__(self, log: FunctionLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            more = {"logger": record.name}
            if record.exc_info and record.exc_info[1]:
                more["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
            self._log.emit(record.levelname, record.getMessage(), **more)
        except Exception as error:  # arguments that do not fit: never the end of the batch, as in logging
            self._log.emit("WARNING", f"a line could not be logged: {error}")
