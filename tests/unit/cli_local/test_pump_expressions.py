"""Metric math as the template's alarms use it."""

import pytest

from cli.local.metrics.expressions import UnknownSyntax, compile_expression

VALUES = {"a": 10.0, "b": 4.0, "none": None, "zero": 0.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", 10),
        ("a + b * 2", 18),
        ("(a - b) / 3", 2),
        ("a > 9", 1),
        ("a <= 9", 0),
        ("a == 10", 1),
        ("a != 10", 0),
        ("none + 1", None),
        ("none > 1", None),
        ("a / zero", None),
        ("FILL(none, 7)", 7),
        ("FILL(a, 7)", 10),
        ("IF(a > 5, 1, 0) + IF(b > 5, 2, 0) + IF(FILL(none, 9) > 5, 4, 0)", 5),
        ("IF(none > 1, 1, 0)", None),
        ("IF(a >= 20, 1, 0) * IF(b > 1, 2, 0)", 0),
    ],
)
def test_an_expression_gives(text: str, expected: float | None) -> None:
    assert compile_expression(text)(VALUES) == expected


@pytest.mark.parametrize(
    "text", ["SEARCH('x', 'Sum')", "a >", "RATE(a)", "a.b", "[a, b]", "1 < a < 3", "'text'"]
)
def test_what_is_not_understood_is_refused_at_once(text: str) -> None:
    with pytest.raises(UnknownSyntax):
        compile_expression(text)
