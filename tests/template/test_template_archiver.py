"""The archiver's part of the template: its time, its queues, and no resource for each sync."""

from typing import Any

from cli.template import render
from sluice.archiver.drain import HIDDEN_SECONDS
from tests.template.builders import make_sync, make_workspace
from tests.template.expand import expand_template
from tests.template.permissions import list_permissions


def test_letters_are_hidden_for_as_long_as_a_run_may_take(resources: Any) -> None:
    assert resources["ArchiverFunction"]["Properties"]["Timeout"] == HIDDEN_SECONDS


def test_letters_are_archived_days_before_sqs_drops_them(example: dict[str, Any]) -> None:
    parameter = example["Parameters"]["DlqArchiveAfterDays"]
    assert parameter["Default"] == 7
    assert parameter["MaxValue"] <= 12
    variables = example["Resources"]["ArchiverFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["SLUICE_DLQ_ARCHIVE_AFTER_DAYS"] == {"Ref": "DlqArchiveAfterDays"}


def test_the_archiver_empties_dead_letter_queues_only_and_writes_only_to_dead(resources: Any) -> None:
    lines = list_permissions({"Resources": resources})["ArchiverRole"]
    queues = {line.partition("${AWS::AccountId}:")[2] for line in lines if "sqs:" in line}
    assert queues == {"${AWS::StackName}-*-dlq"}
    assert {line.partition(" on ")[2] for line in lines if "s3:PutObject" in line} == {
        "${ArchiveBucket.Arn}/dead/*"
    }


def test_another_sync_adds_nothing_to_the_archiver(template_text: str) -> None:
    def count(**syncs: Any) -> int:
        names = expand_template(render(template_text, make_workspace(**syncs)))["Resources"]
        return sum("Archiver" in name for name in names)

    assert count(a=make_sync("A")) == count(a=make_sync("A"), b=make_sync("B"))
