"""Log deliveries."""

import base64
import gzip
import json

import pytest
from scorelet.errors import EventError
from scorelet.events.logs import is_log_delivery, log_batch
from scorelet.record import parse_line

from tests.events import load_event


def test_a_delivery_holds_its_lines_in_order():
    event = load_event("logs_predictions")
    batch = log_batch(event)
    assert is_log_delivery(event)
    assert batch.log_group.startswith("scorelet-PredictLogs")
    assert "[$LATEST]" in batch.log_stream
    assert [parse_line(e.message).rows for e in batch.events] == [2, 1]
    assert batch.events[0].timestamp_ms < batch.events[1].timestamp_ms
    assert batch.events[0].id < batch.events[1].id


def packed(document):
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()}}


def test_the_control_message_holds_nothing():
    event = packed({"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "timestamp": 1, "message": "hello"}]})
    assert log_batch(event).events == ()


@pytest.mark.parametrize(
    "event",
    [
        {"awslogs": {"data": "not base64!"}},
        {"awslogs": {"data": base64.b64encode(b"not gzip").decode()}},
        {"awslogs": {"data": base64.b64encode(gzip.compress(b"{}")[:-6]).decode()}},
        {"awslogs": {"data": base64.b64encode(gzip.compress(b"not json")).decode()}},
        {"awslogs": {}},
        packed({"messageType": "DATA_MESSAGE"}),
        packed([]),
    ],
)
def test_a_delivery_that_cannot_be_unpacked_is_refused(event):
    with pytest.raises(EventError, match="unpacked"):
        log_batch(event)


def test_other_events_are_no_delivery():
    assert not is_log_delivery(load_event("schedule"))
    assert not is_log_delivery(load_event("s3_scored_manifest"))
