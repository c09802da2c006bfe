"""How many letters went back to their sync: a metric that the command line itself counts."""

from botocore.exceptions import ClientError

from cli.stack import Stack

REDRIVEN, OPERATOR = "Redriven", "operator"


def count_redriven(stack: Stack, sync: str, letters: int) -> bool:
    """Adds to the sync's metric, from which `sluice status` makes its rows add up.

    False where the caller has not the right to; a redrive does not fail for that.
    """
    if not letters:
        return True
    dimensions = [{"Name": "sync", "Value": sync}, {"Name": "service", "Value": OPERATOR}]
    datum = {"MetricName": REDRIVEN, "Dimensions": dimensions, "Value": float(letters), "Unit": "Count"}
    try:
        stack.client("cloudwatch").put_metric_data(Namespace=f"Sluice/{stack.name}", MetricData=[datum])
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
        return False
    return True
