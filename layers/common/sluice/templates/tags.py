"""Tags and text to closures: each writes to the run, and says where a loop is to be left or goes on."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.cycle_tag import CycleNode
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.doc_tag import DocNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.ifchanged_tag import IfChangedNode
from liquid.builtin.tags.increment_tag import IncrementNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.builtin.tags.liquid_tag import LiquidNode
from liquid.builtin.tags.tablerow_tag import TablerowNode
from liquid.builtin.tags.unless_tag import UnlessNode

from sluice.templates.data import equal, truthy, write
from sluice.templates.environment import at_token
from sluice.templates.expressions import Value, compile_expression
from sluice.templates.limits import MAX_TEXT, Run, steps_to_make, steps_to_write
from sluice.templates.scope import ROOTS, Scope, counter_key

type Signal = Literal["break", "continue"] | None
type Writer = Callable[[Run], Signal]

_SILENT: Final = (CommentNode, InlineCommentNode, DocNode)


def compile_nodes(nodes: Iterable[Node], scope: Scope, *, silent: bool = False) -> Writer:
    """A function that writes the nodes in order; `silent` leaves text out, for blocks without any."""
    writers = [
        compile_node(node, scope)
        for node in nodes
        if not isinstance(node, _SILENT) and not (silent and isinstance(node, ContentNode))
    ]
    if len(writers) == 1:
        return writers[0]

    def write_all(run: Run) -> Signal:
        for writer in writers:
            signal = writer(run)
            if signal is not None:
                return signal
        return None

    return write_all


def compile_block(block: BlockNode | None, scope: Scope) -> Writer | None:
    """The body of a tag."""
    return None if block is None else compile_nodes(block.nodes, scope, silent=block.blank)


def compile_node(node: Node, scope: Scope) -> Writer:
    """A function that writes one node. Raises WorkspaceError for what is wrong in it."""
    from sluice.templates.loops import compile_for, compile_tablerow  # noqa: PLC0415 - loops have bodies

    scope.weight += 1
    match node:
        case ContentNode(text=text):
            return _compile_content(text)
        case OutputNode(expression=expression):
            return _compile_output(compile_expression(expression, scope))
        case AssignNode(name=name, expression=expression):
            return _compile_assign(name, compile_expression(expression, scope))
        case CaptureNode(name=name, block=block):
            return _compile_capture(name, compile_nodes(block.nodes, scope))
        case IfNode() | UnlessNode():
            return _compile_if(node, scope)
        case CaseNode():
            return _compile_case(node, scope)
        case ForNode():
            return compile_for(node, scope)
        case TablerowNode():
            return compile_tablerow(node, scope)
        case BreakNode() | ContinueNode():
            signal: Signal = "break" if isinstance(node, BreakNode) else "continue"
            if not scope.loops:
                raise at_token(node.token, f"{signal!r} stands outside a loop")
            return lambda _run: signal
        case IncrementNode(name=name):
            return _compile_counter(counter_key(str(name)), 0, 1)
        case DecrementNode(name=name):
            return _compile_counter(counter_key(str(name)), -1, -1)
        case CycleNode():
            return _compile_cycle(node, scope)
        case IfChangedNode(block=block):
            return _compile_if_changed(compile_nodes(block.nodes, scope))
        case LiquidNode(block=block):
            return compile_nodes(block.nodes, scope, silent=block.blank)
        case BlockNode():
            return compile_nodes(node.nodes, scope, silent=node.blank)
    raise at_token(node.token, f"the tag {node.token.value!r} is not supported")


def assigned_names(nodes: Iterable[Node]) -> set[str]:
    """Every name that the template sets anywhere. Raises WorkspaceError where it sets `row`."""
    names = set()
    for node in _all_nodes(nodes):
        for name in node.template_scope():
            if name in ROOTS:
                raise at_token(name.token, f"{str(name)!r} is taken: choose another name")
            names.add(str(name))
    return names


def counter_names(nodes: Iterable[Node]) -> set[str]:
    """Every name that `increment` or `decrement` counts."""
    counters = (node for node in _all_nodes(nodes) if isinstance(node, IncrementNode | DecrementNode))
    return {str(node.name) for node in counters}


def _all_nodes(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all_nodes(node.children(None))  # type: ignore[arg-type]  # only loaders would use it


def captured(run: Run, body: Writer) -> tuple[str, Signal]:
    """What a body writes, apart from the output."""
    outer, size = run.out, run.size
    run.out, run.size = [], 0
    signal = body(run)
    text = "".join(run.out)
    run.out, run.size = outer, size
    run.spend(steps_to_make(text))
    return text, signal


def _compile_content(text: str) -> Writer:
    """As `Run.write`, of a text whose size and price are known before."""
    size, steps = len(text), steps_to_write(text)

    def write_content(run: Run) -> None:
        run.size += size
        run.left -= steps
        if run.size > MAX_TEXT or run.left < 0:
            run.refuse_output()
        run.out.append(text)

    return write_content


def _compile_output(value: Value) -> Writer:
    def write_output(run: Run) -> None:
        found = value(run)
        if found is not None:
            run.write(found if type(found) is str else write(run, found))

    return write_output


def _compile_assign(name: str, value: Value) -> Writer:
    name = str(name)

    def assign(run: Run) -> None:
        run.names[name] = value(run)

    return assign


def _compile_capture(name: str, body: Writer) -> Writer:
    name = str(name)

    def capture(run: Run) -> Signal:
        run.names[name], signal = captured(run, body)
        return signal

    return capture


def _compile_if(node: Any, scope: Scope) -> Writer:
    branches = [(compile_expression(node.condition, scope), compile_block(node.consequence, scope))]
    if isinstance(node, UnlessNode):
        condition = branches[0][0]
        branches = [(lambda run: not condition(run), branches[0][1])]
    branches += [
        (compile_expression(branch.expression, scope), compile_block(branch.block, scope))
        for branch in node.alternatives
    ]
    otherwise = compile_block(node.default, scope)

    def write_branch(run: Run) -> Signal:
        for condition, body in branches:
            if truthy(condition(run)):
                return body(run) if body else None
        return otherwise(run) if otherwise else None

    return write_branch


def _compile_case(node: CaseNode, scope: Scope) -> Writer:
    """Every `when` is written once for each of its values that match, an `else` when none before it did."""
    subject = compile_expression(node.expression, scope)
    branches: list[tuple[list[Value] | None, Writer, int]] = []
    for block in node.blocks:
        values = None
        if isinstance(block, MultiExpressionBlockNode):
            values = [compile_expression(value, scope) for value in block.expression.expressions]
        before, inner = scope.weight, block if isinstance(block, BlockNode) else block.block
        body = compile_nodes(inner.nodes, scope, silent=inner.blank)
        branches.append((values, body, scope.weight - before))

    def write_matching(run: Run) -> Signal:
        wanted, matched = subject(run), False
        for values, body, weight in branches:
            if values is None:
                hits = 0 if matched else 1
            else:
                hits = sum(equal(run, wanted, value(run)) for value in values)
                matched = matched or hits > 0
            for turn in range(hits):
                if turn:
                    run.spend(weight)  # a loop around has paid for the body once
                if (signal := body(run)) is not None:
                    return signal
        return None

    return write_matching


def _compile_counter(key: str, start: int, step: int) -> Writer:
    def count(run: Run) -> None:
        current = run.names.get(key)
        value = start if current is None else current + (step if step < 0 else 0)
        run.names[key] = value + (step if step > 0 else 0)
        run.write(str(value))

    return count


def _compile_cycle(node: CycleNode, scope: Scope) -> Writer:
    group = compile_expression(node.group, scope) if node.group else None
    values = [compile_expression(value, scope) for value in node.args]

    def cycle(run: Run) -> None:
        texts = [write(run, value(run)) for value in values]
        name = f" group {write(run, group(run))}" if group else " cycle " + "\0".join(texts)
        turn = run.names.get(name, 0)
        run.names[name] = (turn + 1) % (len(texts) or 1)
        run.spend(len(name) >> 4)
        if turn < len(texts):
            run.write(texts[turn])

    return cycle


def _compile_if_changed(body: Writer) -> Writer:
    def write_if_changed(run: Run) -> Signal:
        text, signal = captured(run, body)
        if run.names.get(" changed") != text:
            run.names[" changed"] = text
            run.write(text)
        return signal

    return write_if_changed
