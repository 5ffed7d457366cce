"""Which deployment a command talks to: the stack's outputs, or the note that a local stack leaves."""

import argparse
import json
import socket

import boto3
import pytest
from moto import mock_aws

from cli.target import LOCAL_STATE, OUTPUTS, NoTarget, Target, find_target
from tests.test_docs import ROOT

LOCAL = argparse.Namespace(local=True, stack="scorelet")
DEPLOYED = argparse.Namespace(local=False, stack="mine")


@pytest.fixture
def aws(monkeypatch):
    for name, value in {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        yield boto3.client("cloudformation")


def stack(*outputs):
    topic = {"T": {"Type": "AWS::SNS::Topic"}}
    return json.dumps({"Resources": topic, "Outputs": {name: {"Value": f"the {name}"} for name in outputs}})


def test_a_deployed_stack_is_known_by_its_outputs(aws):
    aws.create_stack(StackName="mine", TemplateBody=stack(*OUTPUTS))
    found = find_target(DEPLOYED)
    assert found == Target("mine", "the ModelBucket", "the DataBucket", "the ApiUrl", "eu-west-1")


def test_the_queue_of_files_is_known_where_the_stack_tells_it(aws):
    aws.create_stack(StackName="mine", TemplateBody=stack(*OUTPUTS, "BatchQueue"))
    assert find_target(DEPLOYED).batch_queue == "the BatchQueue"


def test_a_stack_that_is_not_there_or_not_ours_is_named(aws):
    with pytest.raises(NoTarget, match="'mine' cannot be read"):
        find_target(DEPLOYED)
    aws.create_stack(StackName="mine", TemplateBody=stack("ApiUrl"))
    with pytest.raises(NoTarget, match="no output DataBucket, ModelBucket"):
        find_target(DEPLOYED)


def test_the_template_gives_the_outputs_that_commands_need():
    text = (ROOT / "template.yaml").read_text().split("\nOutputs:")[1]
    assert [name for name in OUTPUTS if f"\n  {name}:" not in text] == []


def test_a_running_local_stack_is_found_by_its_note_and_a_killed_one_is_seen_through(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        target = Target("scorelet", "models", "data", "http://127.0.0.1:1", "us-east-1", url)
        target.save_as_local()
        assert find_target(LOCAL) == target
    with pytest.raises(NoTarget, match="no local stack is running"):
        find_target(LOCAL)
    target.forget_as_local()
    assert not LOCAL_STATE.exists()
    with pytest.raises(NoTarget):
        find_target(LOCAL)
