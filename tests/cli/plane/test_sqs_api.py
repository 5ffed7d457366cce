"""The stack's queues through boto3."""

import pytest


def url(stack, logical_id="FailedCalls"):
    return stack.client("sqs").get_queue_url(QueueName=stack.queue(logical_id).spec.name)["QueueUrl"]


def test_a_client_sends_sees_and_deletes_messages(stack):
    sqs, where = stack.client("sqs"), url(stack)
    sent = sqs.send_message(QueueUrl=where, MessageBody="ä")["MessageId"]
    (message,) = sqs.receive_message(QueueUrl=where, MaxNumberOfMessages=10)["Messages"]
    assert (message["MessageId"], message["Body"]) == (sent, "ä")
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "Messages" not in sqs.receive_message(QueueUrl=where)
    sqs.change_message_visibility(QueueUrl=where, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    (again,) = sqs.receive_message(QueueUrl=where)["Messages"]
    sqs.delete_message(QueueUrl=where, ReceiptHandle=again["ReceiptHandle"])
    assert stack.queue("FailedCalls").messages == []


def test_messages_may_come_several_at_a_time(stack):
    entries = [{"Id": name, "MessageBody": name} for name in "ab"]
    answer = stack.client("sqs").send_message_batch(QueueUrl=url(stack), Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["a", "b"]
    assert stack.queue("FailedCalls").bodies() == ["a", "b"]


def test_a_message_of_a_client_reaches_the_function(stack):
    stack.client("sqs").send_message(QueueUrl=url(stack, "WorkQueue"), MessageBody="not json")
    stack.run_until_idle()
    assert any("JSONDecodeError" in event.message for event in stack.logs("WorkerFunction"))


def test_depth_is_told(stack):
    sqs, where = stack.client("sqs"), url(stack)
    sqs.send_message(QueueUrl=where, MessageBody="a")
    attributes = sqs.get_queue_attributes(QueueUrl=where, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"
    sqs.purge_queue(QueueUrl=where)
    assert stack.queue("FailedCalls").messages == []
    assert where in sqs.list_queues()["QueueUrls"]


def test_dead_letters_are_moved_to_a_queue_that_is_named(stack):
    sqs, dead, work = stack.client("sqs"), stack.queue("FailedCalls"), stack.queue("WorkQueue")
    sqs.send_message(QueueUrl=url(stack), MessageBody="not json")
    sqs.start_message_move_task(SourceArn=dead.spec.arn, DestinationArn=work.spec.arn)
    assert (dead.bodies(), work.bodies()) == ([], ["not json"])
    with pytest.raises(sqs.exceptions.UnsupportedOperation):
        sqs.start_message_move_task(SourceArn=dead.spec.arn)


def test_an_unknown_queue_and_an_unknown_operation_are_refused(stack):
    sqs = stack.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/nobody", MessageBody="a")
    with pytest.raises(sqs.exceptions.UnsupportedOperation):
        sqs.list_dead_letter_source_queues(QueueUrl=url(stack))
