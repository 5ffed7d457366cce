"""The whole plane with four small functions: files, requests, time and alarms go in; the right things come out."""

import json

import pytest

from cli.plane.errors import EndlessLoop
from cli.plane.stack import LocalStack
from cli.plane.tap import Fault, Kill


def drop(stack: LocalStack, name: str, body: bytes = b"a,b\n") -> None:
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key=f"incoming/{name}", Body=body)


def keys(stack: LocalStack, prefix: str) -> list[str]:
    listing = stack.client("s3").list_objects_v2(Bucket=stack.bucket("DataBucket"), Prefix=prefix)
    return [item["Key"] for item in listing.get("Contents", [])]


def messages(stack: LocalStack, function: str) -> list[str]:
    platform = ("START", "END", "REPORT")
    return [event.message for event in stack.logs(function) if not event.message.startswith(platform)]


def test_a_dropped_file_reaches_the_worker_through_bridge_and_queue(stack):
    drop(stack, "a.csv")
    stack.run_until_idle()
    assert keys(stack, "done/") == ["done/a.csv"]
    assert stack.queue("WorkQueue").messages == []


def test_a_bad_message_is_given_back_alone_and_ends_in_the_dead_letter_queue(stack):
    for name in ("a.csv", "bad.csv", "c.csv"):
        drop(stack, name)
    stack.run_until_idle()
    assert keys(stack, "done/") == ["done/a.csv", "done/c.csv"]
    assert len(stack.queue("WorkQueue").messages) == 1
    stack.advance(60)
    assert stack.queue("WorkQueue").messages[0].receives == 2
    stack.advance(120)
    assert stack.queue("WorkQueue").messages == []
    (body,) = stack.queue("DeadLetters").bodies()
    assert json.loads(body)["detail"]["object"]["key"] == "incoming/bad.csv"


def test_a_crash_gives_the_whole_batch_back(stack):
    for name in ("a.csv", "crash.csv"):
        drop(stack, name)
    stack.run_until_idle()
    assert [message.receives for message in stack.queue("WorkQueue").messages] == [1, 1]


def test_a_redelivered_event_runs_again_with_the_same_id(stack):
    drop(stack, "a.csv")
    stack.run_until_idle()
    stack.redeliver(stack.events[0])
    assert len(keys(stack, "receipts/")) == 1
    assert stack.events[0]["id"] in keys(stack, "receipts/")[0]
    assert (
        len(stack.client("s3").list_object_versions(Bucket=stack.bucket("DataBucket"), Prefix="done/")["Versions"]) == 2
    )


def test_a_request_is_answered_and_its_line_goes_to_the_subscriber(stack):
    answer = stack.request("POST", "/v1/x?a=1&a=2&b=", {"n": 1}, {"X-Thing": "1"})
    assert answer.status == 200
    event = answer.json()["event"]
    assert event["rawPath"] == "/v1/x"
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["headers"]["x-thing"] == "1"
    assert event["body"] == '{"n": 1}'
    assert event["requestContext"]["timeEpoch"] == 1767225600000
    stack.run_until_idle()
    assert messages(stack, "WatcherFunction") == [
        'line /aws/lambda/toy-echo 1767225600000 {"toy": "answer", "path": "/v1/x"}'
    ]


@pytest.mark.parametrize("path", ["/boom", "/nan"])
def test_an_error_or_an_answer_that_is_not_json_is_a_500(stack, path):
    answer = stack.request("GET", path)
    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


def test_containers_stay_warm_until_a_cold_start(stack):
    counts = [stack.request("GET", "/x").json()["calls"] for _ in range(2)]
    stack.cold_start("EchoFunction")
    assert [*counts, stack.request("GET", "/x").json()["calls"]] == [1, 2, 1]


def test_the_schedule_fires_each_hour_with_its_own_time(stack):
    stack.advance(2.5 * 3600)
    assert messages(stack, "WatcherFunction") == [
        "Scheduled Event 2026-01-01T01:00:00Z",
        "Scheduled Event 2026-01-01T02:00:00Z",
    ]


def test_a_metric_raises_the_alarm_which_calls_the_function_which_sends_the_message(stack):
    stack.advance(60)
    assert stack.alarm_states() == {"toy-size": "OK", "toy-dead": "OK", "toy-any": "OK"}
    stack.request("POST", "/x", b"12345", {"content-type": "text/plain"})
    stack.advance(60)
    assert stack.alarm_states() == {"toy-size": "ALARM", "toy-dead": "OK", "toy-any": "ALARM"}
    size, any_trouble = stack.notifications
    assert size.subject == "toy-size rang"
    assert size.emails == ("someone@example.com",)
    assert size.message == (
        "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/01/26 00:01:00)] was greater than the threshold"
        " (2.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert any_trouble.subject == "toy-any rang"
    stack.advance(180)
    assert stack.alarm_states()["toy-size"] == "OK"
    assert len(stack.notifications) == 2


def test_dead_letters_ring_their_alarm(stack):
    drop(stack, "bad.csv")
    stack.advance(240)
    assert stack.alarm_states()["toy-dead"] == "ALARM"


def test_an_asynchronous_call_is_tried_three_times_and_then_handed_over(stack):
    stack.request("GET", "/fail")
    stack.advance(59)
    assert len(stack.queue("FailedCalls").messages) == 0
    stack.advance(121)
    (record,) = map(json.loads, stack.queue("FailedCalls").bodies())
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorMessage"] == "told to fail"
    assert "awslogs" in record["requestPayload"]


def test_a_fault_fails_one_call_and_the_message_comes_back(stack):
    failed = []

    def fail_the_first_put(call):
        if call.operation == "PutObject" and call.key.startswith("done/") and not failed:
            failed.append(call.key)
            raise Fault(400, "AccessDenied")

    drop(stack, "a.csv")
    stack.tap.before.append(fail_the_first_put)
    stack.run_until_idle()
    assert failed == ["done/a.csv"]
    assert keys(stack, "done/") == []
    stack.advance(60)
    assert keys(stack, "done/") == ["done/a.csv"]


def test_a_killed_function_does_nothing_more_and_its_message_comes_back(stack):
    drop(stack, "a.csv")

    def kill_after_the_copy(call):
        if call.key == "done/a.csv":
            stack.tap.after.remove(kill_after_the_copy)
            raise Kill

    stack.tap.after.append(kill_after_the_copy)
    stack.run_until_idle()
    assert keys(stack, "done/") == ["done/a.csv"]
    assert keys(stack, "receipts/") == []
    stack.advance(60)
    assert len(keys(stack, "receipts/")) == 1


def test_an_output_that_matches_its_own_trigger_is_called_an_endless_loop(stack, monkeypatch):
    monkeypatch.setattr("cli.plane.stack.MAX_STEPS", 20)
    drop(stack, "loop.csv")
    with pytest.raises(EndlessLoop):
        stack.run_until_idle()


def _alarm(number):
    return {"alarmName": f"toy-{number}", "state": {"value": "ALARM", "reason": "x"}}


def test_custom_events_and_messages_of_clients_pass_the_plane(stack):
    stack.client("events").put_events(
        Entries=[
            {
                "Source": "aws.cloudwatch",
                "DetailType": "CloudWatch Alarm State Change",
                "Detail": json.dumps(_alarm(1)),
            }
        ]
    )
    topic = stack.template.topics["Topic"].arn
    stack.client("sns").publish(TopicArn=topic, Message="päper + %2B & more", Subject="s")
    stack.run_until_idle()
    assert [note.message for note in stack.notifications] == ["päper + %2B & more", "x"]


def test_two_stacks_at_once_are_refused(stack):
    with pytest.raises(RuntimeError, match="still open"):
        LocalStack("unused.yaml")
