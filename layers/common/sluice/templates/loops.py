"""`for` and `tablerow`: every turn pays for the size of the loop's body before it runs."""

from typing import Any, Final

from liquid.builtin.expressions import LoopExpression, StringLiteral
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.tablerow_tag import TablerowNode

from sluice.casts import parse_number
from sluice.errors import MappingError
from sluice.templates.data import show
from sluice.templates.environment import at_token
from sluice.templates.expressions import Value, compile_expression
from sluice.templates.limits import Run
from sluice.templates.scope import Loop, Scope
from sluice.templates.tags import Signal, Writer, compile_block, compile_nodes

HELPER_STEPS: Final = 2
"""What making `forloop` anew for a turn costs."""


def compile_for(node: ForNode, scope: Scope) -> Writer:
    """`for`, with `else` where there are no items. A `break` ends it, also in text captured around it."""
    items = compile_items(node.expression, scope)
    before = scope.weight
    loop = _enter(node, scope, "forloop")
    body = compile_nodes(node.block.nodes, scope, silent=node.block.blank)
    scope.leave()
    weight = scope.weight - before + HELPER_STEPS
    otherwise = compile_block(node.default, scope)
    helper, name = f"{loop.key} forloop", f"{node.expression.identifier}-{node.expression.iterable}"
    parent = next(
        (f"{outer.key} forloop" for outer in reversed(scope.loops) if outer.helper == "forloop"), None
    )
    if loop.helper_used:  # forloop.parentloop needs the helper of every loop around
        for outer in scope.loops:
            outer.helper_used = True

    def write_loop(run: Run) -> Signal:
        found = items(run)
        if not found:
            return otherwise(run) if otherwise else None
        size, names = len(found), run.names
        for index, item in enumerate(found):
            run.spend(weight)
            names[loop.key] = item
            if loop.helper_used:
                names[helper] = _place(index, size) | {
                    "name": name,
                    "parentloop": names.get(parent) if parent else None,
                }
            if body(run) == "break":
                break
        return None

    return write_loop


def compile_tablerow(node: TablerowNode, scope: Scope) -> Writer:
    """`tablerow`: an HTML table's rows, `cols` cells each."""
    items = compile_items(node.expression, scope)
    columns = compile_expression(node.expression.cols, scope) if node.expression.cols else None
    before = scope.weight
    loop = _enter(node, scope, "tablerowloop")
    body = compile_nodes(node.block.nodes, scope, silent=node.block.blank)
    scope.leave()
    weight = scope.weight - before + HELPER_STEPS
    helper = f"{loop.key} tablerowloop"

    def write_rows(run: Run) -> Signal:
        found = items(run)
        if not found:
            return None
        size = len(found)
        width = max(1, _whole(columns(run), size) if columns else size)
        run.write('<tr class="row1">\n')
        for index, item in enumerate(found):
            run.spend(weight)
            row, column = divmod(index, width)
            run.names[loop.key] = item
            run.names[helper] = _place(index, size) | {
                "row": row + 1,
                "col": column + 1,
                "col0": column,
                "col_first": column == 0,
                "col_last": column == width - 1,
            }
            run.write(f'<td class="col{column + 1}">')
            signal = body(run)
            run.write("</td>")
            if column == width - 1 and index < size - 1:
                run.write(f'</tr>\n<tr class="row{row + 2}">')
            if signal == "break":
                break
        run.write("</tr>\n")
        return None

    return write_rows


def compile_items(expression: LoopExpression, scope: Scope) -> Value:
    """The items of a loop after `offset`, `limit` and `reversed`; an object's are pairs of name and value."""
    source = compile_expression(expression.iterable, scope)
    limit = compile_expression(expression.limit, scope) if expression.limit else None
    goes_on = isinstance(expression.offset, StringLiteral) and expression.offset.value == "continue"
    offset = compile_expression(expression.offset, scope) if expression.offset and not goes_on else None
    key = f"{expression.identifier}-{expression.iterable} offset"
    backwards = expression.reversed

    def get_items(run: Run) -> Any:
        found = _items_of(run, source(run))
        size = len(found)
        start = run.names.get(key, 0) if goes_on else max(0, _whole(offset(run), 0)) if offset else 0
        stop = size if limit is None else max(0, min(size, start + _whole(limit(run), size)))
        run.names[key] = stop
        if start or stop < len(found):
            found = found[start:stop]
        return found[::-1] if backwards else found

    return get_items


def _whole(value: Any, instead: int) -> int:
    """The number of a loop's `limit`, `offset` or `cols`, without its fraction; `instead` where it is nil.

    Raises MappingError where it is not a number.
    """
    if value is None:
        return instead
    number = parse_number(value) if type(value) is str else value
    if type(number) is not int and type(number) is not float:
        raise MappingError(f"limit, offset and cols of a loop must be numbers, not {show(value)}")
    return int(number)


def _items_of(run: Run, value: Any) -> Any:
    kind = type(value)
    if kind is list or kind is range:
        run.spend(len(value) >> 4)
        return value
    if kind is dict:
        run.spend(2 * len(value))  # pairs are made
        return [[name, inner] for name, inner in value.items()]
    return [value] if kind is str and value else []


def _enter(node: ForNode | TablerowNode, scope: Scope, helper: str) -> Loop:
    name = str(node.expression.identifier)
    if name == "row":
        raise at_token(node.expression.token, "'row' is taken: choose another name")
    return scope.enter(name, helper)


def _place(index: int, size: int) -> dict[str, Any]:
    return {
        "index": index + 1,
        "index0": index,
        "rindex": size - index,
        "rindex0": size - index - 1,
        "first": index == 0,
        "last": index == size - 1,
        "length": size,
    }
