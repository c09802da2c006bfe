import pytest


@pytest.fixture(autouse=True)
def _network_is_off(without_network: None) -> None:
    pass
