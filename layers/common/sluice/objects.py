"""Objects with named fields: one function per object, written out and compiled once, then run per event.

Written out, ten plain fields take 1.7 µs where a loop over closures takes 2.8, and fifteen fields with two
templates and a list 3.7 where it takes 5.0: parents that fields share are read once, and a plain field is no
call. The code holds no text of an operator's: names, getters and constants are variables of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sluice.fields import MISSING, Getter, step

type Build = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of the object to build; `path` is set where it is no more than a field of the event."""

    name: str
    get: Getter
    path: tuple[str, ...] | None = None


def compile_object(entries: Sequence[Entry], spreads: Sequence[Getter] = ()) -> Build:
    """A function from an event to a new dict: what the spreads give, then the entries that are not MISSING.

    Each spread gives a dict. Raises what the getters raise, never changes the event, which must be a dict.
    """
    return _Code().write(entries, spreads)


class _Code:
    """The lines of one `build` function, and the variables that they name."""

    def __init__(self) -> None:
        self.lines = ["def build(event):"]
        self.names: dict[str, Any] = {
            "__builtins__": {},
            "type": type,
            "dict": dict,
            "step": step,
            "MISSING": MISSING,
            "EMPTY": {},
        }
        self.parents: dict[tuple[str, ...], str] = {(): "event"}

    def write(self, entries: Sequence[Entry], spreads: Sequence[Getter]) -> Build:
        parts = ", ".join(f"**{self._name(get)}(event)" for get in spreads)
        self._add(f"out = {{{parts}}}")
        for entry in entries:
            if entry.path:
                *parent, last = entry.path
                self._add(f"value = {self._read(self._parent(tuple(parent)), last, 'MISSING')}")
            else:
                self._add(f"value = {self._name(entry.get)}(event)")
            self._add(f"if value is not MISSING: out[{self._name(entry.name)}] = value")
        self._add("return out")
        exec("\n".join(self.lines), self.names)  # noqa: S102 - fixed words and numbered variables only
        build: Build = self.names["build"]
        return build

    def _parent(self, path: tuple[str, ...]) -> str:
        """The variable that holds what is at `path`, read once for all fields below it."""
        if path not in self.parents:
            source = self._read(self._parent(path[:-1]), path[-1], "EMPTY")
            self.parents[path] = f"parent{len(self.parents)}"
            self._add(f"{self.parents[path]} = {source}")
        return self.parents[path]

    def _read(self, parent: str, name: str, default: str) -> str:
        given = self._name(name)
        inline = f"{parent}.get({given}, {default})"
        return (
            inline
            if parent == "event"
            else f"{inline} if type({parent}) is dict else step({parent}, {given})"
        )

    def _name(self, value: object) -> str:
        name = f"given{len(self.names)}"
        self.names[name] = value
        return name

    def _add(self, line: str) -> None:
        self.lines.append(f"    {line}")
