"""Template cases: `liquid.json` holds `{name, in: {template, event}, …}`; a bug report is one more.

Then `out` is the value with its type, `missing` says that there is none, `error` is what MappingError says,
and `refused` what WorkspaceError says at load, with line and column.
"""

import json
from pathlib import Path

import pytest

from sluice.errors import MappingError, WorkspaceError
from sluice.fields import MISSING
from sluice.templates import compile_template

CASES = json.loads(Path(__file__).with_name("liquid.json").read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_template_case(case):
    template, event = case["in"]["template"], case["in"].get("event")
    if "refused" in case:
        with pytest.raises(WorkspaceError) as refused:
            compile_template(template)
        error = refused.value
        assert f"{error.message} at {error.line}:{error.column}" == case["refused"]
        return
    get = compile_template(template)
    if "error" in case:
        with pytest.raises(MappingError) as failed:
            get(event)
        assert failed.value.detail == case["error"]
        return
    value = get(event)
    assert value is MISSING if "missing" in case else value == case["out"]
    assert "missing" in case or type(value) is type(case["out"])


def test_every_case_has_a_name_of_its_own():
    assert len({case["name"] for case in CASES}) == len(CASES)
