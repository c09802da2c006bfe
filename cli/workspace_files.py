"""Reads a workspace folder: YAML or JSON files, each problem with its file, line and column."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cli.yaml_values import NotJson, to_plain
from sluice.errors import WorkspaceError
from sluice.workspace.compile import Problem, Workspace, compile_workspace, find_problems
from sluice.workspace.models import Destination, Source, Sync
from sluice.workspace.names import is_slug

KINDS: dict[str, type[BaseModel]] = {"sources": Source, "destinations": Destination, "syncs": Sync}
SUFFIXES = (".yaml", ".yml", ".json")


class InvalidWorkspace(Exception):
    """Everything that is wrong with a workspace, at once."""

    def __init__(self, errors: Sequence[WorkspaceError]) -> None:
        super().__init__(f"{len(errors)} problems")
        self.errors = list(errors)


@dataclass(slots=True)
class _File:
    path: Path
    tree: Any = None  # as parsed, with line numbers


@dataclass(slots=True)
class WorkspaceFolder:
    """A folder as read: what is valid in it, and the problems of the rest."""

    root: Path
    workspace: Workspace = field(default_factory=Workspace)
    errors: list[WorkspaceError] = field(default_factory=list)
    files: dict[str, _File] = field(default_factory=dict)  # by part: "syncs/purchases-to-crm"


def load_workspace(root: Path) -> dict[str, Any]:
    """The compiled workspace of a folder. Raises InvalidWorkspace with every problem."""
    folder = read_workspace(root)
    if folder.errors:
        raise InvalidWorkspace(folder.errors)
    return compile_workspace(folder.workspace)


def read_workspace(root: Path) -> WorkspaceFolder:
    """Reads and checks a whole folder; problems are in `errors`, none is raised."""
    folder = WorkspaceFolder(root)
    if not root.is_dir():
        folder.errors.append(WorkspaceError("there is no such folder", file=str(root)))
        return folder
    for kind, model in KINDS.items():
        for path in _list_files(root / kind):
            part = f"{kind}/{path.stem}"
            try:
                if part in folder.files:
                    raise WorkspaceError(
                        f"{folder.files[part].path.name} defines {path.stem} too", file=str(path)
                    )
                if not is_slug(path.stem):
                    raise WorkspaceError(
                        f"{path.stem!r} is no name",
                        file=str(path),
                        hint="use at most 40 lower-case letters, digits and single hyphens: purchases-to-crm",
                    )
                folder.files[part] = _File(path, parse_file(path))
            except WorkspaceError as error:
                folder.errors.append(error)
                continue
            _validate(folder, part, model)
    if not folder.errors:
        for problem in find_problems(folder.workspace):
            folder.errors.append(locate(folder, problem))
    folder.errors.sort(key=lambda error: (error.file, error.line))
    return folder


def parse_file(path: Path) -> Any:
    """The tree of a YAML or JSON file, with line numbers and comments. Raises WorkspaceError."""
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".json":
            json.loads(text)  # YAML reads all of JSON, and much that is none
        return round_trip_yaml().load(text)
    except json.JSONDecodeError as error:
        raise WorkspaceError(
            f"not JSON: {error.msg}", file=str(path), line=error.lineno, column=error.colno
        ) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = str(error.problem or error.context or "not readable")
        raise WorkspaceError(message, file=str(path), line=line, column=column) from error
    except (YAMLError, UnicodeDecodeError, OSError, RecursionError, ValueError) as error:
        message = f"not readable: {str(error).partition('\n')[0]}"
        raise WorkspaceError(message, file=str(path), line=1, column=1) from error


class _Constructor(RoundTripConstructor):
    """Leaves a date the text that it is, as JSON does."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


def round_trip_yaml() -> YAML:
    """A YAML reader and writer that keeps comments, quotes and order; it builds no Python objects."""
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.preserve_quotes = True
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def dump_yaml(tree: Any) -> str:
    out = StringIO()
    round_trip_yaml().dump(tree, out)
    return out.getvalue()


def _list_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())


def _validate(folder: WorkspaceFolder, part: str, model: type[BaseModel]) -> None:
    kind, _, slug = part.partition("/")
    tree = folder.files[part].tree
    try:
        plain = {} if tree is None else to_plain(tree)
        if not isinstance(plain, dict):
            raise NotJson((), "the file is no object", "write `key: value` lines")
        getattr(folder.workspace, kind)[slug] = model.model_validate(plain)
    except NotJson as error:
        folder.errors.append(locate(folder, Problem(part, error.place, error.message, error.hint)))
    except ValidationError as error:
        for item in error.errors():
            message = item["msg"].removeprefix("Value error, ")
            hint = _suggest(model, item["loc"]) if item["type"] == "extra_forbidden" else ""
            folder.errors.append(locate(folder, Problem(part, item["loc"], message, hint)))


def _suggest(model: type[BaseModel], place: tuple[str | int, ...]) -> str:
    if len(place) > 1:
        return ""
    names = (info.alias or name for name, info in model.model_fields.items())
    return f"keys here are: {', '.join(names)}"


def locate(folder: WorkspaceFolder, problem: Problem) -> WorkspaceError:
    """The problem with the file and the line of the deepest place of it that is in the file."""
    file = folder.files[problem.part]
    node, line, column = file.tree, 1, 1
    for step in problem.place:
        if not isinstance(node, CommentedMap | CommentedSeq):
            break
        try:
            position = node.lc.key(step) if isinstance(node, CommentedMap) else node.lc.item(step)
            node = node[step]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
        line, column = position[0] + 1, position[1] + 1
    where = ".".join(str(step) for step in problem.place)
    message = f"{where}: {problem.message}" if where else problem.message
    return WorkspaceError(message, file=str(file.path), line=line, column=column, hint=problem.hint)
