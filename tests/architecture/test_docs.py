"""The documents: every reason explained, every link and command real."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import Commands, app, load_command
from sluice.reasons import Reason

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
# A command starts a line or follows a prompt, a pipe, `&&` or variables for its environment.
COMMAND = re.compile(r"(?:^|[|&;] |\$ )(?:[A-Z_]+=\S+ )*(make|sluice)((?: [a-z][\w-]*)+)", re.MULTILINE)


def name_file(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read_table(path: Path, heading: str) -> dict[str, list[str]]:
    """The rows of the first table under a heading, by the text in their first cell."""
    _, _, section = path.read_text().partition(f"\n## {heading}\n")
    rows = [
        line.strip("|").split("|") for line in section.partition("\n## ")[0].splitlines() if line[:1] == "|"
    ]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows[2:]}


REASONS = read_table(ROOT / "docs/operations.md", "Reasons")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained_to_operators(reason):
    _where, meaning, *_ = REASONS[reason]
    assert meaning


def test_the_table_of_reasons_explains_nothing_else():
    assert set(REASONS) == set(Reason)


def list_links() -> Iterator[tuple[Path, str]]:
    for path in DOCS:
        text = CODE.sub("", path.read_text())
        yield from ((path, link) for link in LINK.findall(text) if "://" not in link)


def make_anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")


@pytest.mark.parametrize(("path", "link"), list(list_links()), ids=str)
def test_a_link_leads_somewhere(path, link):
    name, _, anchor = link.partition("#")
    target = path.parent / name if name else path
    assert target.exists()
    if anchor:
        assert anchor in [make_anchor(heading) for heading in HEADING.findall(target.read_text())]


def test_the_documents_link_to_each_other():
    assert len(list(list_links())) > 10


def find_commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """`(make or sluice, words)` of the commands in fenced and in inline code."""
    for code in [*CODE.findall(text), *INLINE.findall(CODE.sub("", text))]:
        for tool, words in COMMAND.findall(code):
            yield tool, words.split()


def list_commands() -> list[tuple[str, str, str]]:
    found = {
        (name_file(path), tool, " ".join(words))
        for path in DOCS
        for tool, words in find_commands(path.read_text())
    }
    return sorted(found)


TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def is_command(words: list[str]) -> bool:
    """Whether the words lead to a command of the tool; what follows a command are its arguments."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if not hasattr(command, "get_command"):
            return True
        is_top = isinstance(command, Commands)
        command = command.get_command(None, word)
        if is_top and command is not None:
            command = load_command(word)
        if command is None:
            return False
    return True


@pytest.mark.parametrize(("path", "tool", "words"), list_commands())
def test_a_command_in_a_document_exists(path, tool, words):
    if tool == "make":
        assert set(words.split()) <= TARGETS
    else:
        assert is_command(words.split())


def test_the_documents_name_commands():
    assert {tool for _, tool, _ in list_commands()} == {"make", "sluice"}


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("`make demo`", [("make", ["demo"])]),
        ("```sh\nSLUICE_PORT=1 make up\n```", [("make", ["up"])]),
        ("`sluice keys create --source web`", [("sluice", ["keys", "create"])]),
        ("```\n$ make demo && sluice check\n```", [("make", ["demo"]), ("sluice", ["check"])]),
        ("a way to make sure", []),
    ],
)
def test_a_command_is_found_in(text, commands):
    assert list(find_commands(text)) == commands


@pytest.mark.parametrize("words", ["frobnicate", "keys frobnicate", "local frobnicate"])
def test_a_command_that_does_not_exist_is_none(words):
    assert not is_command(words.split())
