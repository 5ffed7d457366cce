"""The routes of an HTTP API, written as OpenAPI (as SAM makes them) or as explicit routes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.plane.template.functions import function_name
from cli.plane.template.resolve import Resource

_FUNCTION_IN_URI = re.compile(r"functions/(arn:[^/]+)/invocations")


@dataclass(frozen=True, slots=True)
class Route:
    """One route: a method (or ANY), a path template, and the function behind it."""

    api_id: str
    method: str
    path: str
    function_name: str
    payload: str = "2.0"

    @property
    def key(self) -> str:
        """As API Gateway names it: `ANY /{proxy+}` or `$default`."""
        return "$default" if self.path == "$default" else f"{self.method} {self.path}"


def routes(resources: Mapping[str, Resource]) -> list[Route]:
    """Every route of every HTTP API in the stack."""
    out: list[Route] = []
    for resource in resources.values():
        if resource.kind == "AWS::ApiGatewayV2::Api":
            out.extend(_from_openapi(resource))
    return out + list(_explicit(resources))


def _from_openapi(api: Resource) -> Iterator[Route]:
    for path, methods in api.properties.get("Body", {}).get("paths", {}).items():
        for method, about in methods.items():
            integration = about.get("x-amazon-apigateway-integration", {})
            name = _function(integration.get("uri", ""))
            if name:
                verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                payload = integration.get("payloadFormatVersion", "2.0")
                yield Route(api.name, verb, "$default" if path == "/$default" else path, name, payload)


def _explicit(resources: Mapping[str, Resource]) -> Iterator[Route]:
    integrations = {r.name: r.properties for r in resources.values() if r.kind == "AWS::ApiGatewayV2::Integration"}
    for resource in resources.values():
        if resource.kind != "AWS::ApiGatewayV2::Route":
            continue
        p = resource.properties
        about: Mapping[str, Any] = integrations.get(str(p.get("Target", "")).rsplit("/", 1)[-1], {})
        name = _function(about.get("IntegrationUri", ""))
        if name:
            verb, _, path = p["RouteKey"].partition(" ")
            payload = about.get("PayloadFormatVersion", "2.0")
            yield Route(p["ApiId"], verb if path else "ANY", path or "$default", name, payload)


def _function(uri: str) -> str | None:
    if uri.startswith("arn:aws:lambda:"):
        return function_name(uri)
    found = _FUNCTION_IN_URI.search(uri)
    return function_name(found.group(1)) if found else None
