"""Functions → bootstrap → adapters → core; and what the core needs from outside comes in as an argument."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "layers/common/sluice"
OUTSIDE = {"adapters", "bootstrap"}

# Modules that reach out of a pure function: AWS, the process, the clock, chance, the network.
IMPURE = {
    *(
        "boto3",
        "botocore",
        "aws_lambda_powertools",
        "types_boto3_sqs",
        "urllib3",
        "requests",
        "http",
        "socket",
    ),
    *("os", "sys", "time", "random", "secrets", "uuid", "subprocess", "logging", "asyncio"),
}
CLOCKS = re.compile(r"\bdate(time)?\.(now|utcnow|today)$")


def list_modules(*, outside: bool) -> list[Path]:
    files = sorted(PRODUCT.rglob("*.py"))
    return [file for file in files if (file.relative_to(PRODUCT).parts[0] in OUTSIDE) is outside]


def find_imports(source: str) -> Iterator[str]:
    """Every module that is imported, wherever in the file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def find_clocks(source: str) -> list[str]:
    """Calls such as `datetime.now()`."""
    calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call for call in calls if CLOCKS.search(call)]


def find_forbidden(source: str, forbidden: set[str]) -> list[str]:
    """Imports of a module in `forbidden`, or of one inside it."""
    return [
        name
        for name in find_imports(source)
        if any(name == module or name.startswith(module + ".") for module in forbidden)
    ]


def name_file(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", list_modules(outside=False), ids=name_file)
def test_the_core_reaches_for_nothing_outside(path):
    assert find_forbidden(path.read_text(), IMPURE) == []


@pytest.mark.parametrize("path", list_modules(outside=False), ids=name_file)
def test_the_core_has_no_clock(path):
    assert find_clocks(path.read_text()) == []


@pytest.mark.parametrize("path", list_modules(outside=False), ids=name_file)
def test_the_core_knows_no_adapter(path):
    assert find_forbidden(path.read_text(), {"sluice.adapters", "sluice.bootstrap"}) == []


@pytest.mark.parametrize("path", sorted((PRODUCT / "adapters").rglob("*.py")), ids=name_file)
def test_adapters_know_nothing_of_how_they_are_put_together(path):
    assert find_forbidden(path.read_text(), {"sluice.bootstrap", "os"}) == []


@pytest.mark.parametrize("path", sorted(PRODUCT.rglob("*.py")), ids=name_file)
def test_the_product_knows_neither_functions_nor_tools_nor_tests(path):
    assert find_forbidden(path.read_text(), {"functions", "cli", "tests", "benchmarks"}) == []


@pytest.mark.parametrize("path", sorted((ROOT / "functions").rglob("*.py")), ids=name_file)
def test_functions_leave_aws_to_the_bootstrap(path):
    assert find_forbidden(path.read_text(), {"boto3", "botocore", "os", "sluice.adapters", "cli"}) == []


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*/app.py")), ids=name_file)
def test_a_handler_is_at_most_60_lines(path):
    assert len(path.read_text().splitlines()) <= 60


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*/app.py")), ids=name_file)
def test_a_function_is_one_file(path):
    assert [other.name for other in path.parent.glob("*.py")] == ["app.py"]


@pytest.mark.parametrize(
    "source",
    [
        "import boto3",
        "import os.path",
        "from os import environ",
        "def f():\n    import time",
        "from time import sleep",
    ],
)
def test_an_impure_import_is_seen(source):
    assert find_forbidden(source, IMPURE)


def test_a_clock_is_seen():
    assert find_clocks("x = datetime.datetime.now(UTC)") == ["datetime.datetime.now"]
