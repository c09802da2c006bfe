"""Mapping cases: `{name, mappings, in, out}`, or `error` (and `reason`) per event, or `refused` at compile.

The second half runs what other projects' cases have in common with ours; docs/syncs.md lists the differences.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from ruamel.yaml import YAML

from sluice.errors import MappingError
from sluice.mapping import compile_mapping
from sluice.source_syntax import SourceError
from tests.golden.segment_mappings import Untranslatable, translate

DOCS = Path(__file__).parents[2] / "docs" / "syncs.md"
CASES = orjson.loads(Path(__file__).with_name("mappings.json").read_bytes())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_mapping_gives_what_the_case_says(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(SourceError) as refused:
            compile_mapping(case["mappings"])
        assert refused.value.message == case["refused"]
        return
    map_event = compile_mapping(case["mappings"])
    if "error" in case:
        with pytest.raises(MappingError) as caught:
            map_event(case["in"])
        assert caught.value.detail == case["error"]
        assert caught.value.reason == case.get("reason", "mapping_failed")
    else:
        payload = map_event(case["in"])
        assert orjson.dumps(payload, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
            case["out"], option=orjson.OPT_SORT_KEYS
        )


# Ours is meant to differ: docs/syncs.md, "Coming from Segment's mappings".
DIFFERENT = {
    "@case > handle non-string-input correctly by returning the given value unmodified",
    "@json > invalid value",
    "@replace > replace on null string",
}

SAME = 45
"""Of 66 mappings that are objects and no errors; four differ, 17 have directives that we have not."""


def test_segments_cases_that_translate_give_the_same(shared: Path) -> None:
    same, different = 0, []
    for file in ("mapping-kit.json", "mapping-kit-liquid.json"):
        for case in orjson.loads((shared / "cases" / "segment" / file).read_bytes()):
            given, expected = case["input"], case["expected"]
            if not isinstance(given["mapping"], dict) or "error" in expected:
                continue
            try:
                source = translate(given["mapping"])
            except Untranslatable:
                continue
            found = compile_mapping({"result": source})(given.get("payload", {}))
            output = expected["output"]
            if found == ({} if output in ({}, {"$undefined": True}) else {"result": output}):
                same += 1
            elif case["description"] not in DIFFERENT:
                different.append((case["description"], source, output, found))
    assert different == []
    assert same == SAME


def test_the_mappings_of_the_docs_give_what_the_docs_say() -> None:
    section = DOCS.read_text().partition("\n## Mappings\n")[2].partition("\n## ")[0]
    examples = [
        YAML(typ="safe").load(text)["mappings"] for text in re.findall(r"```yaml\n(.*?)```", section, re.S)
    ]
    event, payload = map(orjson.loads, re.findall(r"```json\n(.*?)```", section, re.S))
    assert compile_mapping(examples[0])(event) == payload
    for example in examples[1:]:
        with suppress(MappingError):
            compile_mapping(example)(event)
