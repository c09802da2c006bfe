"""One workspace with mistakes in every file: one `sluice check` tells each of them, and nothing else."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

FILES = {
    "destinations/broken.yaml": """\
kind: a: b
""",
    "destinations/cdp.yaml": """\
kind: rudderstack
settings:
  data_plane_url: https://rudder.example
  write_key: {secret: "ssm:key"}
  batch_sze: 10
""",
    "destinations/crm.yaml": """\
kind: http
setings:
  ulr: ftp://crm.example.com
  method: PSOT
  headers:
    X-Token: {secrt: "ssm:token"}
""",
    "destinations/lost.yaml": """\
kind: htpp
""",
    "sources/app.yaml": """\
keys: [
""",
    "sources/web.yaml": """\
descripton: The shop
collect_ip: nevr
keys:
  - id: k1
    sha256: wk_secret
    revokd: ""
""",
    "syncs/purchases.yaml": """\
source: wbe
destination: cmr
event_types:
  - type: track_purchase
    filter:
      all:
        - {feild: type, op: equals, value: track}
        - {field: event, op: equal, value: Order Completed}
        - {field: properties.total, op: greater_than, value: "50"}
    mappings:
      price: {feild: properties.total, as: number}
      currency: {field: properties..currency, as: nubmer, if_missing: USD}
      name: {template: "{{ row.event | upcas }}"}
      tags: {array: [{field: a}, {valeu: web}]}
    fliter: {}
retry: {fro: 4h, first: soon}
concurrency: 100
""",
    "syncs/to-broken.yaml": """\
source: web
destination: broken
event_types: [{type: anything, mappings: {a: b}}]
""",
    "syncs/to-cdp.yaml": """\
source: app
destination: cdp
event_types:
  - type: trak
  - type: track
    filter: {field: type, op: is_true, value: 1}
    mappings: {userId: {field: userId}, event: {value: 7}}
  - type: identify
    mappings: {extends: defaults, contxt: omit}
""",
    "syncs/to-lost.yaml": """\
source: web
destination: lost
event_types: [{type: anything}]
""",
}
EXPECTED = Path(__file__).with_name("everything_wrong.txt").read_text().splitlines()


def check(root, *options):
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return CliRunner().invoke(app, ["check", "-w", str(root), *options])


@pytest.fixture
def problems(tmp_path):
    return json.loads(check(tmp_path, "--json").stdout)


def test_every_mistake_is_told_once_at_its_line(tmp_path, problems):
    told = [
        f"{Path(p['file']).relative_to(tmp_path)}:{p['line']}:{p['column']}: {p['message']}" for p in problems
    ]
    assert told == EXPECTED


def test_every_mistake_comes_with_what_to_do(problems):
    assert [problem["message"] for problem in problems if not problem["hint"]] == []
    assert {problem["kind"] for problem in problems} == {"error"}


def test_the_hint_of_a_misspelt_key_is_the_key_and_all_that_may_stand_there(problems):
    hints = {p["message"].partition(":")[0]: p["hint"] for p in problems}
    assert hints["retry.fro"] == "did you mean for? keys here are: for, first, max, attempts"
    assert hints["setings.headers.X-Token.secrt"] == "did you mean secret? keys here are: secret, format"
    assert hints["event_types.0.filter.all.0.feild"].startswith("did you mean field? keys here are: field, ")
    assert hints["event_types.0.mappings.tags.array.1.valeu"].startswith(
        "did you mean value? keys here are: "
    )


def test_no_hint_shows_a_key_that_stands_where_its_digest_should(problems):
    assert "wk_secret" not in json.dumps(problems)


def test_a_caret_stands_below_what_it_points_at(tmp_path):
    lines = check(tmp_path).stderr.splitlines()
    at = next(n for n, line in enumerate(lines) if line.endswith("{{ row.event | upcas }}"))
    assert lines[at + 1].index("^") == lines[at].index("upcas")
