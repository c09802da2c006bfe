"""How many CloudFormation resources a template makes, and how many syncs that leaves room for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import ceil

from sluice.errors import WorkspaceError

MAX_RESOURCES = 500  # of a CloudFormation stack; SAM adds none to those of template.yaml, which a test proves
# Syncs that a composite alarm watches: it takes 100 alarms, and the first has those of the stack, too.
FIRST_PAGE, PAGE = 36, 45
SYNC = "Sync"
_SECTION = re.compile(r"^Resources:\n(?P<body>.*?)(?=^\w|\Z)", re.DOTALL | re.MULTILINE)
_RESOURCE = re.compile(r"^  (?P<id>[\w:]+):[^\n]*\n(?P<body>(?:(?:   .*|  #.*|\s*)\n)*)", re.MULTILINE)
_PAGE = re.compile(r"Unhealthy\d+Alarm")
_LOOP = "Fn::ForEach::"
_LOOP_VARIABLE = re.compile(r"^    - (\w+)$", re.MULTILINE)
_LOOP_ITEMS = re.compile(r"^    - \[([^\]]*)\]", re.MULTILINE)
_LOOP_IDS = re.compile(r"^    (?:- |  )([\w${}]*\$\{\w+\}[\w${}]*):$", re.MULTILINE)


@dataclass(frozen=True)
class Resources:
    """`fixed` are the logical ids of a stack without syncs, `of_sync` the ends of those of a sync."""

    fixed: tuple[str, ...]
    of_sync: tuple[str, ...]

    def count(self, syncs: int) -> int:
        """The resources of a stack with so many syncs."""
        return len(self.fixed) + syncs * len(self.of_sync) + count_composites(syncs) - 1

    @property
    def room(self) -> int:
        """How many syncs fit one stack."""
        return next(n for n in count() if self.count(n + 1) > MAX_RESOURCES)


def count_composites(syncs: int) -> int:
    """The composite alarms of a stack with so many syncs."""
    return 1 + max(0, ceil((syncs - FIRST_PAGE) / PAGE))


def read_resources(template_text: str) -> Resources:
    """The resources of template.yaml with its loops unrolled; the syncs that it lists do not matter.

    Goes by the layout that the template has: resources at two spaces, those of a loop at six, a loop's
    items as a list in brackets.
    """
    section = _SECTION.search(template_text)
    fixed: list[str] = []
    of_sync: list[str] = []
    for match in _RESOURCE.finditer(section["body"] if section else ""):
        if _PAGE.fullmatch(match["id"]):
            continue
        if not match["id"].startswith(_LOOP):
            fixed.append(match["id"])
            continue
        variable = _LOOP_VARIABLE.findall(match["body"])[0]
        ids = _LOOP_IDS.findall(match["body"])
        if variable == SYNC:
            of_sync += [name.removeprefix(f"${{{SYNC}}}") for name in ids]
        else:
            fixed += _unroll(variable, _LOOP_ITEMS.findall(match["body"])[0], ids)
    return Resources(tuple(fixed), tuple(of_sync))


def check_room(resources: Resources, syncs: int) -> None:
    """Raises WorkspaceError where so many syncs make more resources than one stack should have."""
    if syncs > resources.room:
        raise WorkspaceError(
            f"{syncs} syncs do not fit one stack, which takes {resources.room}: they make"
            f" {resources.count(syncs)} CloudFormation resources, and {MAX_RESOURCES} is the limit",
            hint="move some into the workspace of a second stack",
        )


def _unroll(variable: str, items: str, ids: list[str]) -> Iterator[str]:
    for item in re.findall(r"\w+", items):
        for name in ids:
            yield name.replace(f"${{{variable}}}", item)
