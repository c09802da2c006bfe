"""What all suites share: hypothesis profiles, the network's switch, the data beside the repository."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket, enable_socket

SHARED = Path(os.environ.get("SLUICE_SHARED", Path(__file__).parents[2] / "shared"))

# `ci` tries the same examples every time; HYPOTHESIS_PROFILE=explore looks for new ones, and `brief`, for
# `make mutants`, tries few.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("ci"), derandomize=False, max_examples=2000)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


LONGEST_NAME = 60  # of a parameter, in characters


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names by which a test is known in every process: bytes may hold a time, long texts nobody reads."""
    if isinstance(val, bytes) or (isinstance(val, str) and len(val) > LONGEST_NAME):
        return argname
    return None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of captured requests and cases (SLUICE_SHARED, ../shared by default)."""
    if not SHARED.is_dir():
        pytest.skip(f"there is no {SHARED.name} folder beside the repository; SLUICE_SHARED names another")
    return SHARED


@pytest.fixture
def without_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """No socket opens, but in tests marked `enable_socket`."""
    if request.node.get_closest_marker("enable_socket"):
        yield
        return
    disable_socket()
    yield
    enable_socket()
