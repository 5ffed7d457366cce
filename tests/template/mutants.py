"""Fifty-one ways to get the template wrong, each one change of its expanded form, and the rule that must see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.template.expand import as_list, expanded
from tests.template.rules import Stack

Resources = dict[str, Any]
Change = Callable[[Resources], object]


@dataclass(frozen=True)
class Mutant:
    """One mistake. `rule` is the name of a rule in tests/template/rules; `given` are parameters it shows with."""

    name: str
    rule: str
    change: Change
    given: Mapping[str, str] = field(default_factory=dict)

    def template(self) -> dict[str, Any]:
        """The expanded template with the mistake in it."""
        template = deepcopy(expanded(**self.given))
        self.change(template["Resources"])
        return template

    def stack(self) -> Stack:
        """The same, as rules see it."""
        return Stack.of(self.template(), **self.given)


def _put(resource: str, path: str, value: Any) -> Change:
    """Set a property, making what is missing on the way; numbers in the path are places in lists."""

    def change(resources: Resources) -> None:
        *way, last = [int(s) if s.isdigit() else s for s in f"Properties/{path}".split("/")]
        node = resources[resource]
        for step in way:
            node = node[step] if isinstance(step, int) else node.setdefault(step, {})
        node[last] = value

    return change


def _drop(resource: str, path: str) -> Change:
    """Take a property away."""

    def change(resources: Resources) -> None:
        *way, last = [int(s) if s.isdigit() else s for s in f"Properties/{path}".split("/")]
        node = resources[resource]
        for step in way:
            node = node[step]
        del node[last]

    return change


def _allow(role: str, action: Any, resource: Any) -> Change:
    """Add a statement to a role."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return lambda r: r[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(statement)


def _deny(role: str, action: str) -> Change:
    """Take an action away from a role."""

    def change(resources: Resources) -> None:
        for statement in resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
            statement["Action"] = [a for a in as_list(statement["Action"]) if a != action]

    return change


def _add(name: str, kind: str, **properties: Any) -> Change:
    """Add a resource."""
    return lambda r: r.update({name: {"Type": kind, "Properties": properties}})


def _open_route(resources: Resources) -> None:
    for path in resources["Api"]["Properties"]["Body"]["paths"].values():
        for operation in path.values():
            del operation["security"]


def _past_the_alias(resources: Resources) -> None:
    for path in resources["Api"]["Properties"]["Body"]["paths"].values():
        for operation in path.values():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            uri["Fn::Sub"] = uri["Fn::Sub"].replace("${PredictFunctionAliaslive}", "${PredictFunction.Arn}")


STATEMENT = "PolicyDocument/Statement/0"
SQS_CONDITION = f"{STATEMENT}/Condition/StringEquals"
TRUST = "AssumeRolePolicyDocument/Statement/0/Principal"
ALL_OF_DATA = {"Fn::Sub": "${DataBucket.Arn}/*"}
OWN_KEY = {"KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1"}


MUTANTS = (
    # buckets
    Mutant("a bucket is public", "buckets_are_private", _put("DataBucket", "PublicAccessBlockConfiguration", {})),
    Mutant("a bucket takes access lists", "buckets_are_private", _put("DataBucket", "AccessControl", "PublicRead")),
    Mutant("a bucket keeps no versions", "buckets_are_versioned", _drop("ModelBucket", "VersioningConfiguration")),
    Mutant("a bucket is not encrypted", "buckets_are_encrypted", _drop("DataBucket", "BucketEncryption")),
    Mutant("a bucket answers without TLS", "buckets_are_reached_over_tls_only", lambda r: r.pop("DataBucketPolicy")),
    Mutant(
        "TLS is asked for on objects of another bucket",
        "buckets_are_reached_over_tls_only",
        _put("DataBucketPolicy", f"{STATEMENT}/Resource", [{"Fn::Sub": "${ModelBucket.Arn}/*"}]),
    ),
    Mutant(
        "everybody may read the models",
        "bucket_policies_let_nobody_in",
        _put(
            "ModelBucketPolicy",
            "PolicyDocument/Statement",
            [
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": {"Fn::Sub": "${ModelBucket.Arn}/*"},
                }
            ],
        ),
    ),
    Mutant(
        "models go with the stack",
        "buckets_outlive_the_stack",
        lambda r: r["ModelBucket"].update(DeletionPolicy="Delete"),
    ),
    Mutant("old versions stay for ever", "buckets_forget_in_time", _drop("DataBucket", "LifecycleConfiguration")),
    Mutant(
        "dropped files are not announced",
        "a_bucket_that_rules_listen_to_tells_eventbridge",
        _drop("DataBucket", "NotificationConfiguration"),
    ),
    # the API
    Mutant("a route is open", "every_route_asks_who_calls", _open_route),
    Mutant(
        "a function has a URL of its own",
        "no_other_door_leads_to_a_function",
        _add("Door", "AWS::Lambda::Url", AuthType="NONE", TargetFunctionArn={"Ref": "PredictFunction"}),
    ),
    Mutant(
        "everybody may call a function",
        "no_other_door_leads_to_a_function",
        _put("AlertFunctionAlarmPermission", "Principal", "*"),
    ),
    Mutant(
        "a service of any account may call a function",
        "no_other_door_leads_to_a_function",
        _drop("MonitorFunctionScoredPermission", "SourceArn"),
    ),
    Mutant("the API has no limits", "the_api_is_throttled", _drop("ApiApiGatewayDefaultStage", "DefaultRouteSettings")),
    Mutant(
        "the API keeps no access log",
        "the_api_logs_who_was_refused_and_no_data",
        _drop("ApiApiGatewayDefaultStage", "AccessLogSettings"),
    ),
    Mutant("callers reach code that no canary has tried", "callers_reach_an_alias", _past_the_alias),
    # roles
    Mutant(
        "a role allows every action on S3", "roles_allow_named_actions_only", _allow("BatchRole", "s3:*", ALL_OF_DATA)
    ),
    Mutant("a role reaches every topic", "roles_reach_named_resources_only", _allow("AlertRole", "sns:Publish", "*")),
    Mutant(
        "a role allows all but one action",
        "roles_allow_named_actions_only",
        lambda r: r["MonitorRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(
            {"Effect": "Allow", "NotAction": "iam:CreateUser", "Resource": "*"}
        ),
    ),
    Mutant(
        "a role reads a whole bucket",
        "objects_are_reached_by_prefix",
        _allow("MonitorRole", "s3:GetObject", ALL_OF_DATA),
    ),
    Mutant(
        "a role is an administrator",
        "no_managed_policy_widens_a_role",
        _put("AlertRole", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ),
    Mutant("any account may take a role", "one_service_may_take_a_role", _put("BatchRole", TRUST, {"AWS": "*"})),
    Mutant(
        "two functions share a role",
        "every_role_has_one_user",
        _put("PredictFunction", "Role", {"Fn::GetAtt": ["BatchRole", "Arn"]}),
    ),
    Mutant(
        "alert may always change what is served",
        "aliases_of_models_are_written_only_with_rollback_on",
        _allow("AlertRole", "s3:PutObject", {"Fn::Sub": "${ModelBucket.Arn}/models/*/aliases/*"}),
    ),
    Mutant(
        "a password stands in an environment",
        "no_secret_stands_in_an_environment",
        _put("AlertFunction", "Environment/Variables/DATABASE_PASSWORD", "hunter2"),
    ),
    # roles that AWS's own services take
    Mutant(
        "the state machine calls a function that its role may not",
        "the_state_machine_may_do_what_its_steps_need",
        _put("BatchMachine", "DefinitionSubstitutions/BatchFunction", {"Fn::GetAtt": ["MonitorFunction", "Arn"]}),
    ),
    Mutant(
        "the state machine may not start the shards",
        "the_state_machine_may_do_what_its_steps_need",
        _deny("BatchMachineRole", "states:StartExecution"),
    ),
    Mutant(
        "the state machine may write what it only reads",
        "the_state_machine_may_do_what_its_steps_need",
        _allow("BatchMachineRole", "s3:PutObject", {"Fn::Sub": "${DataBucket.Arn}/runs/*"}),
    ),
    Mutant(
        "a deployment may not ask its hook",
        "codedeploy_may_do_what_a_deployment_needs",
        _deny("DeploymentRole", "lambda:InvokeFunction"),
    ),
    Mutant(
        "a deployment may change the code",
        "codedeploy_may_do_what_a_deployment_needs",
        _allow("DeploymentRole", "lambda:UpdateFunctionCode", {"Fn::GetAtt": ["PredictFunction", "Arn"]}),
    ),
    # a key of your own
    Mutant(
        "a function may not open what it reads",
        "roles_use_the_key_for_what_they_do",
        _deny("PredictRole", "kms:Decrypt"),
        OWN_KEY,
    ),
    Mutant(
        "a function that writes nothing makes data keys",
        "roles_use_the_key_for_what_they_do",
        _allow("PredictRole", "kms:GenerateDataKey", {"Ref": "KmsKeyArn"}),
        OWN_KEY,
    ),
    Mutant(
        "a function opens what lies under any key",
        "roles_use_the_key_for_what_they_do",
        _allow("MonitorRole", "kms:Decrypt", "*"),
        OWN_KEY,
    ),
    Mutant(
        "a key is used where none was given",
        "roles_use_the_key_for_what_they_do",
        _allow("BatchRole", "kms:Decrypt", {"Ref": "KmsKeyArn"}),
    ),
    # queues and events
    Mutant(
        "events of other accounts reach a queue",
        "resource_policies_name_service_source_and_account",
        _drop("BatchQueuePolicy", SQS_CONDITION),
    ),
    Mutant(
        "everybody may send to a queue",
        "resource_policies_name_service_source_and_account",
        _put("BatchQueuePolicy", f"{STATEMENT}/Principal", "*"),
    ),
    Mutant(
        "a slow file is handed out twice",
        "a_message_stays_hidden_for_six_times_its_reader",
        _put("BatchQueue", "VisibilityTimeout", 300),
    ),
    Mutant(
        "a bad file brings its neighbours back",
        "a_reader_of_a_queue_answers_for_each_message",
        _drop("BatchFunctionFiles", "FunctionResponseTypes"),
    ),
    Mutant(
        "dead letters end with their source",
        "a_queue_that_is_read_gives_up_into_one_that_keeps_longer",
        _put("BatchDeadLetters", "MessageRetentionPeriod", 345600),
    ),
    Mutant(
        "an event that fails is lost",
        "every_asynchronous_edge_has_a_dead_letter_queue_that_keeps_longer",
        _drop("AlertFunctionEventInvokeConfig", "DestinationConfig"),
    ),
    Mutant(
        "a rule's dead letters are refused",
        "every_sender_may_send_to_its_queues",
        _put("EventDeadLettersPolicy", f"{STATEMENT}/Condition/ArnEquals/aws:SourceArn", []),
    ),
    Mutant(
        "a scored file is scored again",
        "nothing_a_function_writes_leads_back_to_it",
        _put("IncomingRule", "EventPattern/detail/object/key", [{"suffix": ".csv"}]),
    ),
    Mutant(
        "the queue starts more than its function has",
        "limits_of_concurrency_fit_together",
        _put("BatchFunction", "ReservedConcurrentExecutions", 5),
    ),
    Mutant(
        "a version goes when another takes its place",
        "versions_stay_to_be_rolled_back_to",
        lambda r: [v.pop("UpdateReplacePolicy") for v in r.values() if v["Type"] == "AWS::Lambda::Version"],
    ),
    # alarms and logs
    Mutant(
        "an alarm watches a metric that nobody emits",
        "every_alarm_looks_at_a_metric_that_is_emitted",
        _put("DriftAlarm", "MetricName", "DriftedFeature"),
    ),
    Mutant(
        "an alarm does not say what silence means",
        "every_alarm_says_what_missing_data_means",
        _drop("ModelRefusedAlarm", "TreatMissingData"),
    ),
    Mutant(
        "an alarm reaches nobody",
        "every_alarm_reaches_the_alert_function",
        lambda r: r["AlertFunctionAlarm"]["Properties"]["EventPattern"]["detail"]["alarmName"].pop(),
    ),
    Mutant("logs stay for ever", "no_log_group_keeps_for_ever", _drop("PredictLogs", "RetentionInDays")),
    Mutant(
        "the state machine logs what passes through it",
        "no_execution_data_is_logged",
        _put("BatchMachine", "LoggingConfiguration/IncludeExecutionData", True),
    ),
    Mutant(
        "a deployment's alarm leads in a circle",
        "resources_refer_to_each_other_in_no_circle",
        _put("PredictFunctionDeploymentGroup", "AlarmConfiguration/Alarms/0/Name", {"Ref": "PredictErrorsAlarm"}),
    ),
)
