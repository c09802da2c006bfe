"""What can be said of a function's file without running it: its syntax, its entry, its secrets."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ENTRY = "transform_events"
SECRETS = "SECRETS"
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_MAX_NAME = 40
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_RESERVED = ("AWS_", "LAMBDA_", "SLUICE_", "POWERTOOLS_", "PYTHON", "LD_")
_PARAMETER = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_STORE = "ssm:"
_HINT = "write: def transform_events(events: list[dict]) -> list[dict]"


@dataclass(frozen=True, slots=True)
class SourceFault:
    """What is wrong, at which line and column (from 1), and what to do."""

    line: int
    column: int
    message: str
    hint: str = ""


@dataclass(slots=True)
class FunctionSource:
    """A function's text, and what stands in it; `secrets` are parameters' names by environment variable."""

    text: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    faults: list[SourceFault] = field(default_factory=list)


def is_function_name(text: str) -> bool:
    """Whether a file's stem may name a function: `enrich_orders`, `enrich-orders`."""
    return len(text) <= _MAX_NAME and _NAME.fullmatch(text) is not None


def read_source(text: str) -> FunctionSource:
    """Never raises: what is wrong is in `faults`."""
    source = FunctionSource(text)
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        place = error.lineno or 1, error.offset or 1
        source.faults.append(SourceFault(*place, f"not Python 3.13: {error.msg}", (error.text or "").strip()))
        return source
    except (ValueError, RecursionError, MemoryError) as error:
        source.faults.append(SourceFault(1, 1, f"not Python: {error}"))
        return source
    source.faults += _check_entry(module)
    for node in module.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="SECRETS")], value=value)
                | ast.AnnAssign(target=ast.Name(id="SECRETS"), value=ast.expr() as value)
            ):
                source.secrets, faults = _read_secrets(value)
                source.faults += faults
    return source


def _check_entry(module: ast.Module) -> Iterator[SourceFault]:
    """The entry may also be assigned or imported: that is looked at only when it runs."""
    entry = None
    for node in module.body:
        match node:
            case ast.FunctionDef(name="transform_events") | ast.AsyncFunctionDef(name="transform_events"):
                entry = node
            case ast.Assign(targets=[ast.Name(id="transform_events")]):
                return
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if any((name.asname or name.name) == ENTRY for name in names):
                    return
    if entry is None:
        yield SourceFault(1, 1, f"there is no {ENTRY}", _HINT)
        return
    at = entry.lineno, entry.col_offset + 1
    arguments = entry.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    takes_one = required <= 1 and (arguments.posonlyargs or arguments.args or arguments.vararg)
    needs_keyword = any(default is None for default in arguments.kw_defaults)
    if not takes_one or needs_keyword:
        yield SourceFault(*at, f"{ENTRY} must take one argument, the list of events", _HINT)
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _walk_own(entry)):
        yield SourceFault(*at, f"{ENTRY} must return a list, and yields", _HINT)


def _walk_own(entry: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function's own body, not those of functions inside it."""
    waiting: list[ast.AST] = list(entry.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def _read_secrets(node: ast.expr) -> tuple[dict[str, str], list[SourceFault]]:
    """Parameters' names by variable, of `{"CRM_TOKEN": "ssm:crm-token"}`."""
    hint = f'write: {SECRETS} = {{"CRM_TOKEN": "ssm:crm-token"}}'
    at = node.lineno, node.col_offset + 1
    if not isinstance(node, ast.Dict):
        return {}, [
            SourceFault(*at, f"{SECRETS} must be written out: it is read without running the file", hint)
        ]
    secrets, faults = {}, []
    for key, value in zip(node.keys, node.values, strict=True):
        match key, value:
            case ast.Constant(value=str(variable)), ast.Constant(value=str(reference)):
                here = value.lineno, value.col_offset + 1
                parameter = reference.removeprefix(_STORE)
                if not _VARIABLE.fullmatch(variable) or variable.startswith(_RESERVED) or variable == "PATH":
                    message = f"{variable!r} cannot be the name of a secret's environment variable"
                    faults.append(SourceFault(*here, message, f"capital letters, digits, _; not {_RESERVED}"))
                elif parameter == reference or not _PARAMETER.fullmatch(parameter):
                    faults.append(
                        SourceFault(*here, f"{reference!r} is not a reference of a parameter", hint)
                    )
                else:
                    secrets[variable] = parameter
            case _:
                faults.append(SourceFault(*at, f"{SECRETS} must be texts by texts", hint))
    return secrets, faults
