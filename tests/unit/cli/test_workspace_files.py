"""How a workspace folder is read: every problem with its file, line, column and what to do."""

import json
from pathlib import Path

import pytest

from cli.workspace_files import InvalidWorkspace, load_workspace, read_workspace
from tests.unit.cli.folders import DESTINATION, SOURCE, SYNC, write_workspace

MAPPED = """\
# Purchases
source: web
destination: crm
event_types:
  - type: track_purchase   # the shop's
    filter:
      all:
        - {field: type, op: equals, value: track}
        - {field: event, op: in, value: [Order Completed, 7, true, null, 1.5]}
    mappings:
      id: {field: userId}
      "two words": {value: 'a: "b"'}
retry: {for: 2h, attempts: 3}
"""
AS_JSON = {
    "source": "web",
    "destination": "crm",
    "event_types": [
        {
            "type": "track_purchase",
            "filter": {
                "all": [
                    {"field": "type", "op": "equals", "value": "track"},
                    {"field": "event", "op": "in", "value": ["Order Completed", 7, True, None, 1.5]},
                ]
            },
            "mappings": {"id": {"field": "userId"}, "two words": {"value": 'a: "b"'}},
        }
    ],
    "retry": {"for": "2h", "attempts": 3},
}


def read_errors(root, files):
    """`(file, line, column, message, hint)` of every problem, the file below the workspace."""
    errors = read_workspace(write_workspace(root, files)).errors
    return [(str(Path(e.file).relative_to(root)), e.line, e.column, e.message, e.hint) for e in errors]


def test_a_valid_folder_is_compiled(tmp_path):
    compiled = load_workspace(write_workspace(tmp_path))
    assert (set(compiled["sources"]), set(compiled["syncs"])) == ({"web"}, {"all"})


def test_yaml_and_json_are_the_same(tmp_path):
    yaml = load_workspace(write_workspace(tmp_path / "a", {"syncs/all.yaml": MAPPED}))
    (tmp_path / "b" / "syncs").mkdir(parents=True)
    root = write_workspace(tmp_path / "b", {"syncs/all.json": json.dumps(AS_JSON, indent="\t")})
    (root / "syncs" / "all.yaml").unlink()
    assert load_workspace(root) == yaml


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_three_suffixes_are_read(tmp_path, suffix):
    root = write_workspace(tmp_path, {f"destinations/two{suffix}": '{"kind": "sandbox"}'})
    assert set(load_workspace(root)["destinations"]) == {"crm", "two"}


def test_other_files_are_left_alone(tmp_path):
    files = {
        "syncs/README.md": "# no sync",
        "syncs/.all.yaml.swp": "x: [",
        "notes.txt": "",
        "syncs/old/a.yaml": "[",
    }
    assert read_errors(tmp_path, files) == []


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("syncs/all.YAML", "a file that ends in .YAML is not read"),
        ("syncs/team.yaml/all.yaml", "not readable: Is a directory"),
        ("sync/all.yaml", "nothing in this folder is read"),
        ("Sources/web.yaml", "nothing in this folder is read"),
        ("functions", "this is not a folder"),
    ],
)
def test_what_looks_like_a_part_of_the_workspace_is_not_passed_over(tmp_path, file, message):
    root = write_workspace(tmp_path / "workspace")
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text("x: 1\n")
    [error] = read_workspace(root).errors
    assert (error.message, error.line, error.column) == (message, 1, 1)


def test_a_link_that_leads_nowhere_is_told(tmp_path):
    root = write_workspace(tmp_path)
    (root / "syncs" / "gone.yaml").symlink_to("nowhere.yaml")
    (root / "syncs" / ".#all.yaml").symlink_to("ada@laptop.4711")  # Emacs's lock
    [error] = read_workspace(root).errors
    assert (Path(error.file).name, error.message) == ("gone.yaml", "not readable: No such file or directory")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("source: web\n\tdestination: crm\n", "indent with spaces"),
        ("source: web\nsource: shop\n", "keep one of the two"),
        ("source: web\n---\nsource: shop\n", "a file is one object"),
        ("source: 'web\n", "look for a missing quote"),
        (SYNC + "    mappings: {a: {template: {{ row.event }}}}\n", "put Liquid in quotes"),
    ],
)
def test_what_cannot_be_parsed_comes_with_a_hint(tmp_path, text, hint):
    [error] = read_errors(tmp_path, {"syncs/all.yaml": text})
    assert error[4].startswith(hint)


RUDDERSTACK = """\
kind: rudderstack
settings: {data_plane_url: "https://rudder.example", write_key: {secret: "ssm:key"}}
"""
UNMAPPED = SYNC.replace("custom_event", "track") + "    mappings:\n      userId: {field: userId}\n"

ERRORS = {
    "an unknown key": (
        {"syncs/all.yaml": SYNC + "retries: 3\n"},
        ("syncs/all.yaml", 5, 1, "retries: there is no key 'retries' here"),
    ),
    "a missing key": (
        {"syncs/all.yaml": "source: web\n\ndestination: crm\n"},
        ("syncs/all.yaml", 1, 1, "event_types: Field required"),
    ),
    "a value of another kind": (
        {"syncs/all.yaml": SYNC + "retry:\n  for: 2h\n  attempts: many\n"},
        ("syncs/all.yaml", 7, 3, "retry.attempts: Input should be a valid integer"),
    ),
    "a mistake in a list": (
        {"syncs/all.yaml": SYNC + "  - type: purchase\n    filter: {field: a, op: is, value: 1}\n"},
        ("syncs/all.yaml", 6, 24, "event_types.1.filter.op: there is no operator 'is'"),
    ),
    "an invalid filter": (
        {"syncs/all.yaml": SYNC + "    filter: {field: a, op: equals}\n"},
        ("syncs/all.yaml", 5, 5, "event_types.0.filter: equals needs a value"),
    ),
    "an event type that the destination has not": (
        {"destinations/crm.yaml": RUDDERSTACK, "syncs/all.yaml": SYNC},
        ("syncs/all.yaml", 4, 5, "event_types.0.type: rudderstack has no event type custom_event"),
    ),
    "a required field without a mapping": (
        {"destinations/crm.yaml": RUDDERSTACK, "syncs/all.yaml": UNMAPPED},
        ("syncs/all.yaml", 5, 5, "event_types.0.mappings: the required 'event' of the event type is not"),
    ),
    "a reference to no source": (
        {"syncs/all.yaml": SYNC.replace("web", "wbe")},
        ("syncs/all.yaml", 1, 1, "source: there is no source wbe"),
    ),
    "an invalid field reference": (
        {"syncs/all.yaml": SYNC + "    filter: {field: a..b, op: exists}\n"},
        ("syncs/all.yaml", 5, 14, "event_types.0.filter.field: field reference 'a..b' has an empty name"),
    ),
    "a setting": (
        {"destinations/crm.yaml": "kind: sandbox\nsettings:\n  fail_rate: 7\n"},
        ("destinations/crm.yaml", 3, 3, "settings.fail_rate: Input should be less than or equal to 1"),
    ),
    "a key that is not a digest": (
        {"sources/web.yaml": "keys:\n  - id: k1\n    sha256: wk_test\n"},
        ("sources/web.yaml", 3, 5, "keys.0.sha256: String should match"),
    ),
    "invalid YAML": (
        {"syncs/all.yaml": "source: web\ndestination: a: b\n"},
        ("syncs/all.yaml", 2, 15, "mapping values are not allowed here"),
    ),
    "invalid JSON": (
        {"syncs/two.json": '{"source": "web",\n "destination": }\n'},
        ("syncs/two.json", 2, 17, "not JSON: Expecting value"),
    ),
    "a key twice": (
        {"syncs/all.yaml": SYNC + "source: shop\n"},
        ("syncs/all.yaml", 5, 1, 'found duplicate key "source"'),
    ),
    "an invalid name": (
        {"syncs/All Events.yaml": SYNC},
        ("syncs/All Events.yaml", 1, 1, "'All Events' is not a valid name"),
    ),
    "one name of two files": (
        {"syncs/all.json": "{}"},
        ("syncs/all.yaml", 1, 1, "all.json defines all too"),
    ),
    "a comma too many in JSON": (
        {"destinations/two.json": '{"kind": "sandbox",}'},
        ("destinations/two.json", 1, 19, "not JSON: Illegal trailing comma"),
    ),
    "a mistake in JSON": (
        {"destinations/two.json": '{\n  "kind": "sandbox",\n  "kinds": 1\n}\n'},
        ("destinations/two.json", 3, 3, "kinds: there is no key 'kinds' here"),
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_mistake_is_located(tmp_path, name):
    files, (file, line, column, start) = ERRORS[name]
    found = [(*error[:3], error[3][: len(start)]) for error in read_errors(tmp_path, files)]
    assert (file, line, column, start) in found


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        (
            {"syncs/all.yaml": SYNC + "retries: 3\n"},
            "did you mean retired? keys here are: description, source, ",
        ),
        ({"syncs/all.yaml": SYNC.replace("web", "wbe")}, "did you mean web? there are: web"),
        ({"syncs/All.yaml": SYNC}, "use at most 40 lower-case letters"),
        ({"destinations/crm.yaml": "kind: htpp\n"}, "did you mean http? there are: "),
        ({"syncs/all.yaml": "- a\n"}, "write `key: value` lines"),
    ],
)
def test_a_mistake_comes_with_a_hint(tmp_path, files, hint):
    assert any(error[4].startswith(hint) for error in read_errors(tmp_path, files))


def test_every_mistake_is_told_at_once(tmp_path):
    files = {
        "sources/web.yaml": "collect_ip: maybe\ndedup: never\n",
        "destinations/crm.yaml": "kind: [\n",
        "syncs/all.yaml": "source: web\n",
    }
    told = read_errors(tmp_path, files)
    assert [error[0] for error in told] == [
        "destinations/crm.yaml",
        "sources/web.yaml",
        "sources/web.yaml",
        "syncs/all.yaml",
        "syncs/all.yaml",
    ]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    [error] = read_workspace(tmp_path / "nowhere").errors
    assert error.message == "there is no such folder"


def test_a_workspace_with_mistakes_is_not_compiled(tmp_path):
    with pytest.raises(InvalidWorkspace):
        load_workspace(write_workspace(tmp_path, {"syncs/all.yaml": "x"}))


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "aliases that multiply": BOMB,
    "aliases in a circle": "source: &a\n  b: *a\n",
    "a list in a circle": "source: &a [*a]\n",
    "an unknown alias": "source: *nobody\n",
    "a Python object": "source: !!python/object/apply:os.system ['exit 1']\n",
    "a tag": "source: !Ref web\ndestination: crm\nevent_types: [{type: custom_event}]\n",
    "a tag of an object": "source: !Sub {a: b}\n",
    "a binary value": "source: !!binary aGVsbG8=\n",
    "a set": "source: !!set {a, b}\n",
    "a tag that does not fit": "source: !!bool web\n",
    "a number without digits": "source: !!int\n",
    "an invalid ordered list": "source: !!omap web\n",
    "tabs": "source:\tweb\n\tdestination: crm\n",
    "a list": "- a\n- b\n",
    "a text": "just text\n",
    "a number": "12\n",
    "nothing": "",
    "a comment": "# nothing\n",
    "null": "null\n",
    "binary": bytes(range(256)),
    "a null character": "source: a\x00b\n",
    "UTF-16": SYNC.encode("utf-16"),
    "two documents": "source: web\n---\nsource: shop\n",
    "another version": "%YAML 3.0\n---\na: b\n",
    "deep lists": "source: " + "[" * 400 + "]" * 400,
    "deep objects": "source: " + "{a: " * 90 + "1" + "}" * 90,
    "a deep filter": SYNC + "    filter: " + "{all: [" * 80 + "{field: a, op: exists}" + "]}" * 80,
    "a key that is a list": "? [a, b]\n: 1\n",
    "a key with an object in it": "? a: {b: c}\n  d: e\n: 1\n",
    "a list without a key": SYNC + "    mappings: {a: {array, [{field: a}]}}\n",
    "a stray question mark": "?   source: {a: [b]}\n",
    "a key that is null": SYNC + "null: 1\n",
    "a key that is true": SYNC + "true: 1\n",
    "infinity": SYNC + "batch_size: .inf\n",
    "not a number in a mapping": SYNC + "    mappings: {a: {value: .nan}}\n",
    "a huge integer in a mapping": SYNC + "    mappings: {a: {value: 99999999999999999999}}\n",
    "a number of 5,000 digits": SYNC + f"batch_size: {'9' * 5000}\n",
    "half a character": SYNC + 'description: "\\ud83d"\n',
    "an open quote": 'source: "web\n',
    "a null filter": SYNC + "    filter: {all: null}\n",
    "a null field": SYNC + "    filter: {field: null, op: equals, value: 1}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["syncs/all.yaml", "destinations/crm.yaml"])
def test_a_hostile_file_is_a_problem_of_that_file_and_no_crash(tmp_path, name, kind):
    told = read_errors(tmp_path, {kind: HOSTILE[name]})
    assert told
    assert {error[0] for error in told} == {kind}
    assert all(error[1] and error[2] and error[3] and "\n" not in error[3] for error in told)


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T01:02:03.500Z", "2026-11-22T01:02:03.500Z"),
        ("&a text", "text"),
        ("!!str 12", "12"),
        ("yes", "yes"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ('"\\u00fc\\U0001f600"', "ü😀"),
    ],
)
def test_a_text_is_the_text_that_it_looks_like(tmp_path, text, description):
    root = write_workspace(tmp_path, {"sources/web.yaml": f"description: {text}\n"})
    assert read_workspace(root).workspace.sources["web"].description == description


def test_a_character_beyond_16_bits_in_json_is_one_character(tmp_path):
    root = write_workspace(tmp_path, {"sources/shop.json": json.dumps({"description": "😀"})})
    assert read_workspace(root).workspace.sources["shop"].description == "😀"


@pytest.mark.parametrize("value", ["true", "&a true", "True"])
def test_a_boolean_is_one_and_not_a_number(tmp_path, value):
    root = write_workspace(tmp_path, {"syncs/all.yaml": SYNC + f"    mappings: {{a: {{value: {value}}}}}\n"})
    [event_type] = load_workspace(root)["syncs"]["all"]["event_types"]
    assert event_type["mappings"]["a"]["value"] is True


def test_an_alias_stands_for_its_value(tmp_path):
    root = write_workspace(
        tmp_path, {"syncs/all.yaml": SYNC + "    mappings: {a: {value: &v [1]}, b: {value: *v}}\n"}
    )
    [event_type] = load_workspace(root)["syncs"]["all"]["event_types"]
    assert event_type["mappings"] == {"a": {"value": [1]}, "b": {"value": [1]}}


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"---\n", b"%YAML 1.2\n---\n", b"\r\n"])
def test_a_file_may_start_with(tmp_path, start):
    assert read_errors(tmp_path, {"syncs/all.yaml": start + SYNC.replace("\n", "\r\n").encode()}) == []


def test_the_texts_of_the_tests_are_valid(tmp_path):
    files = {"sources/web.yaml": SOURCE, "destinations/crm.yaml": DESTINATION, "syncs/all.yaml": MAPPED}
    assert read_errors(tmp_path, files) == []
