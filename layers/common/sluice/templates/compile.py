"""A template's text to a function of an event: parsed, compiled and checked once, at load."""

from liquid.ast import Node
from liquid.builtin.output import OutputNode

from sluice.errors import MappingError
from sluice.fields import MISSING, Getter
from sluice.templates.calls import FAULTS
from sluice.templates.data import Special
from sluice.templates.environment import at_place, parse
from sluice.templates.expressions import Value, compile_expression
from sluice.templates.limits import Run
from sluice.templates.scope import Scope
from sluice.templates.tags import assigned_names, compile_nodes, counter_names


def compile_text(text: str) -> Getter:
    """See `sluice.templates.compile_template`."""
    nodes = parse(text.strip("\r\n") if text.strip("\r\n")[:2] == "{{" else text)
    scope = Scope()
    try:
        scope.assigned, scope.counters = assigned_names(nodes), counter_names(nodes)
        if len(nodes) == 1 and type(nodes[0]) is OutputNode:
            return _guard(_compile_typed(compile_expression(nodes[0].expression, scope)))
        return _guard(_compile_written(nodes, scope))
    except RecursionError as error:
        raise at_place(text, 0, 1, "nested too deep") from error


def _compile_typed(value: Value) -> Value:
    def get(run: Run) -> object:
        found = value(run)
        kind = type(found)
        if found is None or kind is Special:
            return MISSING
        return list(found) if kind is range else found

    return get


def _compile_written(nodes: list[Node], scope: Scope) -> Value:
    write_all = compile_nodes(nodes, scope)

    def get(run: Run) -> str:
        write_all(run)
        return "".join(run.out)

    return get


def _guard(value: Value) -> Getter:
    def get(event: object) -> object:
        try:
            return value(Run(event))
        except FAULTS as error:
            raise MappingError(
                "the template cannot use this event: a value is not JSON or nested too deep"
            ) from error

    return get
