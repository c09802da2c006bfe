"""Compiles what `sam build` made, since Lambda cannot: /opt and /var/task are read-only there.

Run by `make build` as `python -m cli.bytecode .aws-sam/build`, after `sam build` and before `sam deploy`.

Each .pyc is valid without a look at its source ("unchecked hash"). The usual .pyc holds the time at which its
source was written, which an upload does not keep. Paths in tracebacks are those of Lambda, so that the same
sources give the same bytes on every machine.
"""

import compileall
import sys
from collections.abc import Sequence
from pathlib import Path
from py_compile import PycInvalidationMode

RUNTIME = (3, 13)  # of template.yaml; other versions of Python do not read its bytecode
MOST_BYTES = 250 * 1024 * 1024  # Lambda's limit for a function and its layers, unpacked


class BuildError(Exception):
    """A build that cannot be deployed, in one line."""


def compile_build(folder: Path, *, version: tuple[int, int] = sys.version_info[:2], workers: int = 0) -> int:
    """Writes bytecode beside every module below the folder and gives the bytes of the largest function.

    Its layers are counted. `workers` is the number of processes; 0 means one for each core. Raises BuildError
    for another Python than Lambda's, for a file that is not valid Python, and for a build that is too large.
    """
    if version != RUNTIME:
        raise BuildError(
            f"the build runs on Python {version[0]}.{version[1]}, but Lambda on"
            f" {RUNTIME[0]}.{RUNTIME[1]}: remove .venv and run make again"
        )
    parts = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not parts:
        raise BuildError(f"{folder} has no build: run `make build`")
    for part in parts:
        _compile(part, workers)
    size = measure_largest(parts)
    if size > MOST_BYTES:
        raise BuildError(f"a function and its layers have {size:,} bytes; Lambda takes {MOST_BYTES:,}")
    return size


def measure_largest(parts: Sequence[Path]) -> int:
    """Bytes of the largest function together with all layers."""
    sizes = {part: sum(path.stat().st_size for path in part.rglob("*") if path.is_file()) for part in parts}
    layers = sum(size for part, size in sizes.items() if _is_layer(part))
    return layers + max((size for part, size in sizes.items() if not _is_layer(part)), default=0)


def _compile(part: Path, workers: int) -> None:
    valid = compileall.compile_dir(
        part,
        maxlevels=100,
        quiet=1,  # only errors
        workers=workers,
        stripdir=part,
        prependdir="/opt" if _is_layer(part) else "/var/task",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not valid:
        raise BuildError(f"{part} has a file that is not valid Python: see above")


def _is_layer(part: Path) -> bool:
    """Lambda unpacks layers into /opt and finds modules in /opt/python."""
    return (part / "python").is_dir()


def main(arguments: Sequence[str]) -> None:
    """Compiles the build in the folder that is named."""
    [folder] = arguments
    try:
        size = compile_build(Path(folder))
    except BuildError as error:
        sys.exit(f"error: {error}")
    sys.stdout.write(f"{folder}: compiled; the largest function and its layers have {size / 1e6:,.0f} MB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
