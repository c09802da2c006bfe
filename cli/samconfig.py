"""What `sam deploy` would use, read from samconfig.toml and from its arguments as SAM reads them.

For each option an argument wins over `[<environment>.deploy.parameters]`, which `sam deploy --guided` writes,
and that wins over `[<environment>.global.parameters]`.
"""

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

DEFAULT_ENVIRONMENT = "default"
FILE_NAMES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")  # the first that exists is SAM's
_PAIR = re.compile(r"(?:ParameterKey=(?P<key>[^,]+),ParameterValue=|(?P<name>\w+)=)(?P<value>.*)", re.S)


class InvalidSamConfig(Exception):
    """The file, or an argument, is not what SAM would accept."""


@dataclass(frozen=True, slots=True)
class DeploySettings:
    """What one `sam deploy` works with. Empty: neither the file nor an argument says it."""

    environment: str
    stack: str = ""
    region: str = ""
    profile: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def find_samconfig(folder: Path) -> Path:
    """The file that SAM reads in this folder; samconfig.toml where there is none."""
    return next((folder / name for name in FILE_NAMES if (folder / name).exists()), folder / FILE_NAMES[0])


def read_environments(file: Path) -> list[DeploySettings]:
    """The settings of every environment that can be deployed: one with a `global` or a `deploy` section.

    Raises InvalidSamConfig.
    """
    document = _read_document(file)
    return [
        _make_settings(name, _merge(table), file.parent)
        for name, table in document.items()
        if isinstance(table, dict) and ("deploy" in table or "global" in table)
    ]


def read_settings(folder: Path, arguments: Sequence[str] = ()) -> DeploySettings:
    """The settings of `sam deploy <arguments>` in this folder. Raises InvalidSamConfig."""
    options = dict(_read_options(arguments))
    if file_name := options.get("config_file"):
        file = folder / file_name[-1]
        if not file.is_file():
            raise InvalidSamConfig(f"{file} does not exist")
    else:
        file = find_samconfig(folder)
    environment = options.get("config_env", [DEFAULT_ENVIRONMENT])[-1]
    merged = _merge(_read_document(file).get(environment, {}))
    for name in ("stack_name", "region", "profile"):
        if name in options:
            merged[name] = options[name][-1]
    if "parameter_overrides" in options:
        merged["parameter_overrides"] = options["parameter_overrides"]
    return _make_settings(environment, merged, file.parent)


def _read_document(file: Path) -> dict[str, Any]:
    """Empty where the file does not exist: SAM then works with its arguments alone."""
    if not file.exists():
        return {}
    try:
        document = _parse(file)
    except (tomllib.TOMLDecodeError, YAMLError, UnicodeDecodeError) as problem:
        raise InvalidSamConfig(f"{file} cannot be read: {problem}") from problem
    if not isinstance(document, dict):
        raise InvalidSamConfig(f"{file} must hold environments, such as [default.deploy.parameters]")
    return document


def _parse(file: Path) -> Any:
    if file.suffix in {".yaml", ".yml"}:
        return YAML(typ="safe", pure=True).load(file.read_text())
    return tomllib.loads(file.read_text())


def _merge(environment: Any) -> dict[str, Any]:
    """The options of `sam deploy`, those of its own section over the global ones."""
    merged: dict[str, Any] = {}
    for section in ("global", "deploy"):
        table = environment.get(section, {}) if isinstance(environment, dict) else None
        parameters = table.get("parameters", {}) if isinstance(table, dict) else None
        if not isinstance(parameters, dict):
            raise InvalidSamConfig(f"samconfig: expected a table [<environment>.{section}.parameters]")
        merged.update(parameters)
    return merged


def _make_settings(environment: str, options: Mapping[str, Any], folder: Path) -> DeploySettings:
    stack, region, profile = (str(options.get(name) or "") for name in ("stack_name", "region", "profile"))
    overrides = dict(_read_overrides(options.get("parameter_overrides"), folder, ()))
    return DeploySettings(environment, stack, region, profile, overrides)


def _read_overrides(value: Any, folder: Path, files: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """Name and value of each override, from text, a list, a table or a file; the last of a name wins."""
    match value:
        case None | "":
            return
        case str() if value.startswith("file://"):
            file = (folder / value.removeprefix("file://")).resolve()
            if file in files or not file.is_file():
                raise InvalidSamConfig(f"parameter_overrides: {value} cannot be read")
            yield from _read_overrides(_read_document(file), file.parent, (*files, file))
        case str():
            yield from _read_pairs(value)
        case list() | tuple():
            for item in value:
                yield from _read_overrides(item, folder, files)
        case dict():
            for name, item in value.items():
                if name == "$include":
                    yield from _read_overrides(item, folder, files)
                else:
                    yield str(name), _format_value(item)
        case _:
            raise InvalidSamConfig(f"parameter_overrides: {value!r} is not Name=value")


def _format_value(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(item).strip() for item in value)
    return "" if value is None else str(value)


def _read_pairs(text: str) -> Iterator[tuple[str, str]]:
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise InvalidSamConfig(f"parameter_overrides: {text!r}: {problem}") from problem
    for word in words:
        pair = _PAIR.fullmatch(word)
        if pair is None:
            raise InvalidSamConfig(f"parameter_overrides: {word!r} is not Name=value")
        yield pair["key"] or pair["name"], pair["value"]


def _read_options(arguments: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """`--an-option` as `an_option` with what follows it up to the next option; the last of a name wins."""
    name, values = "", list[str]()
    for argument in [*arguments, "--"]:
        if not argument.startswith("-"):
            values.append(argument)
            continue
        if name and values:
            yield name, values
        option, equals, value = argument.partition("=")
        name, values = option.lstrip("-").replace("-", "_"), [value] if equals else []
