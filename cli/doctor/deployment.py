"""What would be deployed, and where: read once, before the checks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.functions.files import read_functions
from cli.samconfig import DeploySettings
from sluice.transforms.source import read_source

_DEFAULT = re.compile(r"^  (?P<name>\w+):\n(?P<body>(?:    .*\n|\n)*)", re.MULTILINE)
_VALUE = re.compile(r"^    Default: (?P<value>.*)$", re.MULTILINE)
_PARAMETERS = re.compile(r"^Parameters:\n(?P<body>.*?)(?=^\w)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack as it is: physical ids by logical id, parameters, and CloudFormation's status and id."""

    status: str
    resources: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    stack_id: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """`workspace` is compiled; `function_secrets` are parameters' names by function.

    `deployed` is None for a first deploy, `arguments` are those of `sam deploy`. `client` gives clients of
    AWS's services, in the region and with the profile that are used.
    """

    folder: Path
    settings: DeploySettings
    arguments: tuple[str, ...]
    template_text: str
    workspace: Mapping[str, Any]
    function_secrets: Mapping[str, list[str]]
    deployed: Deployed | None
    client: Callable[[str], Any]

    @property
    def stack(self) -> str:
        return self.settings.stack

    def parameter(self, name: str) -> str:
        """The value that a deploy would use: given now, else kept from the stack, else the default."""
        if name in self.settings.parameters:
            return self.settings.parameters[name]
        if self.deployed is not None and name in self.deployed.parameters:
            return self.deployed.parameters[name]
        return read_defaults(self.template_text).get(name, "")


def read_defaults(template_text: str) -> dict[str, str]:
    """The default of each parameter of template.yaml that has one."""
    section = _PARAMETERS.search(template_text)
    defaults = {}
    for match in _DEFAULT.finditer(section["body"] if section else ""):
        if value := _VALUE.search(match["body"]):
            defaults[match["name"]] = value["value"].strip().strip('"')
    return defaults


def read_deployed(cloudformation: Any, stack: str) -> Deployed | None:
    """The stack as it is, None where there is none. Raises what boto3 raises."""
    try:
        description = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        if "PhysicalResourceId" in entry and entry["ResourceStatus"] != "DELETE_COMPLETE"
    }
    parameters = {
        entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in description.get("Parameters", [])
    }
    return Deployed(description["StackStatus"], resources, parameters, description.get("StackId", ""))


def list_function_secrets(workspace: Path) -> dict[str, list[str]]:
    """The parameters' names that each function of a workspace folder asks for."""
    functions, _ = read_functions(workspace)
    return {
        name: sorted(set(read_source(function.text).secrets.values())) for name, function in functions.items()
    }
