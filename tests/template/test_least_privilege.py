"""What one role may do, in its own words; tests/template/rules/access.py holds for all of them."""

from tests.template.expand import of_type, statements


def test_aliases_are_writable_only_with_rollback_on() -> None:
    assert "aliases" in str(of_type("AWS::IAM::Role", Rollback="on")["AlertRole"])
    assert "aliases" not in str(of_type("AWS::IAM::Role")["AlertRole"])


def test_batch_lists_versions_of_dropped_files_only_and_sends_to_two_queues() -> None:
    role = of_type("AWS::IAM::Role")["BatchRole"]
    (lists,) = (s for s in statements(role) if s["Action"] == "s3:ListBucketVersions")
    assert lists["Condition"] == {"StringEquals": {"s3:prefix": "incoming/"}}
    (sends,) = (s for s in statements(role) if s["Action"] == "sqs:SendMessage")
    assert sends["Resource"] == [{"Fn::GetAtt": [queue, "Arn"]} for queue in ("BatchQueue", "EventDeadLetters")]
