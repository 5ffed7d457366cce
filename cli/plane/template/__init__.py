"""template.yaml as typed things. `read_template` is the whole surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.plane.template import api, load
from cli.plane.template.alarms import AlarmSpec, CompositeSpec
from cli.plane.template.functions import AsyncPolicy, Function, QueueTrigger
from cli.plane.template.machines import StateMachine
from cli.plane.template.names import Account
from cli.plane.template.resolve import Resolver, Resource
from cli.plane.template.rules import LogSubscription, Rule
from cli.plane.template.storage import Bucket, QueueSpec, Subscription, Topic


@dataclass(frozen=True, slots=True)
class Template:
    """Everything in the stack that the plane brings to life; `resources` holds the rest, resolved."""

    account: Account
    resources: Mapping[str, Resource]
    functions: Mapping[str, Function]
    queue_triggers: tuple[QueueTrigger, ...]
    async_policies: Mapping[str, AsyncPolicy]
    buckets: Mapping[str, Bucket]
    queues: Mapping[str, QueueSpec]
    topics: Mapping[str, Topic]
    subscriptions: tuple[Subscription, ...]
    rules: tuple[Rule, ...]
    log_subscriptions: tuple[LogSubscription, ...]
    routes: tuple[api.Route, ...]
    alarms: tuple[AlarmSpec, ...]
    composites: tuple[CompositeSpec, ...]
    machines: Mapping[str, StateMachine]


def read_template(path: Path, parameters: Mapping[str, str], account: Account) -> Template:
    """The stack that `path` describes with these parameters; raises TemplateError.

    Functions are keyed by their deployed name, machines by their ARN; buckets, queues and topics by logical id.
    """
    document = load.read(path)
    values = load.parameter_values(document, parameters)
    resources = Resolver(load.expand(document, values, account.region), values, account).resources()

    def of(*kinds: str) -> list[Resource]:
        return [resource for resource in resources.values() if resource.kind in kinds]

    functions = [Function.read(r, path.resolve().parent) for r in of("AWS::Lambda::Function")]
    policies = [AsyncPolicy.read(r) for r in of("AWS::Lambda::EventInvokeConfig")]
    rules = [Rule.read(r) for r in of("AWS::Events::Rule")]
    rules += [Rule.read_schedule(r) for r in of("AWS::Scheduler::Schedule")]
    subscriptions = [s for r in of("AWS::SNS::Topic", "AWS::SNS::Subscription") for s in Subscription.read_all(r)]
    return Template(
        account=account,
        resources=resources,
        functions={function.name: function for function in functions},
        queue_triggers=tuple(QueueTrigger.read(r) for r in of("AWS::Lambda::EventSourceMapping")),
        async_policies={policy.function_name: policy for policy in policies},
        buckets={r.logical_id: Bucket.read(r) for r in of("AWS::S3::Bucket")},
        queues={r.logical_id: QueueSpec.read(r) for r in of("AWS::SQS::Queue")},
        topics={r.logical_id: Topic(r.logical_id, r.name, r.arn) for r in of("AWS::SNS::Topic")},
        subscriptions=tuple(subscriptions),
        rules=tuple(rules),
        log_subscriptions=tuple(LogSubscription.read(r) for r in of("AWS::Logs::SubscriptionFilter")),
        routes=tuple(api.routes(resources)),
        alarms=tuple(AlarmSpec.read(r) for r in of("AWS::CloudWatch::Alarm")),
        composites=tuple(CompositeSpec.read(r) for r in of("AWS::CloudWatch::CompositeAlarm")),
        machines={r.arn: StateMachine.read(r, path.resolve().parent) for r in of("AWS::StepFunctions::StateMachine")},
    )
