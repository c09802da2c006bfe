"""The AWS region that commands work in."""

import os
from collections.abc import Mapping
from difflib import get_close_matches

import boto3


class UnknownRegion(Exception):
    """A region that AWS does not have; `hint` names the nearest one."""

    def __init__(self, region: str, hint: str) -> None:
        super().__init__(f"unknown AWS region {region!r}")
        self.hint = hint


def find_region(environment: Mapping[str, str] = os.environ) -> str | None:
    """`AWS_REGION`, else `AWS_DEFAULT_REGION` or the profile's, which boto3 reads; None if none is set.

    boto3 itself does not read `AWS_REGION`. Raises UnknownRegion before anything is sent, because requests
    to a host that does not exist are retried for long.
    """
    session = boto3.Session()
    region = environment.get("AWS_REGION") or session.region_name
    if region is None:
        return None
    known = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("cloudformation", partition)
    ]
    if region not in known:
        near = get_close_matches(region, known, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UnknownRegion(region, f"{hint}set AWS_REGION, for example eu-central-1")
    return region
