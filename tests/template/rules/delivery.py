"""Nothing that arrives is lost: visibility, retries, and a dead-letter queue behind every asynchronous edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.template.expand import as_list
from tests.template.rules.registry import Stack, allowed, behind, rule

MAPPING = "AWS::Lambda::EventSourceMapping"
SNS_TRIES_S = 6 * 3600  # for e-mail; nobody can set it


def _keeps_s(queue: Any) -> float:
    return float(queue.get("MessageRetentionPeriod", 345600))


@rule
def a_message_stays_hidden_for_six_times_its_reader(stack: Stack) -> Iterator[str]:
    """What AWS asks for: less, and a slow file is handed out twice."""
    for name, mapping in stack.of_type(MAPPING).items():
        queue = stack.of_type("AWS::SQS::Queue")[behind(mapping["EventSourceArn"])]
        function = stack.of_type("AWS::Lambda::Function")[behind(mapping["FunctionName"])]
        wait = function.get("Timeout", 3) * 6 + mapping.get("MaximumBatchingWindowInSeconds", 0)
        if queue.get("VisibilityTimeout", 30) < wait:
            yield f"{name}: the queue hides a message for less than {wait} s"


@rule
def a_reader_of_a_queue_answers_for_each_message(stack: Stack) -> Iterator[str]:
    """Or one bad file brings its neighbours back."""
    for name, mapping in stack.of_type(MAPPING).items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} fails whole batches"


@rule
def a_queue_that_is_read_gives_up_into_one_that_keeps_longer(stack: Stack) -> Iterator[str]:
    """SQS counts a message's age from its first queue."""
    queues = stack.of_type("AWS::SQS::Queue")
    for name in sorted({behind(m["EventSourceArn"]) for m in stack.of_type(MAPPING).values()}):
        redrive = queues[name].get("RedrivePolicy", {})
        dead = queues.get(behind(redrive.get("deadLetterTargetArn")))
        if dead is None or dead is queues[name]:
            yield f"{name} has no dead-letter queue"
        elif _keeps_s(dead) <= _keeps_s(queues[name]):
            yield f"the dead letters of {name} end before a person sees them"
        elif redrive.get("maxReceiveCount", 0) < 5:
            yield f"{name} gives up after {redrive.get('maxReceiveCount')} tries"


def _delivered(stack: Stack) -> Iterator[tuple[str, Any, Any]]:
    """Every asynchronous edge but queues: its name, dead-letter ARN, and how long it tries."""
    for name, rule_ in stack.of_type("AWS::Events::Rule").items():
        for target in rule_["Targets"]:
            age = target.get("RetryPolicy", {}).get("MaximumEventAgeInSeconds")
            yield f"{name}'s target {target['Id']}", target.get("DeadLetterConfig", {}).get("Arn"), age
    settings = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    configs = {behind(c["FunctionName"]): c for c in settings}
    for function in sorted(stack.asynchronous()):
        config = configs.get(function, {})
        dead = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        yield function, dead, config.get("MaximumEventAgeInSeconds")
    for name, subscription in stack.of_type("AWS::SNS::Subscription").items():
        yield name, subscription.get("RedrivePolicy", {}).get("deadLetterTargetArn"), SNS_TRIES_S


@rule
def every_asynchronous_edge_has_a_dead_letter_queue_that_keeps_longer(stack: Stack) -> Iterator[str]:
    """Targets of rules, and functions that events call."""
    for edge, dead, age in _delivered(stack):
        queue = stack.of_type("AWS::SQS::Queue").get(behind(dead))
        if queue is None:
            yield f"{edge} has no dead-letter queue"
        elif age is None or _keeps_s(queue) <= age:
            yield f"{edge} tries for longer than its dead letters are kept"


@rule
def every_target_of_a_rule_is_tried_again(stack: Stack) -> Iterator[str]:
    """A fault of a moment must not lose an event."""
    for name, rule_ in stack.of_type("AWS::Events::Rule").items():
        if rule_.get("State", "ENABLED") != "ENABLED":
            yield f"{name} is switched off"
        for target in rule_["Targets"]:
            if target.get("RetryPolicy", {}).get("MaximumRetryAttempts", 0) < 2:
                yield f"{name} gives up at once"


@rule
def every_sender_may_send_to_its_queues(stack: Stack) -> Iterator[str]:
    """Rules by the queue's policy, functions by their role."""
    for name, rule_ in stack.of_type("AWS::Events::Rule").items():
        for target in rule_["Targets"]:
            arns = [target["Arn"]] if behind(target["Arn"]) in stack.of_type("AWS::SQS::Queue") else []
            for arn in [*arns, target.get("DeadLetterConfig", {}).get("Arn")]:
                if arn and not _may_send(stack, {"Fn::GetAtt": [name, "Arn"]}, arn):
                    yield f"{name} may not send to {behind(arn)}"
    for name, subscription in stack.of_type("AWS::SNS::Subscription").items():
        arn = subscription.get("RedrivePolicy", {}).get("deadLetterTargetArn")
        if arn and not _may_send(stack, subscription["TopicArn"], arn):
            yield f"{name} may not send to {behind(arn)}"
    for config in stack.of_type("AWS::Lambda::EventInvokeConfig").values():
        arn = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        function = stack.of_type("AWS::Lambda::Function").get(behind(config["FunctionName"]), {})
        sends = [s for s in allowed(stack.role_of(function)) if "sqs:SendMessage" in as_list(s.get("Action", []))]
        if arn and not any(arn in as_list(s["Resource"]) for s in sends):
            yield f"{behind(config['FunctionName'])} may not send to {behind(arn)}"


def _may_send(stack: Stack, sender: Any, queue: Any) -> bool:
    policies = stack.of_type("AWS::SQS::QueuePolicy").values()
    for statement in (s for p in policies for s in p["PolicyDocument"]["Statement"]):
        sources = as_list(statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", []))
        if queue in as_list(statement["Resource"]) and sender in sources:
            return bool(statement["Effect"] == "Allow" and statement["Action"] == "sqs:SendMessage")
    return False


@rule
def limits_of_concurrency_fit_together(stack: Stack) -> Iterator[str]:
    """A queue that may start more than its function has throttles itself into the dead letters."""
    functions = stack.of_type("AWS::Lambda::Function")
    for name, mapping in stack.of_type(MAPPING).items():
        most = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        reserved = functions[behind(mapping["FunctionName"])].get("ReservedConcurrentExecutions")
        if most is None:
            yield f"{name} takes every environment of the account"
        elif reserved is not None and stack.number(most) > stack.number(reserved):
            yield f"{name} starts more than its function has"
    for name, alias in stack.of_type("AWS::Lambda::Alias").items():
        warm = alias.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions")
        reserved = functions[behind(alias["FunctionName"])].get("ReservedConcurrentExecutions")
        if warm is not None and reserved is not None and stack.number(warm) > stack.number(reserved):
            yield f"{name} keeps more warm than its function has"
    yield from (f"{n} may never run" for n, f in functions.items() if f.get("ReservedConcurrentExecutions") == 0)
