"""Whether someone receives the alarms."""

from collections.abc import Iterator

from cli.doctor.deployment import Deployment
from cli.doctor.findings import Finding, ok, warning

CHECK_ALARMS = "alarm e-mail"
PENDING = "PendingConfirmation"


def check_subscribers(deployment: Deployment) -> Iterator[Finding]:
    """The address is set and confirmed, or something else is subscribed to the topic."""
    address, deployed = deployment.parameter("AlarmEmail"), deployment.deployed
    topic = deployed.resources.get("AlarmTopic", "") if deployed is not None else ""
    subscriptions = []
    if topic:
        paginator = deployment.client("sns").get_paginator("list_subscriptions_by_topic")
        subscriptions = [one for page in paginator.paginate(TopicArn=topic) for one in page["Subscriptions"]]
    waiting = [one["Endpoint"] for one in subscriptions if one["SubscriptionArn"] == PENDING]
    for endpoint in waiting:
        hint = "confirm it in the e-mail from AWS Notifications (check spam), or subscribe again"
        yield warning(CHECK_ALARMS, f"{endpoint} has not confirmed its subscription", hint)
    confirmed = len(subscriptions) - len(waiting)
    if confirmed:
        yield ok(CHECK_ALARMS, f"{confirmed} subscribed")
    elif address and not waiting:
        yield ok(CHECK_ALARMS, f"{address} will get a mail to confirm after the deploy")
    elif not address:
        hint = "set AlarmEmail in parameter_overrides, or subscribe something to the output AlarmTopic"
        yield warning(CHECK_ALARMS, "no one receives alarms", hint)
