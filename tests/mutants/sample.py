"""The mutants that mutmut made, and a seeded choice of them."""

import ast
import difflib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

SURVIVED, NO_TEST = 0, 33  # mutmut's codes; any other is a test that failed, or did not end in time


@dataclass(frozen=True, slots=True)
class Mutant:
    """`change` are the lines that differ from the original function, as a diff shows them."""

    name: str
    change: tuple[str, ...]

    @property
    def function(self) -> str:
        """The function's name as people write it: `sluice.routing.report.Report.count`."""
        module, _, mangled = self.name.rpartition(".")
        bare = mangled.partition("__mutmut_")[0]
        parts = bare[1:].removeprefix("_").removeprefix("ǁ").split("ǁ")
        return ".".join((module, *parts))


def list_mutants(mutated: Path) -> list[Mutant]:
    """All mutants in the order of their names, but for those that change only the text of a message."""
    found = [
        mutant
        for meta in mutated.rglob("*.meta")
        for mutant in _read_module(meta.with_suffix(""), json.loads(meta.read_text())["exit_code_by_key"])
    ]
    return sorted(found, key=lambda mutant: mutant.name)


def choose(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """The same sample for the same mutants and seed; all of them where there are fewer."""
    return Random(seed).sample(mutants, min(count, len(mutants)))


def find_survivors(mutated: Path, chosen: Iterable[Mutant]) -> list[Mutant]:
    """The mutants that no test noticed. Raises LookupError for one that was not tried."""
    codes: dict[str, int | None] = {}
    for meta in mutated.rglob("*.meta"):
        codes |= json.loads(meta.read_text())["exit_code_by_key"]
    survivors = []
    for mutant in chosen:
        if codes.get(mutant.name) is None:
            raise LookupError(f"{mutant.name} was not tried")
        if codes[mutant.name] in (SURVIVED, NO_TEST):
            survivors.append(mutant)
    return survivors


def _read_module(path: Path, names: Iterable[str]) -> Iterator[Mutant]:
    """mutmut writes every mutant of a function beside the original."""
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for name in names:
        mangled = name.rpartition(".")[2]
        mutant = functions[mangled]
        original = functions[mangled.partition("__mutmut_")[0] + "__mutmut_orig"]
        mutant.name = original.name = "_"
        if ast.dump(_Wordless().visit(_copy(mutant))) != ast.dump(_Wordless().visit(_copy(original))):
            yield Mutant(name, tuple(_compare(original, mutant)))


def _copy(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Module:
    return ast.parse(ast.unparse(function))


def _compare(original: ast.AST, mutant: ast.AST) -> Iterator[str]:
    before, after = ast.unparse(original).splitlines(), ast.unparse(mutant).splitlines()
    for line in difflib.unified_diff(before, after, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield f"{line[0]} {line[1:].strip()}"


class _Wordless(ast.NodeTransformer):
    """Takes out texts with a space in them, which are messages for people, and None, which mutmut writes
    in their place."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(None) if isinstance(node.value, str) and " " in node.value else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        return ast.Constant(None) if any(" " in str(text) for text in texts) else node
