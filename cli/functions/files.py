"""The workspace's functions/*.py: read and checked without running them, copied into its layer."""

import shutil
from collections.abc import Collection
from pathlib import Path

from sluice.errors import WorkspaceError
from sluice.transforms.source import FunctionSource, is_function_name, read_source


def read_functions(folder: Path) -> tuple[dict[str, FunctionSource], list[WorkspaceError]]:
    """Every function by name, and what is wrong with any of them, with line and column."""
    functions: dict[str, FunctionSource] = {}
    errors: list[WorkspaceError] = []
    for path in sorted(folder.glob("*.py")) if folder.is_dir() else ():
        if not is_function_name(path.stem):
            hint = "use at most 40 lower-case letters, digits and single underscores: redact_email.py"
            errors.append(_error(path, f"{path.stem!r} is not a name of a function", hint))
        try:
            source = read_source(path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            errors.append(_error(path, f"not readable: {error}", "a function is one Python file in UTF-8"))
            source = FunctionSource("")
        functions[path.stem] = source
        errors += [_error(path, f.message, f.hint, f.line, f.column) for f in source.faults]
    return functions, errors


def copy_functions(workspace: Path, out: Path, names: Collection[str]) -> None:
    """Writes the functions of these names into a folder, in which no other stays."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name in sorted(names):
        shutil.copyfile(workspace / "functions" / f"{name}.py", out / f"{name}.py")


def _error(path: Path, message: str, hint: str, line: int = 1, column: int = 1) -> WorkspaceError:
    return WorkspaceError(message, file=str(path), line=line, column=column, hint=hint)
