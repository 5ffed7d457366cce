"""Nothing that arrives may be lost: visibility, retention, and a dead-letter queue behind every asynchronous edge."""

from typing import Any

from tests.template.expand import functions, of_type, target_id


def test_a_message_stays_hidden_for_six_times_the_function_that_reads_it() -> None:
    queues = of_type("AWS::SQS::Queue")
    for mapping in of_type("AWS::Lambda::EventSourceMapping").values():
        queue = queues[target_id(mapping["EventSourceArn"])]
        function = functions()[target_id(mapping["FunctionName"])]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_dead_letter_queue_keeps_longer_than_its_source() -> None:
    queues = of_type("AWS::SQS::Queue")
    redriven = [q for q in queues.values() if "RedrivePolicy" in q]
    assert redriven
    for queue in redriven:
        dead = queues[target_id(queue["RedrivePolicy"]["deadLetterTargetArn"])]
        assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_every_target_of_a_rule_has_retries_and_a_dead_letter_queue() -> None:
    targets = [t for rule in of_type("AWS::Events::Rule").values() for t in rule["Targets"]]
    assert len(targets) == 4
    for target in targets:
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
        assert target_id(target["DeadLetterConfig"]["Arn"]) in of_type("AWS::SQS::Queue")


def test_every_rule_may_send_to_its_queues() -> None:
    for name, rule in of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            arns = [target["DeadLetterConfig"]["Arn"]]
            if target_id(target["Arn"]) in of_type("AWS::SQS::Queue"):
                arns.append(target["Arn"])
            for arn in arns:
                assert _may_send(name, arn), f"{name} may not send to {arn}"


def _may_send(rule: str, queue: dict[str, Any]) -> bool:
    policies = of_type("AWS::SQS::QueuePolicy").values()
    for statement in (s for p in policies for s in p["PolicyDocument"]["Statement"]):
        sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        sources = sources if isinstance(sources, list) else [sources]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        if queue in resources and {"Fn::GetAtt": [rule, "Arn"]} in sources:
            return True
    return False


def test_every_function_invoked_asynchronously_has_a_destination_for_failures() -> None:
    invoked = {target_id(t["Arn"]) for r in of_type("AWS::Events::Rule").values() for t in r["Targets"]}
    invoked |= {target_id(s["DestinationArn"]) for s in of_type("AWS::Logs::SubscriptionFilter").values()}
    invoked = invoked & set(functions()) | {"PretrafficFunction"}  # which CodeDeploy calls
    configured = {
        target_id(c["FunctionName"]): target_id(c["DestinationConfig"]["OnFailure"]["Destination"])
        for c in of_type("AWS::Lambda::EventInvokeConfig").values()
    }
    assert invoked == {"MonitorFunction", "AlertFunction", "PretrafficFunction"}
    assert configured == dict.fromkeys(invoked, "EventDeadLetters")


def test_queues_are_encrypted() -> None:
    assert all(q["SqsManagedSseEnabled"] for q in of_type("AWS::SQS::Queue").values())
