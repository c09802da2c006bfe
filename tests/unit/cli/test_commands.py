"""`sluice check` and `sluice build`, as a shell sees them."""

import json
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from cli.local.overlay import development_keys
from cli.main import app
from sluice.ingest.keys import digest_key
from tests.unit.cli.folders import SYNC, write_workspace

SHIPPED = Path(__file__).parents[3] / "workspace"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_check_finds_nothing_in_a_valid_workspace(tmp_path):
    told = run("check", "--workspace", write_workspace(tmp_path))
    assert told.exit_code == 0
    assert "1 source, 1 destination, 1 sync, no problems" in told.stdout


def test_check_tells_where_and_what_to_do(tmp_path):
    told = run("check", "-w", write_workspace(tmp_path, {"syncs/all.yaml": SYNC.replace("web", "wbe")}))
    assert told.exit_code == 1
    assert f"{tmp_path}/syncs/all.yaml:1:1: error: source: there is no source wbe\n" in told.stderr
    assert "hint: did you mean web? there are: web\n" in told.stderr


def test_check_of_no_folder_fails(tmp_path):
    assert run("check", "-w", tmp_path / "nowhere").exit_code == 1


@pytest.mark.parametrize(
    "name", ["", "README.md", "syncs/.gitkeep", "sources/notes.txt", "functions/enrich.py"]
)
def test_check_of_a_folder_without_a_workspace_fails(tmp_path, name):
    if name:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("def transform_events(events):\n    return events\n")
    told = run("check", "-w", tmp_path)
    assert told.exit_code == 1
    assert f"{tmp_path}: error: the folder has no sources, destinations, syncs or contracts\n" in told.stderr
    assert "sluice init" in told.stderr


def test_check_reads_the_folder_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("SLUICE_WORKSPACE", str(tmp_path / "nowhere"))
    assert run("check").exit_code == 1


def test_check_warns_of_events_that_nothing_takes_and_passes(tmp_path):
    sync = SYNC.replace("custom_event", "purchase")
    told = run("check", "-w", write_workspace(tmp_path, {"syncs/all.yaml": sync}))
    assert told.exit_code == 0
    assert "all.yaml:3:1: warning: event_types: no custom_event" in told.stderr


MISREAD = (
    SYNC
    + """    filter:
      any:
        - not: {field: $.properties.price, op: exists}
        - {field: type, op: equals, value_field: row.type}
        - {field: event.name, op: exists}
        - {field: properties.event.name, op: equals, value: row.type}
    mappings:
      price: {field: "row.properties.price", if_missing: {field: row.userId}}
      all: {each: properties.products, array: {id: {field: item.sku}, at: {field: row.timestamp}}}
      given: {value: {field: row.x}}
      whole: {field: row}
"""
)


def test_check_warns_of_fields_that_no_event_has(tmp_path):
    told = run("check", "-w", write_workspace(tmp_path, {"syncs/all.yaml": MISREAD}))
    warned = [line.partition("warning: ")[2] for line in told.stderr.splitlines() if "warning" in line]
    assert told.exit_code == 0
    assert [line.partition(": ")[2].partition(" is")[0] for line in warned] == [
        "'$.properties.price'",
        "'row.type'",
        "'event.name'",
        "'row.properties.price'",
        "'row.userId'",
        "'row.timestamp'",
    ]
    assert "all.yaml:7:17: warning: event_types.0.filter.any.0.not.field: " in told.stderr
    assert "did you mean properties.price?" in told.stderr


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("?api_key=s3cr3t", ["api_key"]),
        ("?source=web&accessToken=s3cr3t&sig=s3cr3t", ["accessToken", "sig"]),
        ("?monkey=1&keyword=2&token=&design=x", []),
        ("?api_key={ssm:crm-key}&token={secretsmanager:crm/token}", []),
    ],
)
def test_check_warns_of_a_secret_in_a_url_and_does_not_show_it(tmp_path, query, named):
    crm = f'kind: http\nsettings:\n  url: "https://crm.example/events{query}"\n'
    told = run("check", "-w", write_workspace(tmp_path, {"destinations/crm.yaml": crm}))
    warned = [line for line in told.stderr.splitlines() if "looks like a secret" in line]
    assert told.exit_code == 0
    assert [line.partition("the URL holds ")[2].partition("=")[0] for line in warned] == named
    assert all("destinations/crm.yaml:3:" in line for line in warned)
    assert "s3cr3t" not in told.stderr + told.stdout


def test_check_asks_for_no_custom_event_of_a_destination_that_has_none(tmp_path):
    settings = '{data_plane_url: "https://rudder.example", write_key: {secret: "ssm:key"}}'
    files = {
        "destinations/crm.yaml": f"kind: rudderstack\nsettings: {settings}\n",
        "syncs/all.yaml": SYNC.replace("custom_event", "track"),
    }
    told = run("check", "-w", write_workspace(tmp_path, files))
    assert (told.exit_code, told.stderr) == (0, "")


def test_check_as_json_is_a_list_of_problems(tmp_path):
    root = write_workspace(
        tmp_path, {"syncs/all.yaml": SYNC.replace("web", "wbe").replace("custom_event", "x")}
    )
    told = run("check", "--json", "-w", root)
    error, warning = json.loads(told.stdout)
    assert told.exit_code == 1
    assert error == {
        "kind": "error",
        "file": str(root / "syncs/all.yaml"),
        "line": 1,
        "column": 1,
        "message": "source: there is no source wbe",
        "hint": "did you mean web? there are: web",
    }
    assert warning["kind"] == "warning"


def test_check_as_json_of_a_valid_workspace_is_an_empty_list(tmp_path):
    told = run("check", "--json", "-w", write_workspace(tmp_path))
    assert (told.exit_code, json.loads(told.stdout)) == (0, [])


@pytest.mark.parametrize("name", ["[bold]", "[red]x", "[link=a]", "%s", "{0}"])
def test_check_prints_a_strange_file_name_as_it_is(tmp_path, name):
    told = run("check", "-w", write_workspace(tmp_path, {f"syncs/{name}.yaml": SYNC}))
    assert told.exit_code == 1
    assert f"syncs/{name}.yaml:1:1: error: " in told.stderr


def test_check_prints_what_a_file_says_as_it_is(tmp_path):
    told = run("check", "-w", write_workspace(tmp_path, {"syncs/all.yaml": SYNC + '"[/x] [red]": 1\n'}))
    assert "error: [/x] [red]: there is no key '[/x] [red]' here" in told.stderr


@pytest.mark.parametrize("source", ["web", "shop", "mobile-app"])
def test_check_refuses_every_development_key(tmp_path, source):
    digest = digest_key(development_keys([source])[source])
    keys = f"keys:\n  - id: local\n    sha256: {digest}\n"
    told = run("check", "-w", write_workspace(tmp_path, {"sources/web.yaml": keys}))
    assert told.exit_code == 1
    assert "web.yaml:3:5: error: keys.0.sha256: this is the development key" in told.stderr


def test_check_refuses_a_development_key_beside_another_mistake(tmp_path):
    digest = digest_key(development_keys(["web"])["web"])
    files = {"sources/web.yaml": f"keys: [{{id: a, sha256: {digest}}}]\n", "syncs/all.yaml": "x: 1\n"}
    assert "development key" in run("check", "-w", write_workspace(tmp_path, files)).stderr


def test_the_workspace_that_ships_has_no_problems():
    assert run("check", "-w", SHIPPED).exit_code == 0


def test_build_writes_the_package_that_the_functions_import(tmp_path):
    out = tmp_path / "layer"
    told = run("build", "-w", write_workspace(tmp_path / "workspace"), "--out", out)
    package = out / "python" / "sluice_workspace"
    compiled = orjson.loads((package / "workspace.json").read_bytes())
    assert told.exit_code == 0
    assert (package / "__init__.py").is_file()
    assert (compiled["v"], set(compiled["syncs"])) == (1, {"all"})
    assert compiled["digest"] in told.stdout


def test_build_writes_the_same_bytes_every_time(tmp_path):
    root = write_workspace(tmp_path / "workspace")
    for name in ("first", "second"):
        run("build", "-w", root, "--out", tmp_path / name)
    first, second = (
        (tmp_path / n / "python/sluice_workspace/workspace.json").read_bytes() for n in ("first", "second")
    )
    assert first == second


def test_build_of_a_broken_workspace_fails_and_writes_nothing(tmp_path):
    out = tmp_path / "layer"
    told = run(
        "build", "-w", write_workspace(tmp_path / "workspace", {"syncs/all.yaml": "x: 1"}), "--out", out
    )
    assert told.exit_code == 1
    assert "all.yaml:1:1: error: " in told.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("path", "is_warned"),
    [
        ("/services/T0000/B0000/hJ3kLm9Pq2Rs7TuVwX1yZ4aB", True),
        ("/services/T0000/B0000/{ssm:slack-hook}", False),
        ("/v2/projects/7f9c24e8-3b1a-4f9e-9c1e-2b7d8c1a5f3e/events", False),
    ],
)
def test_check_warns_of_a_key_in_the_path_of_a_url(tmp_path, path, is_warned):
    crm = f"kind: http\nsettings:\n  url: https://hooks.example{path}\n"
    told = run("check", "-w", write_workspace(tmp_path, {"destinations/crm.yaml": crm}))
    assert told.exit_code == 0
    assert ("looks like a secret" in told.stderr) is is_warned
    assert "hJ3kLm" not in told.stderr + told.stdout


def test_check_names_the_header_whose_value_is_a_key_and_not_the_key(tmp_path):
    crm = "kind: http\nsettings:\n  url: https://crm.example\n  headers: {X-Custom: sk_live_abcdefghijkl}\n"
    told = run("check", "-w", write_workspace(tmp_path, {"destinations/crm.yaml": crm}))
    assert told.exit_code == 1
    assert "the value of header X-Custom looks like a key: write a reference" in told.stderr
    assert "sk_live" not in told.stderr + told.stdout
