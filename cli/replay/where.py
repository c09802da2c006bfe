"""The filter of `--where`: YAML or JSON, on the command line or in a file."""

from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from cli.stack import CommandError
from cli.workspace_files import parse_file, round_trip_yaml
from cli.yaml_values import NotJson, to_plain
from sluice.errors import WorkspaceError
from sluice.filters import compile_filter

_HINT = "write it as in a sync: {field: properties.total, op: greater_than, value: 100}"


def read_filter(text: str) -> dict[str, Any] | None:
    """The filter, None for an empty text. Raises CommandError for an invalid one."""
    if not text.strip():
        return None
    try:
        spec = to_plain(parse_file(Path(text)) if _is_file(text) else round_trip_yaml().load(text))
        if not isinstance(spec, dict):
            raise CommandError("--where holds no filter", _HINT)
        compile_filter(spec, now=lambda: 0.0)
    except (YAMLError, NotJson, WorkspaceError) as problem:
        raise CommandError(f"--where: {str(problem).partition(chr(10))[0]}", _HINT) from problem
    return spec


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # longer than a name may be
        return False
