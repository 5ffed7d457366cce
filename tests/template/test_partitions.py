"""The template is at home in China and GovCloud too: no ARN names another partition than the one it is deployed in.

SAM's transform runs in CloudFormation of that region. Where it writes an ARN of its own, it takes its partition.
"""

import json
import re

import pytest

from tests.template.expand import TEMPLATE, expand, source

DEFINITIONS = sorted(TEMPLATE.parent.glob("statemachines/*.yaml"))
REGIONS = {"eu-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}


@pytest.mark.parametrize("region", REGIONS)
def test_every_arn_is_of_the_partition_it_is_deployed_in(region: str) -> None:
    found = set(re.findall(r"\barn:(\$\{[\w:]+\}|[^:\"]+):", json.dumps(expand(source(), region)["Resources"])))
    assert found <= {"${AWS::Partition}", REGIONS[region]}


def test_the_template_and_the_state_machine_write_none_themselves() -> None:
    for text in (json.dumps(source()["Resources"]), *(file.read_text() for file in DEFINITIONS)):
        assert set(re.findall(r"\barn:(\$\{[\w:]+\}|[^:\"]+):", text)) <= {"${AWS::Partition}", "${Partition}"}
