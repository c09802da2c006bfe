"""template.yaml after CloudFormation's LanguageExtensions transform: loops unrolled, mappings looked up.

Checkov and the policy tests read this, since neither sees into a `Fn::ForEach`. As a module it prints JSON.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import loads

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
NO_VALUE = {"Ref": "AWS::NoValue"}


def expand_template(text: str) -> dict[str, Any]:
    """The template with every resource written out. Only what template.yaml uses is understood."""
    template = json.loads(json.dumps(loads(text)))
    resources: dict[str, Any] = {}
    for name, body in template["Resources"].items():
        if name.startswith("Fn::ForEach::"):
            identifier, items, fragment = body
            for item in items:
                for key, resource in fragment.items():
                    resources[_fill(key, {identifier: item})] = _expand(
                        resource, {identifier: item}, template["Mappings"]
                    )
        else:
            resources[name] = _expand(body, {}, template["Mappings"])
    del template["Mappings"]
    return {**template, "Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


def resolve_name(node: Any, values: Mapping[str, str]) -> Any:
    """A property of an expanded template as CloudFormation would give it: Ref, Join, Select and Split."""
    match node:
        case {"Ref": str(name)}:
            return values[name]
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(resolve_name(part, values) for part in parts)
        case {"Fn::Select": [index, parts]}:
            return resolve_name(parts, values)[int(index)]
        case {"Fn::Split": [str(separator), text]}:
            return resolve_name(text, values).split(separator)
    return node


def resolve_conditions(node: Any, conditions: Mapping[str, bool]) -> Any:
    """What CloudFormation makes of `Fn::If` and `AWS::NoValue`; a condition that is not given is false."""
    match node:
        case {"Fn::If": [str(name), yes, no]}:
            return resolve_conditions(yes if conditions.get(name) else no, conditions)
        case dict():
            resolved = {key: resolve_conditions(value, conditions) for key, value in node.items()}
            return {key: value for key, value in resolved.items() if value != NO_VALUE}
        case list():
            return [one for one in (resolve_conditions(one, conditions) for one in node) if one != NO_VALUE]
    return node


def _expand(node: Any, bound: Mapping[str, str], mappings: Mapping[str, Any]) -> Any:
    """As CloudFormation does it: Ref, Fn::Sub and keys know the loop's name, plain strings do not."""
    match node:
        case {"Ref": str(name)} if name in bound:
            return bound[name]
        case {"Fn::Sub": str(text)} if bound:
            filled = _fill(text, bound)
            return {"Fn::Sub": filled} if "${" in filled else filled
        case {"Fn::FindInMap": [table, row, column, *rest]}:
            values = mappings[table][_expand(row, bound, mappings)]
            return values[column] if column in values else rest[0]["DefaultValue"]
        case dict():
            return {_fill(key, bound): _expand(value, bound, mappings) for key, value in node.items()}
        case list():
            return [_expand(value, bound, mappings) for value in node]
    return node


def _fill(text: str, bound: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: bound.get(match[1], match[0]), text)


if __name__ == "__main__":
    json.dump(expand_template(TEMPLATE.read_text()), sys.stdout, indent=2)
