"""Plain English: makeshifts that readers stumble over stay out of code, help, errors and documents."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = subprocess.run(
    ["git", "ls-files", "layers", "cli", "functions", "benchmarks", "docs", "README.md", "CONTRIBUTING.md"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.split()
FILES = sorted(name for name in NAMED if name.endswith((".py", ".md", ".yaml", ".json")))
# "no longer", "no such", "no more" and the like are English; "there is no" says what is missing.
_WORDS = "longer|more|such|need|way|protection|free"
BANNED = {
    "say what a thing is: `is not a valid …`": rf"(?<!there )(?<!There )\b(?:is|was) no (?!(?:{_WORDS})\b)\w",
    "say what is missing or invalid": r"(?<!there )(?<!There )\b(?:is|are|was|were) none\b(?! (?:to|left))",
}


@pytest.mark.parametrize("advice", BANNED)
def test_no_text_uses_a_makeshift(advice: str) -> None:
    found = [
        f"{name}:{n}: {line.strip():.120}"
        for name in FILES
        for n, line in enumerate((ROOT / name).read_text().splitlines(), 1)
        if re.search(BANNED[advice], line)
    ]
    assert not found, f"{advice}\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "is_banned"),
    [
        ("'x' is no duration", True),
        ("the message is none", True),
        ("there is no contract x", False),
        ("None where there is none", False),
        ("it is no longer here", False),
        ("'x' is not a valid duration", False),
    ],
)
def test_the_patterns_tell_a_makeshift_from_english(text: str, is_banned: bool) -> None:
    assert any(re.search(pattern, text) for pattern in BANNED.values()) is is_banned
