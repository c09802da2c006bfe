"""Every permission in the template, as lines a reviewer can read.

`python -m tests.template.permissions > tests/template/permissions.json` writes what a test compares.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from cli.template import render
from tests.template.builders import make_sync, make_workspace
from tests.template.expand import TEMPLATE, expand_template


def list_permissions(template: dict[str, Any]) -> dict[str, list[str]]:
    """Sorted lines `Effect action on resource` by the logical id that carries the policy."""
    listed = {
        name: sorted(line for statement in find_statements(resource) for line in describe(statement))
        for name, resource in template["Resources"].items()
    }
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Permission":
            properties = resource["Properties"]
            caller = f"{properties['Principal']} from {to_text(properties['SourceArn'])}"
            listed[name] = [
                f"Allow {properties['Action']} on {to_text(properties['FunctionName'])} to {caller}"
            ]
    return {name: lines for name, lines in sorted(listed.items()) if lines}


def find_statements(node: Any) -> Iterator[dict[str, Any]]:
    """The policy statements anywhere in a resource."""
    if isinstance(node, dict):
        if "Effect" in node and "Action" in node:
            yield node
        for value in node.values():
            yield from find_statements(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_statements(value)


def describe(statement: dict[str, Any]) -> Iterator[str]:
    """One line for each pair of action and resource, with the principal and the condition if it has any."""
    principal = f" to {to_text(statement['Principal'])}" if "Principal" in statement else ""
    condition = f" if {to_text(statement['Condition'])}" if "Condition" in statement else ""
    for action in as_list(statement["Action"]):
        for resource in as_list(statement.get("Resource", "this role")):
            yield f"{statement['Effect']} {action} on {to_text(resource)}{principal}{condition}"


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def to_text(node: Any) -> str:
    """References as `${Name.Attribute}`, everything else as compact JSON."""
    match node:
        case str():
            return node
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": [text, variables]}:
            return re.sub(
                r"\$\{(\w+)\}", lambda m: to_text(variables[m[1]]) if m[1] in variables else m[0], text
            )
        case {"Fn::Sub": text}:
            return str(text)
        case {"Service": service}:
            return str(service)
        case list():
            return "[" + ", ".join(map(to_text, node)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {to_text(value)}" for key, value in node.items()) + "}"
    return json.dumps(node)


if __name__ == "__main__":
    text = render(TEMPLATE.read_text(), make_workspace(plain=make_sync()))
    json.dump(list_permissions(expand_template(text)), sys.stdout, indent=2)
    sys.stdout.write("\n")
