"""Read template.yaml and let AWS's own translator turn SAM into plain CloudFormation, offline."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from cli.plane.errors import TemplateError

LOCAL_CODE = "local-code"
"""The bucket name that stands for a folder beside the template: s3://local-code/functions/predict."""

_PATH_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


class _TemplateLoader(yaml.SafeLoader):
    """Safe YAML with CloudFormation's short tags, and dates left as the text they are."""


_TemplateLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # the third kind
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_TemplateLoader.add_multi_constructor("!", _short_tag)


def read(path: Path) -> dict[str, Any]:
    """The template as written, short tags spelled out; raises TemplateError."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_TemplateLoader)  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as error:
        raise TemplateError(f"{path} is not readable YAML: {error}") from error
    if not isinstance(document, dict) or "Resources" not in document:
        raise TemplateError(f"{path} has no Resources.")
    return document


def parameter_values(document: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Every parameter with its value: the given one, else its default; raises TemplateError."""
    declared = document.get("Parameters", {})
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TemplateError(f"The template has no parameter {', '.join(unknown)}.")
    values = {name: given.get(name, spec.get("Default")) for name, spec in declared.items()}
    missing = sorted(name for name, value in values.items() if value is None)
    if missing:
        raise TemplateError(f"Parameters without a value: {', '.join(missing)}.", remedy="Give them to LocalStack.")
    return values


def expand(document: dict[str, Any], values: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The template without SAM: what CloudFormation would get after the transform."""
    if "AWS::Serverless-2016-10-31" not in str(document.get("Transform", "")):
        return document
    from samtranslator.model import exceptions  # 0.4 s: only when a template is read
    from samtranslator.translator.transform import transform  # as above

    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    try:
        with _region(region):
            return dict(transform(_without_local_paths(document), dict(values), _NoManagedPolicies()))
    except exceptions.InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise TemplateError(f"The SAM translator refuses the template: {causes}") from error


class _NoManagedPolicies:
    """The translator asks IAM for AWS's managed policies; the plane runs no policies, so none are needed."""

    def load(self) -> dict[str, str]:
        return {}


def _without_local_paths(document: dict[str, Any]) -> dict[str, Any]:
    resources = {}
    for name, resource in document["Resources"].items():
        key = _PATH_PROPERTIES.get(resource.get("Type", ""))
        where = resource.get("Properties", {}).get(key) if key else None
        if isinstance(where, str) and not where.startswith("s3://"):
            local = f"s3://{LOCAL_CODE}/{where.strip('/')}"
            resource = {**resource, "Properties": {**resource["Properties"], key: local}}  # noqa: PLW2901  # a copy
        resources[name] = resource
    return {**document, "Resources": resources}


@contextmanager
def _region(region: str) -> Iterator[None]:
    """The translator reads the region from boto's environment."""
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = region
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before
