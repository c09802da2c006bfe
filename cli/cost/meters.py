"""What CloudWatch counts of each service, and its price. None stands for what it does not count."""

from dataclasses import dataclass, field

from cli.cost.model import GB, bill_records, count_requests
from cli.cost.prices import PriceTable
from cli.stack import Stack
from cli.status.series import Ask, Metric, MetricReader, Range, Values, add_up, make_metric

_SECOND = {"arm64": "lambda_gb_second", "x86_64": "lambda_gb_second_x86"}
_FUNCTIONS = {"IngestFunction": "ingest function", "RouterFunction": "router function"}


@dataclass(slots=True)
class Meter:
    """Collects what to ask for, then answers it: `ask` before `read`, `get` after it."""

    span: Range
    values: Values = field(default_factory=dict)
    _asks: list[Ask] = field(default_factory=list)

    def ask(self, namespace: str, name: str, **dimensions: str) -> Ask:
        return self.ask_metric(make_metric(namespace, name, **dimensions))

    def ask_metric(self, metric: Metric, statistic: str = "Sum", period: int = 0) -> Ask:
        ask = Ask(metric, statistic, period or self.span.period)
        self._asks.append(ask)
        return ask

    def read(self, metrics: MetricReader) -> None:
        self.values = metrics.read(self._asks, self.span.since, self.span.until)

    def get(self, ask: Ask) -> float | None:
        """The sum over the range, None where CloudWatch has no such metric."""
        return add_up(self.values[ask])


class Function:
    """A Lambda function; `hop` is the line of the bill that it belongs to."""

    def __init__(self, stack: Stack, meter: Meter, name: str) -> None:
        physical = stack.resources[name]
        settings = stack.client("lambda").get_function_configuration(FunctionName=physical)
        self.hop = _FUNCTIONS.get(
            name, "delivery functions" if name.endswith("DeliveryFunction") else "scheduled functions"
        )
        self._size: float = settings["MemorySize"] / 1024
        self._second = _SECOND[settings.get("Architectures", ["x86_64"])[0]]
        self._runs = meter.ask("AWS/Lambda", "Invocations", FunctionName=physical)
        self._milliseconds = meter.ask("AWS/Lambda", "Duration", FunctionName=physical)

    def count_runs(self, meter: Meter) -> float:
        return meter.get(self._runs) or 0.0

    def price(self, meter: Meter, prices: PriceTable) -> float | None:
        runs, milliseconds = meter.get(self._runs), meter.get(self._milliseconds)
        if runs is None or milliseconds is None:
            return None
        return runs * prices["lambda_request"] + milliseconds / 1e3 * self._size * prices[self._second]


class Queue:
    """A queue; `size` asks for the bytes that were sent to it."""

    def __init__(self, meter: Meter, url: str) -> None:
        name = url.rpartition("/")[2]
        self._sent = meter.ask("AWS/SQS", "NumberOfMessagesSent", QueueName=name)
        self.size = meter.ask("AWS/SQS", "SentMessageSize", QueueName=name)
        self._polls = meter.ask("AWS/SQS", "NumberOfEmptyReceives", QueueName=name)

    def price(
        self,
        meter: Meter,
        prices: PriceTable,
        *,
        one_by_one: bool = False,
        sends: float = 0,
        runs: float = 0,
    ) -> float | None:
        """Messages by their size, and polls that found none: CloudWatch does not count the other calls.

        `sends` and `runs` are those of the functions before and behind the queue: each run makes a call.
        """
        sent, polls = meter.get(self._sent), meter.get(self._polls)
        if sent is None and polls is None:
            return None
        size = (meter.get(self.size) or 0.0) / sent if sent else 0.0
        requests = count_requests(sent, size, one_by_one=one_by_one, sends=sends, runs=runs) if sent else 0.0
        return (requests + (polls or 0.0)) * prices["sqs_request"]


class Stream:
    """A Firehose stream."""

    def __init__(self, meter: Meter, name: str) -> None:
        self._bytes = meter.ask("AWS/Firehose", "IncomingBytes", DeliveryStreamName=name)
        self._records = meter.ask("AWS/Firehose", "IncomingRecords", DeliveryStreamName=name)

    def price(self, meter: Meter, prices: PriceTable) -> float | None:
        size, records = meter.get(self._bytes), meter.get(self._records)
        if size is None or records is None:
            return None
        return bill_records(records, size / records) / GB * prices["firehose_gb"] if records else 0.0


class Table:
    """A DynamoDB table."""

    def __init__(self, meter: Meter, name: str) -> None:
        self._writes = meter.ask("AWS/DynamoDB", "ConsumedWriteCapacityUnits", TableName=name)
        self._reads = meter.ask("AWS/DynamoDB", "ConsumedReadCapacityUnits", TableName=name)

    def price(self, meter: Meter, prices: PriceTable) -> float | None:
        writes, reads = meter.get(self._writes), meter.get(self._reads)
        if writes is None and reads is None:
            return None
        return (writes or 0.0) * prices["dynamodb_write"] + (reads or 0.0) * prices["dynamodb_read"]
