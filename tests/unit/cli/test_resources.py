"""Counting the resources that a template makes."""

import re

import pytest

from cli.resources import MAX_RESOURCES, Resources, check_room, read_resources
from sluice.errors import WorkspaceError
from tests.template.expand import TEMPLATE as TEMPLATE_FILE

TEMPLATE = """
Parameters:
  Size:
    Type: String

Resources:
  # One of its own
  Bucket:
    Type: AWS::S3::Bucket

  Fn::ForEach::Syncs:
    - Sync
    # >>> list
    - [
        One,
        Two,
      ]
    # <<< list
    - ${Sync}Queue:
        Type: AWS::SQS::Queue

      ${Sync}Function:
        Type: AWS::Serverless::Function

  Fn::ForEach::Kinds:
    - Kind
    - [Dead, Slow]
    - Any${Kind}Alarm:
        Type: AWS::CloudWatch::CompositeAlarm

Outputs:
  Name:
    Value: x
"""


def test_loops_are_counted_unrolled_and_parameters_and_outputs_not() -> None:
    resources = read_resources(TEMPLATE)
    assert resources.fixed == ("Bucket", "AnyDeadAlarm", "AnySlowAlarm")
    assert resources.of_sync == ("Queue", "Function")
    assert resources.count(2) == 7


def test_as_many_syncs_fit_as_leave_room_for_the_rest() -> None:
    resources = Resources(fixed=("a",) * 60, of_sync=("b",) * 12)
    assert resources.room == 36
    assert resources.count(36) == 492 <= MAX_RESOURCES
    check_room(resources, 36)


@pytest.mark.parametrize("name", ["architecture.md", "decisions/0004-function-per-sync.md"])
def test_documents_tell_how_many_syncs_the_template_has_room_for(name: str) -> None:
    text = (TEMPLATE_FILE.parent / "docs" / name).read_text()
    told = re.search(r"syncs a stack \| about (\d+) |some (\d+) syncs a stack", text)
    assert told
    assert int(told[1] or told[2]) == read_resources(TEMPLATE_FILE.read_text()).room


def test_one_sync_too_many_is_refused_with_the_count_and_what_to_do() -> None:
    with pytest.raises(WorkspaceError) as refused:
        check_room(Resources(fixed=("a",) * 60, of_sync=("b",) * 12), 37)
    assert "37 syncs do not fit one stack, which takes 36" in refused.value.message
    assert "505 CloudFormation resources" in refused.value.message
    assert "second stack" in refused.value.hint
