"""Segment's mapping directives in our words, as far as both have them."""

import re
from typing import Any

_REFERENCE = re.compile(r"\{\{\{?\s*([\w.-]+)")
_CASES = {"lower": "downcase", "upper": "upcase"}


class Untranslatable(Exception):
    """We have no such thing, or mean something else by it."""


def translate(mapping: Any, root: str = "") -> dict[str, Any]:
    """The value source that says what the directive says; `root` is put before every path."""
    if not isinstance(mapping, dict):
        if isinstance(mapping, str | list) and ("{{" in str(mapping) or isinstance(mapping, list)):
            raise Untranslatable
        return {"value": mapping}
    directives = [key for key in mapping if key.startswith("@")]
    if not directives:
        if "$undefined" in mapping:
            return {"field": "there.is.no.such.field"}
        if not mapping:
            raise Untranslatable
        return {"object": {_escape(name): translate(part, root) for name, part in mapping.items()}}
    if len(mapping) != 1:
        raise Untranslatable
    return _translate_directive(directives[0], mapping[directives[0]], root)


def _translate_directive(directive: str, given: Any, root: str) -> dict[str, Any]:
    match directive, given:
        case "@path", str(path) if path:
            return {"field": root + path.removeprefix("$.")}
        case "@literal", literal:
            return {"value": literal}
        case (("@template" | "@liquid"), str(text)) if "}}}" not in text:
            return {"template": _to_rows(text)}
        case "@if", {"exists": {"@path": str(_)} as exists, "then": then, "else": other} if then == exists:
            return {**translate(exists, root), "if_missing": translate(other, root)}
        case "@case", {"operator": operator, "value": {"@path": str(path)}} if operator in _CASES:
            return _filter(path, _CASES[operator])
        case "@arrayPath", [str(path)]:
            return {"field": root + path.removeprefix("$.")}
        case "@arrayPath", [str(path), dict(shape)]:
            return {"each": root + path.removeprefix("$."), "array": translate(shape, "item.")}
        case "@json", {"mode": "decode", "value": {"@path": str(_)} as value}:
            return {**translate(value, root), "as": "json"}
        case "@json", {"mode": "encode", "value": {"@path": str(path)}}:
            return _filter(path, "json")
        case "@replace", {"pattern": str(pattern), "value": {"@path": str(path)}, **rest} if (
            "pattern2" not in rest and not rest.get("ignorecase") and "'" not in pattern
        ):
            every = "replace" if rest.get("global", True) else "replace_first"
            return _filter(path, f"{every}: '{pattern}', '{rest.get('replacement', '')}'")
        case "@merge", {"direction": direction, "objects": list(objects)} if all(
            isinstance(part, dict) for part in objects
        ):
            parts = [translate(part, root) for part in objects if part]
            return {"object": {"...": parts if direction == "right" else parts[::-1]}}
    raise Untranslatable


def _filter(path: str, filters: str) -> dict[str, Any]:
    return {"template": f"{{{{ row.{path.removeprefix('$.')} | {filters} }}}}"}


def _escape(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")


def _to_rows(text: str) -> str:
    text = re.sub(r"(\{\{\s*)(?=[A-Za-z_])", r"\1row.", text)
    return re.sub(r"(\{%-?\s*(?:els)?if\s+)(?=[A-Za-z_])", r"\1row.", text)
