"""The five functions: one runtime, the layers each needs, an environment that its settings can read, logs that end."""

from pathlib import Path

import pytest

from tests.template.expand import functions, of_type, source, target_id

LAYERS = {
    "PredictFunction": ["CoreLayer", "BaseLayer", "LitertLayer"],
    "PretrafficFunction": ["CoreLayer", "BaseLayer", "LitertLayer"],
    "BatchFunction": ["CoreLayer", "BaseLayer", "LitertLayer", "DuckdbLayer"],
    "MonitorFunction": ["CoreLayer", "BaseLayer", "LitertLayer", "DuckdbLayer"],
    "AlertFunction": ["CoreLayer", "BaseLayer", "LitertLayer"],
}
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_the_function_has_its_layers_and_the_common_runtime(name: str) -> None:
    written = source()
    function = functions()[name]
    assert [layer["Ref"] for layer in written["Resources"][name]["Properties"]["Layers"]] == LAYERS[name]
    assert (function["Runtime"], function["Handler"]) == ("python3.13", "app.handler")
    assert function["Architectures"] == [{"Ref": "Architecture"}]


def test_every_layer_is_built_for_the_processor_of_the_functions() -> None:
    targets = (ROOT / "layers/build.mk").read_text()
    for name, layer in source()["Resources"].items():
        if layer["Type"] == "AWS::Serverless::LayerVersion":
            assert (ROOT / layer["Properties"]["ContentUri"]).is_dir()
            assert layer["Metadata"]["ContextPath"] == {"Fn::Sub": "layers/${Architecture}"}
            assert layer["Metadata"]["BuildArchitecture"] == {"Ref": "Architecture"}
            assert f"build-{name}:" in targets
    for architecture in source()["Parameters"]["Architecture"]["AllowedValues"]:
        assert (ROOT / "layers" / architecture / "Makefile").is_file()


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_the_function_writes_to_a_log_group_that_forgets(name: str) -> None:
    group = target_id(functions()[name]["LoggingConfig"]["LogGroup"])
    assert of_type("AWS::Logs::LogGroup")[group]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_log_group_keeps_for_ever() -> None:
    assert all("RetentionInDays" in g for g in of_type("AWS::Logs::LogGroup").values())


def test_prediction_lines_reach_monitor() -> None:
    (subscription,) = of_type("AWS::Logs::SubscriptionFilter").values()
    assert subscription["LogGroupName"] == functions()["PredictFunction"]["LoggingConfig"]["LogGroup"]
    assert subscription["FilterPattern"] == '{ $.scorelet = "predictions" }'
    assert target_id(subscription["DestinationArn"]) == "MonitorFunction"


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_metrics_and_logs_carry_the_name_of_the_stack(name: str) -> None:
    variables = functions()[name]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Scorelet"


def test_every_parameter_is_described_grouped_and_used() -> None:
    written = source()
    groups = written["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(written["Parameters"])
    body = (ROOT / "template.yaml").read_text()
    for name, parameter in written["Parameters"].items():
        assert parameter["Description"].endswith((".", ")"))
        assert "Default" in parameter, "sam deploy works without an answer"
        assert f"!Ref {name}" in body
