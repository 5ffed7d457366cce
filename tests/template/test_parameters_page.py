"""docs/parameters.md tells the truth about every parameter of the template."""

import re
from pathlib import Path

from tests.template.expand import source

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


def _allowed(parameter: dict[str, object]) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{v}`" for v in parameter["AllowedValues"])  # type: ignore[attr-defined]  # a list in YAML
    if "MinValue" in parameter and "MaxValue" in parameter:
        return f"{parameter['MinValue']} to {parameter['MaxValue']}"
    if "MinValue" in parameter:
        return f"{parameter['MinValue']} or more"
    return str(parameter.get("ConstraintDescription", "text"))
