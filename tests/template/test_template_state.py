"""What holds data stays when its stack goes, and is not public."""

from typing import Any

import pytest

HOLDS_DATA = {"AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::DynamoDB::Table"}


def test_what_holds_data_is_kept_when_it_leaves_the_template(resources: Any) -> None:
    kept = {name: r for name, r in resources.items() if r["Type"] in HOLDS_DATA}
    assert {r["Type"] for r in kept.values()} == HOLDS_DATA
    for name, resource in kept.items():
        # AWS::LanguageExtensions rejects RetainExceptOnCreate (cfn-language-discussion#139).
        assert resource["DeletionPolicy"] == "Retain", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def test_the_archive_is_private_and_has_a_lifecycle(of_type: Any) -> None:
    (bucket,) = of_type("AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    rules = {rule["Id"] for rule in bucket["LifecycleConfiguration"]["Rules"] if "Id" in rule}
    assert rules == {"AbortUnfinishedUploads", "CoolDown"}


def test_tables_are_on_demand(of_type: Any) -> None:
    for name, table in of_type("AWS::DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name


def test_deduplication_rows_expire_and_what_operators_decided_can_be_restored(resources: Any) -> None:
    dedup, tail, control = (
        resources[name]["Properties"] for name in ("DedupTable", "TailTable", "ControlTable")
    )
    for table in (dedup, tail):
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert control["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(("name", "folder"), [("EventStream", "events"), ("DeliveryStream", "deliveries")])
def test_the_archive_is_laid_out_by_day_and_hour(of_type: Any, name: str, folder: str) -> None:
    stream = of_type("AWS::KinesisFirehose::DeliveryStream")[name]
    target = stream["ExtendedS3DestinationConfiguration"]
    assert target["Prefix"] == folder + "/dt=!{timestamp:yyyy-MM-dd}/hr=!{timestamp:HH}/"
    assert target["ErrorOutputPrefix"].startswith("errors/")
    assert stream["DeliveryStreamEncryptionConfigurationInput"]
