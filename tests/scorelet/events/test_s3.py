import json
from urllib.parse import quote_plus

import pytest
from scorelet.errors import EventError
from scorelet.events.s3 import s3_objects, s3_objects_in, sqs_messages

from tests.events import load_event

HOSTILE = [
    *("a b.csv", "a+b.csv", "a%2Bb.csv", "a%20b.csv", "%", "100%.csv", "ä/日本.csv", "\U0001f600.csv", "a//b", "../x"),
    *("x=1&y=2?z#f.csv", 'q"uote\\.csv', "tab\t.csv", "é" * 512, "+" * 1024, "%2520", "null"),
]


def both_shapes(key):
    bridge, notification = load_event("s3_eventbridge"), load_event("s3_notification")
    bridge["detail"]["object"]["key"] = key
    notification["Records"][0]["s3"]["object"]["key"] = quote_plus(key, safe="/")
    return bridge, notification


@pytest.mark.law
@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_comes_out_of_both_shapes_as_it_is(key):
    for event in both_shapes(key):
        (found,) = s3_objects(event)
        assert found.key == key


@pytest.mark.law
def test_any_key_comes_out_of_both_shapes_as_it_is(law):
    chance = law.chance()
    for _ in law.each(range(300)):
        key = "".join(chance.choices("ab/%+ 2BFé日\U0001f600?&=#\"'\\\n", k=chance.randrange(1, 30)))
        assert [next(s3_objects(event)).key for event in both_shapes(key)] == [key, key]


def test_a_version_called_null_is_none():
    bridge, notification = both_shapes("k")
    bridge["detail"]["object"]["version-id"] = notification["Records"][0]["s3"]["object"]["versionId"] = "null"
    assert [next(s3_objects(event)).version_id for event in (bridge, notification)] == [None, None]


def test_both_shapes_name_the_same_object():
    bridge = load_event("s3_eventbridge")
    (found,) = s3_objects(bridge)
    item = bridge["detail"]["object"]
    assert (found.bucket, found.version_id, found.etag, found.size, found.sequencer) == (
        bridge["detail"]["bucket"]["name"],
        item.get("version-id"),
        item["etag"],
        item["size"],
        item["sequencer"],
    )
    (other,) = s3_objects(load_event("s3_notification"))
    assert other.time.endswith("Z")
    assert len(other.time) == len("2024-05-01T12:00:00Z")


@pytest.mark.parametrize("name", ["sqs_s3_eventbridge", "sqs_s3_notification"])
def test_a_message_carries_either_shape(name):
    messages = sqs_messages(load_event(name))
    assert messages
    assert all(obj.key for message in messages for obj in s3_objects_in(message))


def test_the_test_event_announces_nothing():
    messages = sqs_messages(load_event("sqs_s3_test"))
    assert messages
    assert [obj for message in messages for obj in s3_objects_in(message)] == []


@pytest.mark.parametrize(
    "event",
    [
        [],
        "text",
        {},
        {"Records": [{}]},
        {"Records": ["x"]},
        {"Records": [{"eventName": "ObjectRemoved:Delete", "eventTime": "2024-05-01T00:00:00Z", "s3": {}}]},
        {"source": "aws.s3"},
        {"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {}, "object": {}}},
        {"source": "aws.ec2", "detail-type": "Object Created"},
    ],
)
def test_any_other_shape_is_refused(event):
    with pytest.raises(EventError):
        list(s3_objects(event))


def test_a_key_that_is_not_utf8_is_refused():
    event = load_event("s3_notification")
    event["Records"][0]["s3"]["object"]["key"] = "incoming/iris/%FF.csv"
    with pytest.raises(EventError):
        list(s3_objects(event))


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": [{"body": "{}"}]}, {"Records": [None]}])
def test_an_event_that_is_not_from_sqs_is_refused(event):
    with pytest.raises(EventError):
        sqs_messages(event)


def test_a_body_that_is_not_json_is_refused():
    event = load_event("sqs_s3_test")
    event["Records"][0]["body"] = "{" + json.dumps("x")
    with pytest.raises(EventError):
        list(s3_objects_in(sqs_messages(event)[0]))
