"""Reading templates with python-liquid: its grammar without the tags that load files, its errors as ours."""

import re
from functools import cache
from typing import Final

from liquid import Environment, Token
from liquid.ast import Node
from liquid.exceptions import LiquidError

from sluice.errors import WorkspaceError
from sluice.templates.limits import MAX_BLOCKS, MAX_TEMPLATE

WINDOW: Final = 76
"""Characters of a template's line that a hint shows around the error."""


MAX_BRACKETS: Final = 500
"""Opening brackets in a template: python-liquid looks for a range behind each."""

# Reading these is quadratic in python-liquid.
_SLOW = re.compile(r"\{[{%]-?\s{200}")


class Grammar(Environment):
    """Standard Liquid, and `products.0.sku` beside `products[0].sku`."""

    block_nesting_limit = MAX_BLOCKS
    shorthand_indexes = True


@cache
def grammar() -> Grammar:
    """The one environment; nothing in it changes after it is made."""
    made = Grammar()
    for tag in ("include", "render"):
        del made.tags[tag]
    made.filters.clear()  # ours are looked up at compile time
    return made


def parse(text: str) -> list[Node]:
    """The syntax tree of a template. Raises WorkspaceError with the place of the first error."""
    if len(text) > MAX_TEMPLATE:
        raise WorkspaceError(f"the template is longer than {MAX_TEMPLATE:,} characters", line=1, column=1)
    if _SLOW.search(text) or text.count("(") > MAX_BRACKETS:
        raise at_place(text, 0, 1, "there are too many spaces or brackets in a row")
    unclosed = text.rfind("{{")
    if unclosed > text.rfind("}}") and unclosed > text.rfind("%}"):
        # Known before the lexer, which would look for the end once for every brace.
        raise at_place(text, unclosed, 2, "expected '}}' after this")
    try:
        return grammar().from_string(text).nodes
    except LiquidError as error:
        token = error.token
        message = str(error.message)
        opened = re.fullmatch(r"expected tag end(\w+), found end of expression", message)
        if opened and (begin := text.rfind(opened[1], 0, text.rfind("%}"))) >= 0:
            raise at_place(text, begin, len(opened[1]), f"this has no end{opened[1]}") from error
        if token is None or token.start_index < 0:
            raise at_place(text, 0, 1, _plain(message)) from error
        raise at_token(token, message, _hint(token)) from error


def at_token(token: Token, message: str, hint: str = "") -> WorkspaceError:
    """The error at a token of the syntax tree."""
    return at_place(token.source, token.start_index, len(token.value), _plain(message), hint)


def at_place(text: str, start: int, length: int, message: str, hint: str = "") -> WorkspaceError:
    """The error at a place: line, column, and the source line with carets below (`hint` follows it)."""
    start = max(0, min(start, len(text)))
    before = text[:start]
    line, column = before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
    source = text.split("\n")[line - 1].replace("\t", " ")
    offset = max(0, column - 1 - WINDOW // 2)
    shown = source[offset : offset + WINDOW]
    carets = "^" * max(1, min(length, len(shown) - (column - 1 - offset)))
    picture = f"{shown}\n{' ' * (column - 1 - offset)}{carets}"
    return WorkspaceError(
        f"template: {message}", line=line, column=column, hint=f"{picture}\n{hint}" if hint else picture
    )


def _hint(token: Token) -> str:
    """Liquid's own words are no names after a dot: `row.properties.limit` needs brackets."""
    if token.start_index and token.source[token.start_index - 1] == "." and token.value.isidentifier():
        return f"{token.value!r} is a word of Liquid: write ['{token.value}'] instead of .{token.value}"
    return ""


def _plain(message: str) -> str:
    return "cannot be read (nested too deep?)" if message == "unexpected liquid parsing error" else message
