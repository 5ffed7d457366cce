"""docs/parameters.md tells the truth about every parameter of the template."""

import re
from pathlib import Path

from tests.template.expand import of_type, source

PAGE = Path(__file__).parents[2] / "docs/parameters.md"
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*) \|$", re.MULTILINE)


def test_every_parameter_has_its_row_in_the_order_of_the_console() -> None:
    groups = source()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert [row[0] for row in ROW.findall(PAGE.read_text())] == [n for g in groups for n in g["Parameters"]]


def test_every_row_says_what_the_template_says() -> None:
    parameters = source()["Parameters"]
    for name, default, allowed, description in ROW.findall(PAGE.read_text()):
        parameter = parameters[name]
        assert default == (f"`{parameter['Default']}`" if parameter["Default"] != "" else "empty"), name
        assert allowed == _allowed(parameter), name
        assert description == parameter["Description"], name


def test_the_note_on_keys_names_every_service_that_sends_to_a_queue_under_the_key() -> None:
    (note,) = re.findall(r"^- \*\*A key of your own\.\*\* .*?(?=^- )", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    policies = of_type("AWS::SQS::QueuePolicy").values()
    senders = {s["Principal"]["Service"] for p in policies for s in p["PolicyDocument"]["Statement"]}
    assert senders | {"logs.<region>.amazonaws.com"} == set(re.findall(r"`([\w<>.]+\.amazonaws\.com)`", note))


def _allowed(parameter: dict[str, object]) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{v}`" for v in parameter["AllowedValues"])  # type: ignore[attr-defined]  # a list in YAML
    if "MinValue" in parameter and "MaxValue" in parameter:
        return f"{parameter['MinValue']} to {parameter['MaxValue']}"
    if "MinValue" in parameter:
        return f"{parameter['MinValue']} or more"
    return str(parameter.get("ConstraintDescription", "text"))
