"""Reading templates: SAM expansion, intrinsic functions, names, and the project's own template."""

from pathlib import Path

import pytest

from cli.plane.errors import TemplateError
from cli.plane.template import Account, load, read_template
from cli.plane.template.resolve import Resolver

HERE = Path(__file__).parent
ACCOUNT = Account("toy")


def resolve(text: str, tmp_path: Path, **given: str):
    path = tmp_path / "template.yaml"
    path.write_text(text, encoding="utf-8")
    document = load.read(path)
    return Resolver(document, load.parameter_values(document, given), ACCOUNT)


HEAD = """
Parameters:
  Stage: {Type: String, Default: dev}
  Count: {Type: Number, Default: 2}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
Mappings:
  Sizes: {dev: {memory: 128}, prod: {memory: 512}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTwo: !Equals [!Ref Count, 2]
  Both: !And [!Condition IsProd, !Condition IsTwo]
  Either: !Or [!Condition IsProd, !Condition IsTwo]
  Neither: !Not [!Condition Either]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Named: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${AWS::StackName}-x-${Stage}"}}
  Topic: {Type: AWS::SNS::Topic}
  Bucket: {Type: AWS::S3::Bucket}
  Only: {Type: AWS::SQS::Queue, Condition: IsProd}
  Thing:
    Type: Custom::Thing
    Properties:
      Value: """


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref Count", "2"),
        ("!Ref Zones", ["a", "b"]),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Bucket", "toy-bucket"),
        ("!Ref Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/toy-Queue"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:toy-Topic"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:us-east-1:123456789012:toy-Queue"),
        ("!GetAtt Named.QueueName", "toy-x-dev"),
        ("{'Fn::GetAtt': [Bucket, Arn]}", "arn:aws:s3:::toy-bucket"),
        ("!Sub '${Stage}-${Bucket}-${Queue.Arn}'", "dev-toy-bucket-arn:aws:sqs:us-east-1:123456789012:toy-Queue"),
        ("!Sub 'a${!literal}b'", "a${literal}b"),
        ("!Sub ['${x}-${Stage}', {x: !Ref Count}]", "2-dev"),
        ("!Join ['-', [a, !Ref Stage, !Ref Count]]", "a-dev-2"),
        ("!Join [',', !Ref Zones]", "a,b"),
        ("!Select [1, !Ref Zones]", "b"),
        ("!Select ['0', !Split ['-', 'x-y']]", "x"),
        ("!FindInMap [Sizes, !Ref Stage, memory]", 128),
        ("!If [IsProd, 1, 0]", 0),
        ("!If [IsTwo, 1, 0]", 1),
        ("[!If [Both, 1, 0], !If [Either, 1, 0], !If [Neither, 1, 0]]", [0, 1, 0]),
        ("[a, !If [IsProd, b, !Ref AWS::NoValue]]", ["a"]),
        ("{a: 1, b: !Ref AWS::NoValue}", {"a": 1}),
        ("!Base64 x", "eA=="),
        ("2012-10-17", "2012-10-17"),
    ],
)
def test_intrinsic_functions(expression, expected, tmp_path):
    assert resolve(HEAD + expression, tmp_path).resources()["Thing"].properties["Value"] == expected


def test_a_resource_without_its_condition_is_not_there(tmp_path):
    assert "Only" not in resolve(HEAD + "1", tmp_path).resources()
    assert "Only" in resolve(HEAD + "1", tmp_path, Stage="prod").resources()


@pytest.mark.parametrize(
    "expression", ["!Ref Nobody", "!GetAtt Nobody.Arn", "!Transform {Name: x}", "!If [Nobody, 1, 2]"]
)
def test_what_cannot_be_resolved_is_named(expression, tmp_path):
    with pytest.raises(TemplateError, match=r"Nobody|Transform"):
        resolve(HEAD + expression, tmp_path).resources()


def test_references_in_a_circle_are_named(tmp_path):
    text = """
Resources:
  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${B}-a"}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !GetAtt A.QueueName}}
"""
    with pytest.raises(TemplateError, match="A -> B -> A"):
        resolve(text, tmp_path).resources()


def test_parameters_must_be_known_and_complete(tmp_path):
    with pytest.raises(TemplateError, match="no parameter Stagee"):
        resolve(HEAD + "1", tmp_path, Stagee="x")
    with pytest.raises(TemplateError, match="without a value: P"):
        resolve("Parameters: {P: {Type: String}}\nResources: {}", tmp_path)


def test_a_file_that_is_no_template_is_named(tmp_path):
    for text in ("a: [", "just text"):
        (tmp_path / "t.yaml").write_text(text)
        with pytest.raises(TemplateError, match=r"t\.yaml"):
            load.read(tmp_path / "t.yaml")


def test_the_translator_says_what_it_refuses(tmp_path):
    text = "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function, Properties: {}}}"
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(TemplateError, match="F"):
        read_template(tmp_path / "t.yaml", {}, ACCOUNT)


def test_everything_of_the_toy_stack_is_read():
    t = read_template(HERE / "toy" / "template.yaml", {"Threshold": "7"}, ACCOUNT)
    echo = t.functions["toy-echo"]
    assert (echo.handler, echo.timeout_seconds, echo.log_group) == ("app.handler", 30, "/aws/lambda/toy-echo")
    assert echo.code_dir == HERE / "toy" / "functions" / "echo"
    assert echo.environment == {"DATA_BUCKET": "toy-databucket"}
    assert [(r.key, r.function_name) for r in t.routes] == [("ANY /{proxy+}", "toy-echo")]
    (trigger,) = t.queue_triggers
    assert (trigger.batch_size, trigger.reports_item_failures, trigger.function_name) == (5, True, "toy-WorkerFunction")
    queue = t.queues["WorkQueue"]
    assert (queue.visibility_seconds, queue.max_receives) == (60, 3)
    assert queue.dead_letter_arn == t.queues["DeadLetters"].arn
    assert list(t.buckets) == ["DataBucket"]
    assert t.buckets["DataBucket"].versioned
    assert t.buckets["DataBucket"].tells_eventbridge
    assert t.async_policies["toy-WatcherFunction"].on_failure_arn == t.queues["FailedCalls"].arn
    assert [(s.log_group, s.pattern) for s in t.log_subscriptions] == [("/aws/lambda/toy-echo", '{ $.toy = "answer" }')]
    assert {r.schedule for r in t.rules} == {None, "rate(1 hour)"}
    size = next(alarm for alarm in t.alarms if alarm.name == "toy-size")
    assert (size.threshold, size.period, size.datapoints_to_alarm, size.missing) == (7.0, 60, 1, "notBreaching")
    assert t.composites[0].rule == 'ALARM("toy-size") OR ALARM("toy-dead")'


def test_the_real_template_is_read_whole():
    t = read_template(HERE.parents[2] / "template.yaml", {}, Account())
    assert {f.logical_id for f in t.functions.values()} == {
        "PredictFunction",
        "PretrafficFunction",
        "BatchFunction",
        "MonitorFunction",
        "AlertFunction",
    }
    assert [route.key for route in t.routes] == ["ANY /{proxy+}"]
    assert [trigger.function_name for trigger in t.queue_triggers] == ["scorelet-BatchFunction"]
    assert t.queues["BatchQueue"].dead_letter_arn == t.queues["BatchDeadLetters"].arn
    assert {alarm.name.removeprefix("scorelet-") for alarm in t.alarms} >= {
        "predict-latency",
        "predict-errors",
        "rejected-rows",
        "drift",
        "dead-letters",
        "model-refused",
    }
    known = {f.arn for f in t.functions.values()} | {q.arn for q in t.queues.values()}
    assert {target.arn for rule in t.rules for target in rule.targets} <= known
