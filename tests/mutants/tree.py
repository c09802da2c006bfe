"""A copy of the repository in which mutmut works, so that a run never changes the sources.

In it the package `sluice` is at the top, where mutmut expects the name of a module to begin.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.packages import Package

ROOT = Path(__file__).parents[2]
LAYER = Path("layers/common/sluice")
NOTHING = "no-mutant-has-this-name"
PYTEST = ("-p", "no:cacheprovider", "-p", "mutants_depth", "--hypothesis-seed=0")
DEPTH = "import sys\n\nsys.setrecursionlimit(3 * sys.getrecursionlimit())\n"
"""A plugin for pytest: a call of a mutated function is three calls deep, so recursion needs more room."""
SHOWN_LINES = 30
LONGEST = 600  # seconds for all tests of a package


class RunFailed(Exception):
    """mutmut could not do its work; the text is its output."""


@dataclass(frozen=True, slots=True)
class Tree:
    """`folder` holds the copy, `mutated` the copy that mutmut makes of it."""

    folder: Path

    @property
    def mutated(self) -> Path:
        return self.folder / "mutants"

    @property
    def _plugin(self) -> Path:
        return self.folder / "plugin"

    def write_plugin(self) -> None:
        self._plugin.mkdir()
        (self._plugin / "mutants_depth.py").write_text(DEPTH)

    def generate(self) -> None:
        """Makes all mutants of the package, and finds out which tests reach which of them."""
        told = self._run(NOTHING)
        if not list(self.mutated.rglob("*.meta")) or not (self.mutated / "mutmut-stats.json").exists():
            raise RunFailed(_shorten(told))

    def run(self, names: Sequence[str]) -> None:
        """Runs the tests against each of these mutants."""
        told = self._run(*names)
        if "Failed to run clean test" in told:
            raise RunFailed(_shorten(told))

    def survives_alone(self, name: str, tests: Sequence[str]) -> bool:
        """Whether all tests pass in a new process with this mutant.

        mutmut's own processes have the modules imported already: there a change to what a module does while
        it is imported is never noticed.
        """
        command = [sys.executable, "-m", "pytest", "-x", "-q", *PYTEST, *(f"tests/{path}" for path in tests)]
        paths = os.pathsep.join([str(self.mutated), str(self._plugin)])
        environment = {**_make_environment(), "MUTANT_UNDER_TEST": name, "PYTHONPATH": paths}
        try:
            ran = subprocess.run(
                command, cwd=self.mutated, env=environment, capture_output=True, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return ran.returncode == 0

    def _run(self, *names: str) -> str:
        """What mutmut prints. Its exit code says nothing: with survivors it is that of a failure."""
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *names]
        brief = {"HYPOTHESIS_PROFILE": "brief"}  # survivors are tried with all examples by `survives_alone`
        environment = {**_make_environment(), **brief, "PYTHONPATH": str(self._plugin)}
        ran = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        return ran.stdout + ran.stderr


def make_tree(package: Package) -> Tree:
    """A fresh copy of everything that is not ignored by git, with mutmut's settings for the package."""
    folder = ROOT / "build" / "mutants" / package.name
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    files = [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]
    for file in files:
        _copy(ROOT / file, folder / file)
        if file.is_relative_to(LAYER):
            _copy(ROOT / file, folder / "sluice" / file.relative_to(LAYER))
    tops = sorted({file.parts[0] for file in files} - {"tests"})
    (folder / "setup.cfg").write_text(_write_settings(package, tops))
    tree = Tree(folder)
    tree.write_plugin()
    return tree


def _shorten(told: str) -> str:
    """The end of what mutmut printed, without its spinner."""
    lines = [line for line in told.splitlines() if line.strip() and not "⠀" <= line[0] <= "⣿"]
    return "\n".join(lines[-SHOWN_LINES:])


def _make_environment() -> dict[str, str]:
    shared = Path(os.environ.get("SLUICE_SHARED", ROOT.parent / "shared")).resolve()
    return {**os.environ, "SLUICE_SHARED": str(shared), "PYTHONDONTWRITEBYTECODE": "1"}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_settings(package: Package, tops: Sequence[str]) -> str:
    lists = {
        "source_paths": ["sluice"],
        "only_mutate": [f"sluice/{source}" for source in package.sources],
        "also_copy": tops,
        "pytest_add_cli_args_test_selection": [f"tests/{path}" for path in package.tests],
        "pytest_add_cli_args": PYTEST,
    }
    lines = [f"{name} =\n" + "".join(f"    {value}\n" for value in values) for name, values in lists.items()]
    # The tree is made anew for each run: nothing has to find out what changed since the last one.
    return "[mutmut]\n" + "".join(lines) + "track_dependencies = false\nuse_git_change_detection = false\n"
