"""The template, expanded for two syncs: one with every default, one with none."""

from typing import Any

import pytest

from cli.template import render
from tests.template.builders import make_sync, make_workspace
from tests.template.expand import TEMPLATE, expand_template

type Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def template_text() -> str:
    return TEMPLATE.read_text()


@pytest.fixture(scope="session")
def example(template_text: str) -> dict[str, Any]:
    """The expanded template with the syncs `Plain` and `Own`."""
    own = make_sync("Own", destination="shop", max_concurrency=3, timeout=120)
    return expand_template(render(template_text, make_workspace(plain=make_sync(), own=own)))


@pytest.fixture(scope="session")
def resources(example: dict[str, Any]) -> Resources:
    return example["Resources"]


@pytest.fixture(scope="session")
def of_type(resources: Resources) -> Any:
    """`of_type("AWS::SQS::Queue")` gives the properties of the resources of a type by logical id."""

    def select(kind: str) -> dict[str, dict[str, Any]]:
        found = {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}
        assert found, f"no {kind} in the template"
        return found

    return select
