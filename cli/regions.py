"""The AWS region that commands work in."""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches

from botocore.session import Session


class UnknownRegion(Exception):
    """A region that AWS does not have; `hint` names the nearest one."""

    def __init__(self, region: str, hint: str) -> None:
        super().__init__(f"unknown AWS region {region!r}")
        self.hint = hint


def find_region(
    environment: Mapping[str, str] = os.environ, *, chosen: str = "", profile: str = ""
) -> str | None:
    """`chosen`, else `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile's region; None if none is set.

    boto3 itself does not read `AWS_REGION`. Raises UnknownRegion before anything is sent, because requests
    to a host that does not exist are retried for long.
    """
    session = Session(profile=profile or None)
    region: str | None = (
        chosen or environment.get("AWS_REGION") or session.get_config_variable("region") or None
    )
    if region is None:
        return None
    known = [
        name
        for partition in session.get_data("partitions")["partitions"]
        for name in partition["regions"]
        if re.fullmatch(partition["regionRegex"], name)  # not "aws-global"
    ]
    if region not in known:
        near = get_close_matches(region, known, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UnknownRegion(region, f"{hint}set AWS_REGION, for example eu-central-1")
    return region
