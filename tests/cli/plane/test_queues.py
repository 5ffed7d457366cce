"""A queue by itself, and what partial answers mean."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from cli.plane.ids import Ids
from cli.plane.poller import item_failures
from cli.plane.queues import Queue, lambda_record
from cli.plane.template.storage import QueueSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def queue(**settings) -> Queue:
    return Queue(QueueSpec("Q", "q", "arn:aws:sqs:us-east-1:1:q", **settings), Ids("test"))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_received_message_is_hidden_until_its_visibility_timeout():
    q = queue(visibility_seconds=30)
    q.send("a", NOW)
    assert [m.body for m in q.receive(10, NOW)] == ["a"]
    assert q.receive(10, later(29)) == []
    (again,) = q.receive(10, later(30))
    assert again.receives == 2


def test_a_batch_is_not_larger_than_asked():
    q = queue()
    for number in range(5):
        q.send(str(number), NOW)
    assert [[m.body for m in q.receive(2, NOW)] for _ in range(3)] == [["0", "1"], ["2", "3"], ["4"]]


def test_a_deleted_message_is_gone_and_an_old_receipt_deletes_nothing():
    q = queue(visibility_seconds=30)
    q.send("a", NOW)
    old = q.receive(1, NOW)[0].receipt
    new = q.receive(1, later(30))[0].receipt
    q.delete(old)
    assert q.bodies() == ["a"]
    q.delete(new)
    assert q.bodies() == []


def test_the_fourth_receive_of_three_goes_to_the_dead_letters_with_its_history():
    q, dead = queue(visibility_seconds=10, max_receives=3), queue()
    q.dead_letters = dead
    sent = q.send("poison", NOW)
    for attempt in range(3):
        assert len(q.receive(10, later(10 * attempt))) == 1
    assert q.receive(10, later(30)) == []
    (message,) = dead.messages
    assert (message.id, message.sent_at, q.messages) == (sent, NOW, [])
    (received,) = dead.receive(1, later(30))
    attributes = lambda_record(received, dead, "us-east-1")["attributes"]
    assert attributes["DeadLetterQueueSourceArn"] == q.spec.arn
    assert attributes["ApproximateReceiveCount"] == "4"


def test_visibility_can_be_changed_by_hand():
    q = queue(visibility_seconds=30)
    q.send("a", NOW)
    q.change_visibility(q.receive(1, NOW)[0].receipt, 0, NOW)
    assert len(q.receive(1, NOW)) == 1


def test_delayed_and_old_messages_are_not_seen():
    q = queue(delay_seconds=5, retention_seconds=60)
    q.send("a", NOW)
    assert q.receive(1, later(4)) == []
    assert q.next_due(NOW) == later(5)
    assert q.receive(1, later(60)) == []
    assert q.messages == []


def test_depth_and_age():
    q = queue()
    q.send("a", NOW)
    q.send("b", later(5))
    q.receive(1, later(5))
    assert (q.visible(later(5)), q.in_flight(later(5)), q.oldest_age_seconds(later(10))) == (1, 1, 10.0)


def test_order_is_not_promised():
    q = queue()
    for number in range(20):
        q.send(str(number), NOW)
    before = q.bodies()
    q.shuffle(random.Random(1))
    assert q.bodies() != before
    assert sorted(q.bodies()) == sorted(before)


def test_a_record_has_the_shape_of_lambda():
    q = queue()
    q.send("a", NOW)
    record = lambda_record(q.receive(1, later(1))[0], q, "us-east-1")
    assert record["attributes"] == {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1767225600000",
        "SenderId": "AIDALOCAL",
        "ApproximateFirstReceiveTimestamp": "1767225601000",
    }
    assert record["md5OfBody"] == "0cc175b9c0f1b6a831c399e269772661"
    assert record["eventSource"] == "aws:sqs"


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "a"}]}, {"a"}),
        # malformed answers give the whole batch back
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": [{"id": "a"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": "stranger"}]}, {"a", "b"}),
        ({"batchItemFailures": ["a"]}, {"a", "b"}),
        ({"batchItemFailures": "a"}, {"a", "b"}),
        ("text", {"a", "b"}),
    ],
)
def test_partial_answers(answer, failed):
    assert item_failures(answer, {"a", "b"}) == failed
