"""The main stack of the end-to-end tests: one for the session, always taken down."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.stacks import LocalStack, remove_leftovers, running_stack


@pytest.fixture(scope="session")
def main_stack() -> Iterator[LocalStack]:
    remove_leftovers()
    with running_stack("main") as stack:
        yield stack


@pytest.fixture(scope="session")
def facts(main_stack: LocalStack) -> dict[str, Any]:
    """The main stack's stack.json: addresses, keys, queues."""
    assert main_stack.facts
    return main_stack.facts


@pytest.fixture
def run() -> str:
    """Marks everything a test sends, so that tests can share a stack."""
    return f"run-{uuid.uuid4().hex[:10]}"
