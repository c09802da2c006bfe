"""The alarms of a deployed template, those that the emulator could not make included."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.local.metrics.alarms import Alarm, read_alarm

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"


class UnknownFunction(ValueError):
    """A CloudFormation function that the alarms have not used so far."""


@dataclass(frozen=True)
class Stack:
    """A processed template (loops unrolled, mappings looked up) and what became of it.

    `physical` are the physical ids of what was made, by logical id; `pseudo` the values of `AWS::…`.
    """

    resources: Mapping[str, Any]
    physical: Mapping[str, str]
    pseudo: Mapping[str, str]


def read_alarms(stack: Stack) -> tuple[list[Alarm], list[dict[str, Any]]]:
    """The metric alarms, and the arguments of PutCompositeAlarm, those that others watch first."""
    found: dict[str, list[dict[str, Any]]] = {METRIC: [], COMPOSITE: []}
    for resource in stack.resources.values():
        if resource["Type"] in found:
            found[resource["Type"]].append(resolve(resource["Properties"], stack))
    names = [composite["AlarmName"] for composite in found[COMPOSITE]]
    composites = sorted(found[COMPOSITE], key=lambda c: sum(f'"{name}"' in c["AlarmRule"] for name in names))
    return [read_alarm(properties) for properties in found[METRIC]], composites


def resolve(node: Any, stack: Stack) -> Any:
    """Values for Ref, Fn::Sub, Fn::Join, and the QueueName of Fn::GetAtt. Raises UnknownFunction."""
    match node:
        case {"Ref": str(name)}:
            return _find(name, stack)
        case {"Fn::GetAtt": [str(name), "QueueName"]}:
            return stack.physical[name].rpartition("/")[2]
        case {"Fn::Sub": str(text)}:
            return _substitute(text, {}, stack)
        case {"Fn::Sub": [str(text), dict(values)]}:
            return _substitute(text, resolve(values, stack), stack)
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(resolve(parts, stack))
        case dict() if any(key.startswith("Fn::") for key in node):
            raise UnknownFunction(str(node))
        case dict():
            return {key: resolve(value, stack) for key, value in node.items()}
        case list():
            return [resolve(value, stack) for value in node]
    return node


def _find(name: str, stack: Stack) -> str:
    """A pseudo parameter, a physical id, or the name of an alarm that the emulator did not make."""
    if name in stack.pseudo:
        return stack.pseudo[name]
    if name in stack.physical:
        return stack.physical[name]
    return str(resolve(stack.resources[name]["Properties"]["AlarmName"], stack))


def _substitute(text: str, values: Mapping[str, Any], stack: Stack) -> str:
    def fill(match: re.Match[str]) -> str:
        return str(values[match[1]]) if match[1] in values else _find(match[1], stack)

    return re.sub(r"\$\{([\w:]+)\}", fill, text)
