"""What the values at one place of many events have in common, as a JSON Schema that all of them keep."""

from dataclasses import dataclass, field
from typing import Any

from jsonschema_rs import Draft7Validator

FORMATS = ("date-time", "date", "email", "uri", "ipv4", "ipv6")
# Strict: order numbers are not called times, although a contract's date-time takes epochs as text.
_CHECKS = {name: Draft7Validator({"format": name}, validate_formats=True) for name in FORMATS}

FEW_VALUES = 8
"""Texts are an enum where there are at most so many of them …"""
SEEN_EACH = 5
"""… and each was seen so often on average: else the next event would have another one."""
FEWEST_SAMPLES = 50
"""Fewer values show neither that a field is always there nor that there are no other texts."""
MANY_FIELDS = 200
"""Above, an object's names are data (ids, say): fields are not listed, and all are taken."""
DEEPEST = 12


@dataclass(slots=True)
class Profile:
    """Values that were seen at one place; `objects` and `fields` say how often which name was there."""

    seen: int = 0
    types: dict[str, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    has_many_texts: bool = False
    formats: set[str] = field(default_factory=lambda: set(FORMATS))
    fields: dict[str, "Profile"] = field(default_factory=dict)
    has_many_fields: bool = False
    items: "Profile | None" = None

    def add(self, value: Any, depth: int = 0) -> None:
        self.seen += 1
        kind = name_type(value)
        self.types[kind] = self.types.get(kind, 0) + 1
        if isinstance(value, str):
            self._add_text(value)
        elif depth < DEEPEST and isinstance(value, dict):
            for name, inner in value.items():
                if name not in self.fields and len(self.fields) >= MANY_FIELDS:
                    self.has_many_fields = True
                else:
                    self.fields.setdefault(name, Profile()).add(inner, depth + 1)
        elif depth < DEEPEST and isinstance(value, list):
            self.items = self.items or Profile()
            for item in value:
                self.items.add(item, depth + 1)

    def describe(self) -> dict[str, Any]:
        """The schema; `integer` and `number` together are `number`."""
        kinds = [kind for kind in self.types if not (kind == "integer" and "number" in self.types)]
        schema: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else sorted(kinds)} if kinds else {}
        if kinds == ["string"]:
            schema.update(self._describe_texts())
        if "object" in kinds and self.fields and not self.has_many_fields:
            schema.update(self._describe_fields())
        if self.items is not None and self.items.seen:
            schema["items"] = self.items.describe()
        return schema

    def _add_text(self, text: str) -> None:
        if text in self.texts or len(self.texts) <= FEW_VALUES:
            self.texts[text] = self.texts.get(text, 0) + 1
        else:
            self.has_many_texts = True
        self.formats = {name for name in self.formats if _CHECKS[name].is_valid(text)}

    def _describe_texts(self) -> dict[str, Any]:
        if found := next((name for name in FORMATS if name in self.formats), None):
            return {"format": found}
        is_enum = not self.has_many_texts and len(self.texts) <= FEW_VALUES
        if is_enum and self.seen >= FEWEST_SAMPLES and self.seen >= SEEN_EACH * len(self.texts):
            return {"enum": sorted(self.texts)}
        return {}

    def _describe_fields(self) -> dict[str, Any]:
        objects = self.types["object"]
        always = sorted(name for name, inner in self.fields.items() if inner.seen == objects)
        fields = {name: self.fields[name].describe() for name in sorted(self.fields)}
        return (
            {"required": always, "properties": fields}
            if always and objects >= FEWEST_SAMPLES
            else {"properties": fields}
        )


def name_type(value: Any) -> str:
    """The type as JSON Schema calls it; 1.0 is a number that was written with a fraction."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
