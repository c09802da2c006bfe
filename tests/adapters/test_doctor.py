"""`sluice doctor` over moto's AWS: each mistake that was put there on purpose is found, and named."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from typer.testing import CliRunner

from cli.doctor.account import check_concurrency, check_credentials, check_stack
from cli.doctor.commands import CHECKS, examine
from cli.doctor.deployment import Deployed, Deployment, read_defaults, read_deployed
from cli.doctor.findings import Level, look
from cli.doctor.key import check_key
from cli.doctor.names import check_names, list_names
from cli.doctor.secrets import check_secrets
from cli.doctor.subscribers import check_subscribers
from cli.doctor.workspace import check_architecture, check_plain_http, check_removed, check_template
from cli.main import app
from cli.samconfig import DeploySettings
from cli.workspace_files import load_workspace
from tests.adapters.aws import fake_aws
from tests.template.deployer import build_policies
from tests.template.expand import expand_template, resolve_name

PROJECT = Path(__file__).parents[2]
TEMPLATE = (PROJECT / "template.yaml").read_text()
STACK = "sluice-dev"
TOKEN = f"/{STACK}/destinations/crm/token"
STACK_ID = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{STACK}/0a1b2c3d-4e5f-11ee-be56-0242ac120002"
WITHOUT_RIGHT = {"sts:GetCallerIdentity"}  # AWS answers it to everyone


@pytest.fixture
def aws():
    with fake_aws():
        yield


def make_deployment(clients=None, **changes):
    """A first deploy of the workspace that ships; `clients` replace moto's by service."""
    settings = DeploySettings("default", STACK, "us-east-1", "", changes.pop("parameters", {}))
    client = cache(
        lambda service: (clients or {}).get(service) or boto3.client(service, region_name="us-east-1")
    )
    workspace = load_workspace(PROJECT / "workspace")
    deployment = Deployment(PROJECT, settings, (), TEMPLATE, workspace, {}, None, client)
    return replace(deployment, **changes)


def with_destination(deployment, **settings):
    workspace = {**deployment.workspace, "destinations": {"crm": {"kind": "http", "settings": settings}}}
    return replace(deployment, workspace=workspace)


def find(check, deployment):
    """Level and text of each finding."""
    return [(finding.level, finding.text) for finding in check(deployment)]


def put_token(**settings):
    boto3.client("ssm").put_parameter(Name=TOKEN, Value="hunter2-hunter2", Type="SecureString", **settings)


def stub_lambda(account, unreserved):
    client = boto3.client("lambda", region_name="us-east-1")
    limits = {"ConcurrentExecutions": account, "UnreservedConcurrentExecutions": unreserved}
    stubber = Stubber(client)
    stubber.add_response("get_account_settings", {"AccountLimit": limits})
    stubber.activate()
    return {"lambda": client}


def refuse(service, operation, code, message=""):
    """A client whose calls of one operation AWS refuses."""
    client = boto3.client(service, region_name="us-east-1")
    stubber = Stubber(client)
    stubber.add_client_error(operation, code, message)
    stubber.activate()
    return {service: client}


def test_the_first_line_says_who_deploys_where(aws):
    [(level, text)] = find(check_credentials, make_deployment())
    assert level is Level.OK
    assert "123456789012" in text
    assert "us-east-1" in text
    assert "sluice-dev (new)" in text


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("UPDATE_COMPLETE", Level.OK),
        ("UPDATE_ROLLBACK_COMPLETE", Level.OK),
        ("REVIEW_IN_PROGRESS", Level.OK),  # an empty stack, which `sam deploy` left behind
        ("ROLLBACK_COMPLETE", Level.PROBLEM),
        ("UPDATE_ROLLBACK_FAILED", Level.PROBLEM),
        ("UPDATE_IN_PROGRESS", Level.PROBLEM),
    ],
)
def test_a_stack_that_cloudformation_would_not_update_is_found(status, level):
    assert find(check_stack, make_deployment(deployed=Deployed(status)))[0][0] is level


def test_a_missing_parameter_is_named_with_the_command_that_writes_it(aws):
    [finding] = check_secrets(make_deployment())
    assert finding.level is Level.PROBLEM
    assert finding.text == f"{TOKEN} (destination crm) does not exist"
    assert f"--name {TOKEN}" in finding.hint


def test_secrets_that_can_be_read_are_counted_and_never_shown(aws):
    put_token()
    assert find(check_secrets, make_deployment()) == [(Level.OK, "1 exist and can be read")]


def test_a_parameter_under_a_key_of_ones_own_needs_that_keys_policy(aws):
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    put_token(KeyId=key)
    [finding] = check_secrets(make_deployment())
    assert finding.level is Level.WARNING
    assert key in finding.text
    assert "kms:Decrypt" in finding.hint
    assert "hunter2" not in finding.text


@pytest.mark.parametrize("form", ["Arn", "KeyId", "alias"])
def test_a_secret_under_the_stacks_own_key_is_in_order(aws, form):
    kms = boto3.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/sluice", TargetKeyId=key["KeyId"])
    put_token(KeyId=key.get(form, "alias/sluice"))
    deployment = make_deployment(parameters={"KmsKeyArn": key["Arn"]})
    assert find(check_secrets, deployment) == [(Level.OK, "1 exist and can be read")]


@pytest.mark.parametrize("code", ["InvalidKeyId", "KMSInvalidStateException"])
def test_a_secret_whose_key_is_disabled_is_a_problem_of_the_key(aws, code):
    deployment = make_deployment(refuse("ssm", "get_parameter", code, "the key is disabled"))
    [finding] = check_secrets(deployment)
    assert finding.level is Level.PROBLEM
    assert "cannot be decrypted" in finding.text
    assert "KMS key" in finding.hint


@pytest.mark.parametrize(
    "message",
    [
        "User: arn:aws:iam::1:user/me is not authorized to perform: kms:Decrypt on this resource",
        "Access to KMS is not allowed",
        "The ciphertext refers to a customer master key that does not exist or that you may not access",
    ],
)
def test_a_secret_whose_key_only_others_may_use_does_not_stop_a_deploy(aws, message):
    deployment = make_deployment(refuse("ssm", "get_parameter", "AccessDeniedException", message))
    [finding] = check_secrets(deployment)
    assert finding.level is Level.WARNING
    assert "KMS key that you may not use" in finding.text


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("User: me is not authorized to perform: ssm:GetParameter on resource: x", "ssm:GetParameter"),
        ("", "GetParameter"),
    ],
)
def test_a_right_that_is_missing_is_named_and_does_not_stop_a_deploy(aws, message, named):
    deployment = make_deployment(refuse("ssm", "get_parameter", "AccessDeniedException", message))
    [finding] = check_secrets(deployment)
    assert finding.level is Level.UNCHECKED
    assert finding.text.endswith(f"could not check: needs {named}")


def test_secrets_of_secrets_manager_and_of_functions_are_looked_at_too(aws):
    deployment = with_destination(
        make_deployment(), url="https://crm.example/{secretsmanager:key}", headers={}
    )
    deployment = replace(deployment, function_secrets={"enrich": ["crm-token"]})
    texts = [text for _, text in find(check_secrets, deployment)]
    assert f"{STACK}/destinations/crm/key (destination crm) does not exist" in texts
    assert f"/{STACK}/functions/crm-token (function enrich) does not exist" in texts


def make_key(*services, **settings):
    """A key that its account may use, and these services."""
    account = {"AWS": "arn:aws:iam::123456789012:root"}
    statements = [{"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}]
    statements += [
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        }
        for service in services
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    settings = {"KeyUsage": "ENCRYPT_DECRYPT", **settings}
    return boto3.client("kms").create_key(Policy=policy, **settings)["KeyMetadata"]


LOGS_SID = '"Sid": "CloudWatchLogs"'
LOGS, ALARMS = "logs.us-east-1.amazonaws.com", "cloudwatch.amazonaws.com"


def find_key(arn):
    return find(check_key, make_deployment(parameters={"KmsKeyArn": arn}))


def test_a_stack_without_a_key_uses_those_of_aws(aws):
    assert find(check_key, make_deployment()) == [(Level.OK, "AWS's keys encrypt the data")]


def test_a_key_that_is_enabled_and_lets_cloudwatch_use_it_is_in_order(aws):
    assert [level for level, _ in find_key(make_key(LOGS, ALARMS)["Arn"])] == [Level.OK]


def test_the_documented_key_policy_passes_the_check(aws):
    text = (PROJECT / "docs" / "operations.md").read_text()
    [policy] = [block for block in re.findall(r"```json\n(.*?)```", text, re.S) if LOGS_SID in block]
    filled = policy.replace("REGION", "us-east-1").replace("ACCOUNT", "123456789012").replace("STACK", STACK)
    key = boto3.client("kms").create_key(Policy=filled, KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    assert [level for level, _ in find_key(key["Arn"])] == [Level.OK]


def test_a_disabled_key_is_found(aws):
    key = make_key(LOGS, ALARMS)
    boto3.client("kms").disable_key(KeyId=key["KeyId"])
    [(level, text)] = find_key(key["Arn"])
    assert level is Level.PROBLEM
    assert "its state is Disabled" in text


def test_an_asymmetric_key_is_found(aws):
    key = make_key(LOGS, ALARMS, KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    assert [level for level, _ in find_key(key["Arn"])] == [Level.PROBLEM]


@pytest.mark.parametrize(
    ("arn", "text"),
    [
        ("arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-11ee-be56-0242ac120002", "does not exist"),
        ("arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-11ee-be56-0242ac120002", "not in us-east-1"),
    ],
)
def test_a_key_that_is_not_there_is_found(aws, arn, text):
    [(level, found)] = find_key(arn)
    assert level is Level.PROBLEM
    assert text in found


def test_a_key_that_log_groups_cannot_use_would_make_the_deploy_fail(aws):
    [(level, text)] = find_key(make_key(ALARMS)["Arn"])
    assert level is Level.PROBLEM
    assert f"does not let {LOGS} use it" in text


def test_a_key_that_alarms_cannot_use_would_keep_them_silent(aws):
    [(level, text)] = find_key(make_key(LOGS)["Arn"])
    assert level is Level.WARNING
    assert f"does not let {ALARMS} use it" in text


def test_names_of_a_new_stack_are_free(aws):
    assert find(check_names, make_deployment()) == [(Level.OK, "short enough, and free or the stack's own")]


def test_every_name_that_the_template_gives_is_known():
    names = list_names(TEMPLATE, STACK)
    assert f"{STACK}-EventsToWebhook" in names["FunctionName"]
    assert f"/aws/lambda/{STACK}-ingest" in names["LogGroupName"]
    assert names["DeliveryStreamName"] == [f"{STACK}-events", f"{STACK}-deliveries"]
    assert {f"{STACK}-unhealthy", f"{STACK}-over-quota"} <= {*names["AlarmName"]}
    assert not [name for listed in names.values() for name in listed if "$" in name]


def test_a_log_group_left_by_something_else_is_found_and_ones_own_is_not(aws):
    group = f"/aws/lambda/{STACK}-router"
    boto3.client("logs").create_log_group(logGroupName=group)
    [(level, text)] = find(check_names, make_deployment())
    assert level is Level.PROBLEM
    assert group in text
    own = Deployed("UPDATE_COMPLETE", {"RouterLogGroup": group})
    assert find(check_names, make_deployment(deployed=own))[0][0] is Level.OK


def test_an_alarm_and_a_stream_of_the_same_name_are_found(aws):
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{STACK}-failure-rate",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    boto3.client("s3").create_bucket(Bucket="some")
    boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName=f"{STACK}-events",
        S3DestinationConfiguration={"RoleARN": "arn:aws:iam::1:role/r", "BucketARN": "arn:aws:s3:::some"},
    )
    texts = [text for _, text in find(check_names, make_deployment())]
    assert [text.split(" exists")[0] for text in texts] == [
        f"the Firehose stream {STACK}-events",
        f"the alarm {STACK}-failure-rate",
    ]
    without = make_deployment(parameters={"FullAlarms": "false"})
    assert [text.split(" exists")[0] for _, text in find(check_names, without)] == [
        f"the Firehose stream {STACK}-events"
    ]


def test_a_name_that_is_too_long_for_lambda_is_found(aws):
    long = "s" * 50
    deployment = make_deployment(settings=DeploySettings("default", long))
    texts = [text for level, text in find(check_names, deployment) if level is Level.PROBLEM]
    assert any(f"{long}-EventsToWebhook has 66 characters, and AWS takes 64" in text for text in texts)


@pytest.mark.parametrize("stack", ["awsome", "SSM-events"])
def test_a_stack_whose_parameters_aws_would_refuse_is_found(aws, stack):
    deployment = make_deployment(settings=DeploySettings("default", stack))
    assert find(check_names, deployment)[0][0] is Level.PROBLEM


def test_a_stack_needs_a_name_that_cloudformation_takes(aws):
    deployment = make_deployment(settings=DeploySettings("default", "my_stack"))
    assert find(check_names, deployment) == [(Level.PROBLEM, "'my_stack' is not a valid stack name")]


def test_a_queue_that_a_removed_sync_left_is_found_when_the_sync_comes_back(aws):
    sqs = boto3.client("sqs")
    left = sqs.create_queue(QueueName=f"{STACK}-0a1b2c3d-EventsToWebhook-dlq")["QueueUrl"]
    deployed = Deployed("UPDATE_COMPLETE", {}, {}, STACK_ID)
    [(level, text)] = find(check_names, make_deployment(deployed=deployed))
    assert level is Level.PROBLEM
    assert f"the queue {STACK}-0a1b2c3d-EventsToWebhook-dlq of a removed sync still exists" in text
    own = replace(deployed, resources={"EventsToWebhookDlq": left})
    assert find(check_names, make_deployment(deployed=own))[0][0] is Level.OK


def test_the_queues_that_are_looked_for_have_the_templates_names(aws):
    """The name's rule is written twice: a queue of each sync, made by the template's rule, is found."""
    values = {"AWS::StackName": STACK, "AWS::StackId": STACK_ID}
    template = expand_template(TEMPLATE)
    names = {
        resolve_name(resource["Properties"]["QueueName"], values)
        for logical, resource in template["Resources"].items()
        if resource["Type"] == "AWS::SQS::Queue" and not logical.startswith("Ingest")
    }
    for name in names:
        boto3.client("sqs").create_queue(QueueName=name)
    found = find(check_names, make_deployment(deployed=Deployed("UPDATE_COMPLETE", {}, {}, STACK_ID)))
    assert {text.split()[2] for _, text in found} == names


def test_a_dashboard_of_the_stacks_name_is_found_where_the_stack_would_make_one(aws):
    boto3.client("cloudwatch").put_dashboard(DashboardName=STACK, DashboardBody='{"widgets": []}')
    assert find(check_names, make_deployment())[0][0] is Level.OK
    [(level, text)] = find(check_names, make_deployment(parameters={"WithDashboard": "true"}))
    assert level is Level.PROBLEM
    assert f"the dashboard {STACK} exists" in text


def test_a_new_accounts_ten_runs_are_too_few(aws):
    [finding] = check_concurrency(make_deployment(stub_lambda(10, 10)))
    assert finding.level is Level.WARNING
    assert "10 functions at once" in finding.text


@pytest.mark.parametrize(("reserved", "level"), [("901", Level.PROBLEM), ("900", Level.OK)])
def test_what_is_reserved_for_ingest_leaves_the_hundred_that_aws_keeps(aws, reserved, level):
    parameters = {"IngestReservedConcurrency": reserved}
    deployment = make_deployment(stub_lambda(2000, 1000), parameters=parameters)
    assert find(check_concurrency, deployment)[0][0] is level


def test_what_the_stack_has_reserved_already_counts_as_free(aws):
    parameters = {"IngestReservedConcurrency": "500"}
    deployed = Deployed("UPDATE_COMPLETE", {}, parameters)
    deployment = make_deployment(stub_lambda(2000, 200), deployed=deployed)
    assert find(check_concurrency, deployment)[0][0] is Level.OK


def test_alarms_that_no_one_receives_are_worth_a_warning(aws):
    assert find(check_subscribers, make_deployment()) == [(Level.WARNING, "no one receives alarms")]
    asked = make_deployment(parameters={"AlarmEmail": "ops@example.com"})
    assert find(check_subscribers, asked)[0][0] is Level.OK


def test_a_subscription_that_waits_for_its_confirmation_is_found():
    topic = "arn:aws:sns:us-east-1:123456789012:alarms"
    client = boto3.client("sns", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    stubber = Stubber(client)
    subscription = {
        "SubscriptionArn": "PendingConfirmation",
        "Endpoint": "ops@example.com",
        "Protocol": "email",
    }
    stubber.add_response("list_subscriptions_by_topic", {"Subscriptions": [subscription]})
    deployed = Deployed("UPDATE_COMPLETE", {"AlarmTopic": topic}, {"AlarmEmail": "ops@example.com"})
    with stubber:
        found = find(check_subscribers, make_deployment({"sns": client}, deployed=deployed))
    assert found == [(Level.WARNING, "ops@example.com has not confirmed its subscription")]


def test_a_template_that_lacks_a_sync_is_found():
    deployment = make_deployment()
    assert find(check_template, deployment)[0][0] is Level.OK
    syncs = {name: sync for name, sync in deployment.workspace["syncs"].items() if name != "purchases-to-crm"}
    fewer = replace(deployment, workspace={**deployment.workspace, "syncs": syncs})
    assert find(check_template, fewer)[0][0] is Level.PROBLEM


def test_events_of_a_sync_that_would_go_are_found(aws):
    sqs = boto3.client("sqs")
    urls = {
        name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("OldQueue", "OldDlq", "IngestQueue")
    }
    deployment = make_deployment(deployed=Deployed("UPDATE_COMPLETE", urls))
    assert find(check_removed, deployment) == [(Level.OK, "OldQueue, OldDlq: empty")]
    sqs.send_message(QueueUrl=urls["OldDlq"], MessageBody="a letter")
    [(level, text)] = find(check_removed, deployment)
    assert level is Level.PROBLEM
    assert "OldDlq still holds 1 messages" in text


def test_plain_http_is_a_problem_unless_the_stack_allows_it():
    deployment = with_destination(make_deployment(), url="HTTP://crm.example/events")
    assert find(check_plain_http, deployment)[0][0] is Level.PROBLEM
    allowed = DeploySettings("default", STACK, parameters={"AllowPrivateDestinations": "true"})
    assert find(check_plain_http, replace(deployment, settings=allowed))[0][0] is Level.WARNING


def test_a_build_for_another_machine_is_found(tmp_path):
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    layer = tmp_path / ".aws-sam/build/CommonLayer/python"
    layer.mkdir(parents=True)
    (layer / "fast.so").write_bytes(b"\x7fELF\x02\x01" + bytes(12) + (62).to_bytes(2, "little"))
    [(level, text)] = find(check_architecture, make_deployment(folder=tmp_path))
    assert level is Level.WARNING
    assert "not for arm64" in text
    assert (
        find(
            check_architecture,
            make_deployment(folder=tmp_path, arguments=("--parameter-overrides", "Architecture=x86_64")),
        )[0][0]
        is Level.OK
    )


def test_a_stack_is_read_with_its_parameters_and_without_what_was_deleted():
    client = boto3.client(
        "cloudformation", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stubber = Stubber(client)
    stack = {"StackName": STACK, "CreationTime": "2026-12-01T00:00:00Z", "StackStatus": "UPDATE_COMPLETE"}
    stack["Parameters"] = [{"ParameterKey": "AlarmEmail", "ParameterValue": "ops@example.com"}]
    stubber.add_response("describe_stacks", {"Stacks": [stack]})
    entry = {"ResourceType": "AWS::SQS::Queue", "LastUpdatedTimestamp": "2026-12-01T00:00:00Z"}
    entries = [
        {
            **entry,
            "LogicalResourceId": "Kept",
            "PhysicalResourceId": "q",
            "ResourceStatus": "CREATE_COMPLETE",
        },
        {
            **entry,
            "LogicalResourceId": "Gone",
            "PhysicalResourceId": "r",
            "ResourceStatus": "DELETE_COMPLETE",
        },
    ]
    stubber.add_response("list_stack_resources", {"StackResourceSummaries": entries})
    with stubber:
        deployed = read_deployed(client, STACK)
    assert deployed == Deployed("UPDATE_COMPLETE", {"Kept": "q"}, {"AlarmEmail": "ops@example.com"})


def test_a_stack_that_does_not_exist_is_a_first_deploy():
    message = f"Stack with id {STACK} does not exist"
    [client] = refuse("cloudformation", "describe_stacks", "ValidationError", message).values()
    assert read_deployed(client, STACK) is None


def test_a_parameter_is_taken_from_the_arguments_then_the_stack_then_the_template():
    assert read_defaults(TEMPLATE)["Architecture"] == "arm64"
    deployed = Deployed("UPDATE_COMPLETE", {}, {"LogRetentionDays": "7"})
    deployment = make_deployment(deployed=deployed, parameters={"DedupWindowHours": "1"})
    values = [
        deployment.parameter(name) for name in ("DedupWindowHours", "LogRetentionDays", "TrustedProxyHops")
    ]
    assert values == ["1", "7", "0"]


def test_a_check_that_aws_refuses_does_not_end_the_others():
    def fail(_deployment):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeAlarms")
        yield

    [finding] = look("names", lambda: fail(None))
    assert (finding.level, finding.text) == (
        Level.UNCHECKED,
        "could not check: needs DescribeAlarms",
    )


def test_the_documented_policies_allow_every_call_of_the_doctor(aws):
    called = set()

    def note(model, **_):
        service = model.service_model.signing_name
        called.add(f"{'cloudwatch' if service == 'monitoring' else service}:{model.name}")

    def answer(**_):
        limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
        return SimpleNamespace(status_code=200), {"AccountLimit": limits}

    @cache
    def client(service):
        made = boto3.client(service, region_name="us-east-1")
        made.meta.events.register("before-parameter-build.*.*", note)
        made.meta.events.register("before-call.lambda.GetAccountSettings", answer)  # which moto lacks
        return made

    sns, sqs, secrets = (client(service) for service in ("sns", "sqs", "secretsmanager"))
    secrets.create_secret(Name=f"{STACK}/destinations/crm/key", SecretString="hunter2-hunter2")
    put_token()
    key = make_key(LOGS, ALARMS)["Arn"]
    resources = {
        "AlarmTopic": sns.create_topic(Name="alarms")["TopicArn"],
        "GoneQueue": sqs.create_queue(QueueName="gone")["QueueUrl"],
    }
    parameters = {"KmsKeyArn": key, "WithDashboard": "true"}
    deployment = make_deployment(
        deployed=Deployed("UPDATE_COMPLETE", resources, {}, STACK_ID), parameters=parameters, client=client
    )
    headers = {"Authorization": {"secret": "ssm:token"}}
    settings = {"url": "https://crm.example/{secretsmanager:key}", "headers": headers}
    deployment = with_destination(deployment, **settings)
    called.clear()
    levels = [finding.level for check in CHECKS.values() for finding in check(deployment)]
    assert Level.UNCHECKED not in levels
    policies = build_policies(expand_template(TEMPLATE))
    granted = {a for policy in policies.values() for one in policy["Statement"] for a in one["Action"]}
    assert called - WITHOUT_RIGHT - granted == set()
    assert called >= {"kms:GetKeyPolicy", "secretsmanager:DescribeSecret", "ssm:DescribeParameters"}


@pytest.fixture
def at_home(aws, monkeypatch):
    """The project's folder, a region, and no stack yet: moto's CloudFormation needs more packages."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("cli.doctor.commands.read_deployed", lambda _client, _stack: None)


def test_a_healthy_first_deploy_has_a_mark_for_each_check(at_home):
    put_token()
    findings = list(examine(PROJECT / "workspace", "", ()))
    assert [finding.check for finding in findings] == [
        *(
            "credentials",
            "stack",
            "names",
            "template",
            "removed syncs",
            "architecture",
            "destinations",
            "encryption key",
            "secrets",
        ),
        *("concurrency", "alarm e-mail"),
    ]
    assert not [finding for finding in findings if finding.level is Level.PROBLEM]
    assert "hunter2" not in repr(findings), "the value of a secret"


def test_the_command_prints_json_and_fails_where_something_must_change(at_home):
    result = CliRunner().invoke(app, ["doctor", "--json", "--stack", STACK])
    assert result.exit_code == 1
    problems = [one for one in json.loads(result.stdout) if one["level"] == "problem"]
    assert [one["check"] for one in problems] == ["secrets"]


def test_without_credentials_there_is_one_line(monkeypatch):
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    [finding] = examine(PROJECT / "workspace", "", ())
    assert (finding.check, finding.level) == ("credentials", Level.PROBLEM)


def test_a_region_that_does_not_exist_is_one_line(monkeypatch):
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("AWS_REGION", "eu-central-9")
    [finding] = examine(PROJECT / "workspace", "", ())
    assert finding.level is Level.PROBLEM
    assert "eu-central-1" in finding.hint
