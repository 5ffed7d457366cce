"""What one role may do, in its own words; tests/template/rules/access.py holds for all of them."""

from tests.template.expand import as_list, of_type, statements


def test_the_state_machine_may_call_one_function_and_read_its_lists() -> None:
    role = of_type("AWS::IAM::Role")["BatchMachineRole"]
    allowed = {a: s["Resource"] for s in statements(role) for a in as_list(s["Action"])}
    assert allowed["lambda:InvokeFunction"] == {"Fn::GetAtt": ["BatchFunction", "Arn"]}
    assert allowed["s3:GetObject"] == {"Fn::Sub": "${DataBucket.Arn}/runs/*"}
    own = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:%s:${AWS::StackName}-batch"
    assert allowed["states:StartExecution"] == {"Fn::Sub": own % "stateMachine"}
    assert allowed["states:StopExecution"] == {"Fn::Sub": own % "execution" + "/*"}


def test_aliases_are_writable_only_with_rollback_on() -> None:
    assert "aliases" in str(of_type("AWS::IAM::Role", Rollback="on")["AlertRole"])
    assert "aliases" not in str(of_type("AWS::IAM::Role")["AlertRole"])


def test_batch_lists_versions_of_dropped_files_only_and_sends_to_two_queues() -> None:
    role = of_type("AWS::IAM::Role")["BatchRole"]
    (lists,) = (s for s in statements(role) if s["Action"] == "s3:ListBucketVersions")
    assert lists["Condition"] == {"StringEquals": {"s3:prefix": "incoming/"}}
    (sends,) = (s for s in statements(role) if s["Action"] == "sqs:SendMessage")
    assert sends["Resource"] == [{"Fn::GetAtt": [queue, "Arn"]} for queue in ("BatchQueue", "EventDeadLetters")]
