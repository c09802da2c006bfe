"""The template and the examples of docs/front-door.md (`make check` lints the template)."""

import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import loads
from ruamel.yaml import YAML

from sluice.ingest.proxies import find_client_address
from sluice.workspace.models import Source

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "front-door.md").read_text()


@pytest.fixture(scope="module")
def front_door() -> dict[str, Any]:
    resources: dict[str, Any] = loads((DOCS / "front-door.yaml").read_text())["Resources"]
    return resources


def test_the_distribution_passes_every_request_on_and_keeps_no_answer(front_door: dict[str, Any]) -> None:
    behaviour = front_door["Distribution"]["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]
    assert {"GET", "POST", "OPTIONS"} <= set(behaviour["AllowedMethods"])
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled


def test_the_distribution_says_by_which_host_clients_come(front_door: dict[str, Any]) -> None:
    config = front_door["Distribution"]["Properties"]["DistributionConfig"]
    [origin] = config["Origins"]
    assert origin["OriginCustomHeaders"] == [
        {"HeaderName": "X-Forwarded-Host", "HeaderValue": {"Ref": "DomainName"}}
    ]
    assert config["Aliases"] == [{"Ref": "DomainName"}]


def test_an_address_above_the_rate_is_asked_to_come_again_in_a_way_that_pages_can_read(
    front_door: dict[str, Any],
) -> None:
    config = front_door["Distribution"]["Properties"]["DistributionConfig"]
    assert config["WebACLId"] == {"Fn::GetAtt": ["WebAcl", "Arn"]}
    rule, _ = front_door["WebAcl"]["Properties"]["Rules"]
    response = rule["Action"]["Block"]["CustomResponse"]
    headers = {header["Name"]: header["Value"] for header in response["ResponseHeaders"]}
    assert (response["ResponseCode"], headers["Access-Control-Allow-Origin"]) == (429, "*")
    assert int(headers["Retry-After"]) > 0


def test_the_documented_quota_is_valid() -> None:
    [example] = re.findall(r"^quota: .*$", TEXT, re.MULTILINE)
    quota = Source.model_validate(YAML(typ="safe").load(example)).quota
    assert quota is not None
    assert (quota.events_per_minute, quota.bytes_per_minute) == (10_000, 20_000_000)


def test_the_documented_hops_find_the_client() -> None:
    rows = re.findall(r"^\| [\w ,]+ \| (\d) \| `([^`]+)` \| `client` \|$", TEXT, re.MULTILINE)
    assert len(rows) == 3
    addresses = {"client": "203.0.113.8", "cloudflare": "198.51.100.1", "cloudfront": "130.176.0.9"}
    for hops, forwarded in rows:
        seen = [addresses[name] for name in forwarded.split(", ")]
        assert find_client_address({"x-forwarded-for": ", ".join(seen)}, seen[-1], int(hops)) == seen[0]
