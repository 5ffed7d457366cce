"""Where something is kept: buckets, queues and the topic."""

from __future__ import annotations

from collections.abc import Iterator

from tests.template.expand import as_list
from tests.template.rules.registry import Properties, Stack, behind, rule

BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@rule
def buckets_are_private(stack: Stack) -> Iterator[str]:
    """Nothing public, and no access lists at all."""
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        block = bucket.get("PublicAccessBlockConfiguration", {})
        if not all(block.get(b) is True for b in BLOCKS):
            yield f"{name} does not block all public access"
        owners = bucket.get("OwnershipControls", {}).get("Rules", [])
        if "AccessControl" in bucket or owners != [{"ObjectOwnership": "BucketOwnerEnforced"}]:
            yield f"{name} takes access lists"


@rule
def buckets_are_versioned(stack: Stack) -> Iterator[str]:
    """An overwritten object can be brought back."""
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        if bucket.get("VersioningConfiguration") != {"Status": "Enabled"}:
            yield f"{name} keeps no versions"


@rule
def buckets_are_encrypted(stack: Stack) -> Iterator[str]:
    """By a rule that names an algorithm."""
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        if not any(r.get("ServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for r in rules):
            yield f"{name} is not encrypted"


@rule
def buckets_are_reached_over_tls_only(stack: Stack) -> Iterator[str]:
    """A policy denies everything else, to everybody, on the bucket and all its objects."""
    for name in stack.of_type("AWS::S3::Bucket"):
        policies = [p for p in stack.of_type("AWS::S3::BucketPolicy").values() if p["Bucket"] == {"Ref": name}]
        wanted = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        found = [s for p in policies for s in p["PolicyDocument"]["Statement"]]
        if not any({k: v for k, v in s.items() if k != "Sid"} == wanted for s in found):
            yield f"{name} can be reached without TLS"


@rule
def bucket_policies_let_nobody_in(stack: Stack) -> Iterator[str]:
    """They deny; roles allow."""
    for name, policy in stack.of_type("AWS::S3::BucketPolicy").items():
        if any(s["Effect"] != "Deny" for s in policy["PolicyDocument"]["Statement"]):
            yield f"{name} allows something"


@rule
def buckets_outlive_the_stack(stack: Stack) -> Iterator[str]:
    """Deleting or replacing never takes models or results along."""
    for name in stack.of_type("AWS::S3::Bucket"):
        resource = stack.resources[name]
        if (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) != ("Retain", "Retain"):
            yield f"{name} is deleted with the stack"


@rule
def buckets_forget_in_time(stack: Stack) -> Iterator[str]:
    """Old versions and unfinished uploads end, or they cost for ever."""
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        rules = [r for r in bucket.get("LifecycleConfiguration", {}).get("Rules", []) if r["Status"] == "Enabled"]
        for wanted in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
            if not any(wanted in r for r in rules):
                yield f"{name} has no {wanted}"


@rule
def a_bucket_that_rules_listen_to_tells_eventbridge(stack: Stack) -> Iterator[str]:
    """Or dropped files wait for ever."""
    heard = set()
    for listener in stack.of_type("AWS::Events::Rule").values():
        detail = listener.get("EventPattern", {}).get("detail", {})
        heard |= {behind(n) for n in detail.get("bucket", {}).get("name", [])}
    for name in sorted(heard & set(stack.of_type("AWS::S3::Bucket"))):
        told = stack.of_type("AWS::S3::Bucket")[name].get("NotificationConfiguration", {})
        if told.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled") is not True:
            yield f"{name} tells EventBridge nothing"


@rule
def queues_and_topics_are_encrypted(stack: Stack) -> Iterator[str]:
    """By SQS or by a key."""
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True and not queue.get("KmsMasterKeyId"):
            yield f"{name} is not encrypted"
    for name, topic in stack.of_type("AWS::SNS::Topic").items():
        if not topic.get("KmsMasterKeyId"):
            yield f"{name} is not encrypted"


@rule
def resource_policies_name_service_source_and_account(stack: Stack) -> Iterator[str]:
    """Else any account could send through the same service."""
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, policy in stack.of_type(kind).items():
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    yield from (f"{name} {wrong}" for wrong in _too_open(statement))


def _too_open(statement: Properties) -> Iterator[str]:
    condition = statement.get("Condition", {})
    if set(statement["Principal"]) != {"Service"}:
        yield "lets in more than a service"
    if any("*" in str(a) for a in as_list(statement["Action"])):
        yield "allows more than one action"
    if condition.get("StringEquals", {}).get("aws:SourceAccount") != {"Ref": "AWS::AccountId"}:
        yield "names no source account"
    if not condition.get("ArnEquals", {}).get("aws:SourceArn"):
        yield "names no source ARN"
