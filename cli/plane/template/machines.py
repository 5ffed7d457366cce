"""State machines, whose definition is a file beside the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.plane.errors import TemplateError
from cli.plane.template.load import LOCAL_CODE
from cli.plane.template.resolve import Resource


@dataclass(frozen=True, slots=True)
class StateMachine:
    """One Step Functions state machine, with the substitutions made."""

    logical_id: str
    name: str
    arn: str
    definition: Mapping[str, Any]

    @classmethod
    def read(cls, resource: Resource, root: Path) -> StateMachine:
        """From an AWS::StepFunctions::StateMachine with a DefinitionUri of this machine."""
        p = resource.properties
        where = p.get("DefinitionS3Location", {})
        if where.get("Bucket") != LOCAL_CODE:
            raise TemplateError(f"{resource.logical_id} has no local file in DefinitionUri.")
        text = (root / where["Key"]).read_text(encoding="utf-8")
        for name, value in p.get("DefinitionSubstitutions", {}).items():
            text = text.replace("${" + name + "}", str(value))
        return cls(resource.logical_id, resource.name, resource.arn, yaml.safe_load(text))
