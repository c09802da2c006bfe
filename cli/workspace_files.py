"""Reads a workspace folder: YAML or JSON files, each problem with its file, line and column."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cli.functions.files import read_functions
from cli.yaml_values import NotJson, to_plain
from sluice.errors import WorkspaceError
from sluice.workspace.compile import Workspace, compile_workspace, find_problems
from sluice.workspace.model_errors import Written, restore
from sluice.workspace.names import is_slug
from sluice.workspace.problems import Problem
from sluice.workspace.reading import read_part

KINDS = ("sources", "destinations", "syncs", "contracts")
SUFFIXES = (".yaml", ".yml", ".json")
FOLDERS = (*KINDS, "functions", "models")

# What the parser says, and what to do about it.
_HINTS = {
    r"'\t'": "indent with spaces: YAML takes no tabs there",
    "duplicate key": "keep one of the two",
    "where a key belongs": "put Liquid in quotes; look for a stray ? or a missing colon",
    "another document": "a file is one object: remove the --- and what follows it",
}


class InvalidWorkspace(Exception):
    """Everything that is wrong with a workspace, at once."""

    def __init__(self, errors: Sequence[WorkspaceError]) -> None:
        super().__init__(f"{len(errors)} problems")
        self.errors = list(errors)


@dataclass(slots=True)
class _File:
    path: Path
    tree: Any = None  # as parsed, with line numbers
    written: Written = field(default_factory=dict)  # misspelt keys


@dataclass(slots=True)
class WorkspaceFolder:
    """A folder as read: what could be made of it, all of it valid only where there are no errors."""

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
        hint = "name it by --workspace or SLUICE_WORKSPACE; `sluice init FOLDER` writes a fresh one"
        folder.errors.append(WorkspaceError("there is no such folder", file=str(root), hint=hint))
        return folder
    folder.errors += _find_unread_folders(root)
    for kind in KINDS:
        for path in _list_files(root / kind):
            if path.suffix not in SUFFIXES:
                hint = f"name it {path.stem}{path.suffix.lower()}"
                folder.errors.append(_unread(path, f"a file that ends in {path.suffix} is not read", hint))
                continue
            part = f"{kind}/{path.stem}"
            if part in folder.files:
                message = f"{folder.files[part].path.name} defines {path.stem} too"
                hint = "keep one of the files, or give one another name"
                folder.errors.append(WorkspaceError(message, file=str(path), line=1, column=1, hint=hint))
                continue
            folder.files[part] = _File(path)
            if not is_slug(path.stem):
                hint = "use at most 40 lower-case letters, digits and single hyphens: purchases-to-crm"
                folder.errors.append(
                    locate(folder, Problem(part, (), f"{path.stem!r} is not a valid name", hint))
                )
            _read_file(folder, part)
    folder.workspace.functions, errors = read_functions(root / "functions")
    folder.errors += errors
    if not (folder.files or folder.errors):
        message = "the folder has no sources, destinations, syncs or contracts"
        hint = "name the workspace by --workspace or SLUICE_WORKSPACE; `sluice init FOLDER` writes one"
        folder.errors.append(WorkspaceError(message, file=str(root), hint=hint))
    folder.errors += [locate(folder, problem) for problem in find_problems(folder.workspace)]
    folder.errors.sort(key=lambda error: (error.file, error.line, error.column))
    return folder


def parse_file(path: Path) -> Any:
    """The tree of a YAML or JSON file, with line numbers and comments. Raises WorkspaceError."""
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".json":
            json.loads(text)  # YAML reads all of JSON, and much that is not JSON
        return round_trip_yaml().load(text)
    except json.JSONDecodeError as error:
        raise WorkspaceError(
            f"not JSON: {error.msg}",
            file=str(path),
            line=error.lineno,
            column=error.colno,
            hint="look for a missing or extra comma, quote or bracket at this place or before it",
        ) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = str(error.problem or error.context or "not readable").removeprefix("but ")
        hint = next(
            (hint for words, hint in _HINTS.items() if words in message),
            "look for a missing quote, bracket or indent; quote a text with a `: ` in it",
        )
        raise WorkspaceError(message, file=str(path), line=line, column=column, hint=hint) from error
    except RecursionError as error:
        raise _unread(path, "not readable: nested too deep", "a file is one YAML or JSON object") from error
    except (LookupError, AttributeError, TypeError) as error:  # ruamel's answers to `!!bool x` and `!!omap x`
        message = "not readable: a tag (!!…) does not fit what follows it"
        raise _unread(path, message, "remove the tags: none is needed") from error
    except OSError as error:
        hint = "a file is one YAML or JSON object; what ends like one is read as one"
        raise _unread(path, f"not readable: {error.strerror}", hint) from error
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        message = f"not readable: {str(error).partition('\n')[0]}"
        hint = "a file is one YAML or JSON object in UTF-8"
        raise WorkspaceError(message, file=str(path), line=1, column=1, hint=hint) from error


class _Constructor(RoundTripConstructor):
    """Leaves a date the text that it is, as JSON does. Reports a key that Python could not have."""

    def check_mapping_key(self, node: Any, key_node: Any, mapping: Any, key: Any, value: Any) -> bool:
        try:
            hash(key)
        except TypeError:
            problem = "a list or an object stands where a key belongs"
            raise ConstructorError(None, node.start_mark, problem, key_node.start_mark) from None
        return bool(super().check_mapping_key(node, key_node, mapping, key, value))


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
    """What looks like a file of the workspace, so that none is passed over unseen; `.#` are Emacs's locks."""
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".#"):
                yield path


def _find_unread_folders(root: Path) -> Iterator[WorkspaceError]:
    """What would leave whole folders out: a letter, or a file that has the name of one."""
    for path in sorted(root.iterdir()):
        if path.name in FOLDERS:
            if not path.is_dir():
                yield _unread(
                    path, "this is not a folder", "move it away: files stand in a folder of this name"
                )
        elif path.is_dir() and (near := get_close_matches(path.name.lower(), FOLDERS, 1, 0.85)):
            yield _unread(path, "nothing in this folder is read", f"did you mean {near[0]}/?")


def _unread(path: Path, message: str, hint: str) -> WorkspaceError:
    return WorkspaceError(message, file=str(path), line=1, column=1, hint=hint)


def _read_file(folder: WorkspaceFolder, part: str) -> None:
    """Adds to the folder what a file says, and what is wrong with it."""
    file = folder.files[part]
    try:
        file.tree = parse_file(file.path)
        plain = {} if file.tree is None else to_plain(file.tree)
        if not isinstance(plain, dict):
            raise NotJson((), "the file is not an object", "write `key: value` lines")
    except WorkspaceError as error:
        folder.errors.append(error)
        folder.workspace.broken.add(part)
    except NotJson as error:
        folder.errors.append(locate(folder, Problem(part, error.place, error.message, error.hint)))
        folder.workspace.broken.add(part)
    else:
        problems, file.written = read_part(folder.workspace, part, plain)
        folder.errors += [locate(folder, problem) for problem in problems]


def locate(folder: WorkspaceFolder, problem: Problem) -> WorkspaceError:
    """The problem with the file and the line of the deepest place of it that is in the file."""
    file = folder.files[problem.part]
    place = restore(problem.place, file.written)
    node, line, column = file.tree, 1, 1
    for step in place:
        if not isinstance(node, CommentedMap | CommentedSeq):
            break
        try:
            position = node.lc.key(step) if isinstance(node, CommentedMap) else node.lc.item(step)
            node = node[step]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
        line, column = position[0] + 1, position[1] + 1
    where = ".".join(map(str, place))
    message = f"{where}: {problem.message}" if where else problem.message
    return WorkspaceError(message, file=str(file.path), line=line, column=column, hint=problem.hint)
