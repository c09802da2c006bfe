"""The functions and their layer as `make build` makes them, for this machine's processor.

The layer that is deployed is usually built for another processor. Here its packages are taken from this
environment, in the versions of layers/common/requirements.txt.
"""

import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

from cli.bytecode import compile_build

PROJECT = Path(__file__).parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def build_functions(folder: Path, *, with_bytecode: bool = True) -> None:
    """Writes CommonLayer and one folder per function below `folder`."""
    packages = folder / "CommonLayer" / "python"
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "layers/common/sluice", packages / "sluice", ignore=unwanted)
    copy_packages(packages)
    for function in (PROJECT / "functions").iterdir():
        shutil.copytree(function, folder / function.name, ignore=unwanted)
    if with_bytecode:
        compile_build(folder)


def copy_packages(target: Path) -> None:
    """Copies the files of every package of the layer, without bytecode and scripts."""
    for name, version in PINNED.findall((PROJECT / "layers/common/requirements.txt").read_text()):
        package = distribution(name)
        if package.version != version:
            raise SystemExit(
                f"{name} {package.version} is installed, the layer has {version}: make .venv/.synced"
            )
        for file in package.files or ():
            if ".." in file.parts or "__pycache__" in file.parts:
                continue
            copy = target / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), copy)
