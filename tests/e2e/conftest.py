"""The main stack of the end-to-end tests: one for the session, always taken down."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stacks import SESSION, LocalStack, remove_leftovers, running_stack

LOG_LINES = 25


@pytest.fixture(scope="session", autouse=True)
def _clean_start() -> None:
    remove_leftovers()


@pytest.fixture(scope="session")
def main_stack() -> Iterator[LocalStack]:
    with running_stack("main") as stack:
        yield stack


@pytest.fixture(scope="session")
def facts(main_stack: LocalStack) -> dict[str, Any]:
    """What the main stack's stack.json says."""
    return main_stack.facts


@pytest.fixture
def run() -> str:
    """Marks everything a test sends, so that tests can share a stack."""
    return f"run-{uuid.uuid4().hex[:10]}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A test that failed shows the last that the stacks of the session logged."""
    report = yield
    if report.failed and Path(__file__).parent in item.path.parents:
        for log in sorted(SESSION.glob("*/*.log")):
            lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
            report.sections.append((f"{log.parent.name}/{log.name}", "\n".join(line[:400] for line in lines)))
    return report
