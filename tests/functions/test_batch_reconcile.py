"""functions/batch on schedule: lost files are found in S3 and put into the queue it reads."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from scorelet.aws_sqs import NotQueued, SqsQueue, sqs_client
from scorelet.errors import SettingsError

from tests.events import load_event
from tests.functions.test_batch import (  # noqa: F401 - fixtures
    DATA,
    GOOD,
    KEY,
    Minutes,
    app,
    eventbridge,
    failed,
    lines,
    listed,
    s3,
    sqs,
)


@pytest.fixture
def queue(app, monkeypatch):  # noqa: F811 - a fixture
    sqs_client.cache_clear()
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="batch")["QueueUrl"]
    monkeypatch.setenv("BATCH_QUEUE_URL", url)
    yield lambda: client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    sqs_client.cache_clear()


def schedule(hours=2):
    """moto dates objects by the clock, so the schedule fires some hours from now."""
    time = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return load_event("schedule_reconcile") | {"time": time}


def test_a_lost_file_is_announced_and_scored_as_by_its_own_event(app, s3, queue, capsys):  # noqa: F811 - fixtures
    lost = eventbridge(s3)
    app.handler(sqs(eventbridge(s3, "incoming/tiny/done.csv")), Minutes())
    told = app.handler(schedule(), Minutes())
    assert told == {"sent": 1, "listed": 2, "files": 2, "unfinished": 0, "done": True}
    (message,) = queue()
    assert failed(app.handler(sqs(message["Body"], lost, lost), Minutes())) == []
    assert sum(key.startswith(f"scored/{KEY[9:]}") for key in listed(s3, "scored/")) == 2
    assert app.handler(schedule(3), Minutes())["sent"] == 0
    found = [line for line in lines(capsys) if "FilesReconciled" in line]
    assert [(line["FilesReconciled"], line["UnfinishedFiles"]) for line in found] == [([1], [0]), ([0], [0])]


def test_a_file_that_waits_is_counted_at_the_end_of_each_sweep(app, s3, queue, capsys):  # noqa: F811 - fixtures
    eventbridge(s3)
    for hours in (2, 3):
        app.handler(schedule(hours), Minutes())
    assert [line["UnfinishedFiles"] for line in lines(capsys) if "UnfinishedFiles" in line] == [[0], [1]]


def test_without_time_the_next_call_goes_on(app, s3, queue, capsys):  # noqa: F811 - fixtures
    eventbridge(s3)
    assert app.handler(schedule(), Minutes(1))["done"] is False
    assert app.handler(schedule(), Minutes(1)) == {"sent": 0, "listed": 1, "files": 1, "unfinished": 0, "done": True}
    assert [line["UnfinishedFiles"] for line in lines(capsys) if "UnfinishedFiles" in line] == [[0]]


def test_the_example_event_is_taken(app, queue):  # noqa: F811 - fixtures
    assert app.handler(load_event("schedule_reconcile"), Minutes())["done"] is True


def test_without_a_queue_it_says_so(app, monkeypatch):  # noqa: F811 - a fixture
    monkeypatch.delenv("BATCH_QUEUE_URL", raising=False)
    with pytest.raises(SettingsError, match="BATCH_QUEUE_URL"):
        app.handler(schedule(), Minutes())


def test_messages_go_ten_at_a_time_and_one_that_sqs_refuses_is_an_error():
    class Client:
        def __init__(self):
            self.sizes = []

        def send_message_batch(self, QueueUrl, Entries):  # noqa: N803 - botocore's names
            assert QueueUrl == "url"
            self.sizes.append(len(Entries))
            return {"Failed": [{"Code": "InternalError"}]} if len(self.sizes) == 3 else {}

    client = Client()
    SqsQueue("url", client).send([])
    SqsQueue("url", client).send(["x"] * 13)
    assert client.sizes == [10, 3]
    with pytest.raises(NotQueued, match="1 of 1"):
        SqsQueue("url", client).send(["x"])


def test_a_sweep_puts_no_keys_into_the_log(app, s3, queue, capsys):  # noqa: F811 - fixtures
    eventbridge(s3, "incoming/tiny/jane doe.csv", GOOD)
    app.handler(schedule(), Minutes())
    output = capsys.readouterr()
    assert "jane" not in output.out + output.err
    assert DATA not in output.out
