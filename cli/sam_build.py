"""`sam build` for the architecture that `sam deploy` with the same arguments would deploy.

Run by `make build` and `make deploy` as `python -m cli.sam_build <arguments of sam deploy>`. The built
template accepts only the architecture it was built for. SAM keeps a deployed stack's parameter values:
without this, a value given once as an argument would meet a layer of the default one at the next deploy.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from cli.local.settings import PROJECT
from cli.samconfig import InvalidSamConfig, read_settings

BUILT = Path(".aws-sam/build")
LAYER = "CommonLayer"
PARAMETER = "Architecture"
MACHINES = {
    "arm64": ("aarch64", 183),
    "x86_64": ("x86_64", 62),
}  # a wheel's tag, and e_machine of its ELF files
GLIBC = ("manylinux", "linux_")  # not musllinux
_ELF, _LITTLE_ENDIAN, _MACHINE = b"\x7fELF", 1, slice(18, 20)
_TAG = re.compile(r"^Tag: \S+-\S+-(\S+)$", re.MULTILINE)
_DEFAULT = re.compile(rf"^  {PARAMETER}:\n(?:    .*\n)*?    Default: (\w+)\n", re.MULTILINE)
_BLOCK = re.compile(rf"^  {PARAMETER}:\n(?:    .*\n|\n)+", re.MULTILINE)


class WrongBuild(Exception):
    """What was built cannot run where it would be deployed."""


def choose_architecture(folder: Path, arguments: Sequence[str]) -> str:
    """What `sam deploy <arguments>` is told, else the template's default. Raises InvalidSamConfig."""
    default = _DEFAULT.search((folder / "template.yaml").read_text())
    if default is None:
        raise InvalidSamConfig(f"template.yaml has no parameter {PARAMETER} with a default")
    chosen = read_settings(folder, arguments).parameters.get(PARAMETER, default[1])
    if chosen not in MACHINES:
        raise InvalidSamConfig(f"{PARAMETER}={chosen} is not one of: {', '.join(MACHINES)}")
    return chosen


def check_layer(layer: Path, architecture: str) -> None:
    """Every library and every wheel of the layer is for this architecture of Lambda. Raises WrongBuild."""
    libraries = sorted(layer.rglob("*.so"))
    if not libraries:
        raise WrongBuild(f"{layer} holds no compiled libraries: its dependencies were not installed")
    problems = [*_find_foreign_wheels(layer, architecture), *_find_foreign_libraries(libraries, architecture)]
    if problems:
        shown = "; ".join(problems[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")
        raise WrongBuild(
            f"the layer is not for {architecture}: {shown}. Remove .aws-sam and build again;"
            " a package without a wheel for Linux has to be built on such a machine"
        )


def pin_architecture(template_text: str, architecture: str) -> str:
    """The built template, which CloudFormation refuses with any other architecture. Raises WrongBuild."""
    pinned, count = _BLOCK.subn(
        f"  {PARAMETER}:\n"
        "    Description: What the layer was built for.\n"
        "    Type: String\n"
        f"    Default: {architecture}\n"
        f"    AllowedValues: [{architecture}]\n"
        f"    ConstraintDescription: the build is for {architecture}; give build and deploy the same value\n",
        template_text,
    )
    if count != 1:
        raise WrongBuild(f"the built template has no parameter {PARAMETER}")
    return pinned


def build_for_deploy(folder: Path, arguments: Sequence[str]) -> str:
    """Builds, checks and pins; gives the architecture.

    Raises InvalidSamConfig, WrongBuild, or CalledProcessError where SAM fails.
    """
    architecture = choose_architecture(folder, arguments)
    sam = folder / ".venv-sam" / "bin" / "sam"
    command = [str(sam), "build", *_select_config(arguments)]
    subprocess.run([*command, "--parameter-overrides", f"{PARAMETER}={architecture}"], cwd=folder, check=True)
    check_layer(folder / BUILT / LAYER, architecture)
    template = folder / BUILT / "template.yaml"
    template.write_text(pin_architecture(template.read_text(), architecture))
    return architecture


def _select_config(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments that choose the environment and the file: the build reads the same."""
    names = ("--config-env", "--config-file")
    for argument, value in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument in names:
            yield from (argument, value)
        elif argument.startswith(tuple(f"{name}=" for name in names)):
            yield argument


def _find_foreign_wheels(layer: Path, architecture: str) -> Iterator[str]:
    tag, _ = MACHINES[architecture]
    for wheel in sorted(layer.rglob("*.dist-info/WHEEL")):
        platforms = [one for tags in _TAG.findall(wheel.read_text()) for one in tags.split(".")]
        if not any(one == "any" or (one.startswith(GLIBC) and one.endswith(tag)) for one in platforms):
            yield f"{wheel.parent.name.removesuffix('.dist-info')} is for {', '.join(platforms) or 'nothing'}"


def _find_foreign_libraries(libraries: Sequence[Path], architecture: str) -> Iterator[str]:
    _, machine = MACHINES[architecture]
    for library in libraries:
        with library.open("rb") as file:
            header = file.read(20)
        is_elf = header.startswith(_ELF) and len(header) == 20 and header[5] == _LITTLE_ENDIAN
        if not is_elf or int.from_bytes(header[_MACHINE], "little") != machine:
            yield f"{library.name} is for another machine"


def main() -> None:
    try:
        architecture = build_for_deploy(PROJECT, sys.argv[1:])
    except (InvalidSamConfig, WrongBuild) as problem:
        sys.exit(f"error: {problem}")
    except subprocess.CalledProcessError as problem:
        sys.exit(problem.returncode)
    typer.echo(f"built for {architecture}")


if __name__ == "__main__":
    main()
