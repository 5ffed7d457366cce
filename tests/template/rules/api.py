"""The doors: who may call a function from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.template.rules.registry import Stack, behind, rule

SERVICES = {"apigateway.amazonaws.com", "events.amazonaws.com", "logs.amazonaws.com"}


def _operations(api: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in api.get("Body", {}).get("paths", {}).items():
        yield from ((f"{method} {path}", operation) for method, operation in methods.items())


@rule
def every_route_asks_who_calls(stack: Stack) -> Iterator[str]:
    """By exactly the scheme that is defined, and one that proves something."""
    for name, api in stack.of_type("AWS::ApiGatewayV2::Api").items():
        schemes = api.get("Body", {}).get("components", {}).get("securitySchemes", {})
        if not schemes:
            yield f"{name} defines no scheme"
        for scheme, details in schemes.items():
            if not _proves(details):
                yield f"{name}: the scheme {scheme} proves nothing"
        for route, operation in _operations(api):
            if not any(set(r) & set(schemes) for r in operation.get("security", [])):
                yield f"{name}: {route} is open"
            if {} in operation.get("security", []):
                yield f"{name}: {route} may be called without a scheme"
    for name, route in stack.of_type("AWS::ApiGatewayV2::Route").items():
        if route.get("AuthorizationType", "NONE") == "NONE":
            yield f"{name} is open"


def _proves(scheme: Any) -> bool:
    token = scheme.get("x-amazon-apigateway-authorizer", {}).get("jwtConfiguration", {})
    return scheme.get("x-amazon-apigateway-authtype") == "awsSigv4" or bool(
        token.get("issuer") and token.get("audience")
    )


@rule
def no_other_door_leads_to_a_function(stack: Stack) -> Iterator[str]:
    """No function URL, and no caller but services on behalf of something in this account."""
    yield from (f"{name} is a function URL" for name in stack.of_type("AWS::Lambda::Url"))
    for name, permission in stack.of_type("AWS::Lambda::Permission").items():
        if permission.get("Principal") not in SERVICES:
            yield f"{name} lets {permission.get('Principal')} in"
        source = permission.get("SourceArn")
        # an ARN that a resource or `AWS::AccountId` is part of holds the account as well
        if not source or not ("Fn::GetAtt" in source or "AWS::AccountId" in str(source)):
            yield f"{name} names no source of this account"
        if permission.get("Action") != "lambda:InvokeFunction":
            yield f"{name} allows more than a call"


@rule
def the_api_is_throttled(stack: Stack) -> Iterator[str]:
    """In rate and burst."""
    for name, stage in stack.of_type("AWS::ApiGatewayV2::Stage").items():
        limits = stage.get("DefaultRouteSettings", {})
        if not all(limits.get(k) for k in ("ThrottlingRateLimit", "ThrottlingBurstLimit")):
            yield f"{name} has no limits"


@rule
def the_api_has_no_cors_for_everybody(stack: Stack) -> Iterator[str]:
    """A page of any origin must not use a visitor's session."""
    for name, api in stack.of_type("AWS::ApiGatewayV2::Api").items():
        cors = api.get("CorsConfiguration", {}) | api.get("Body", {}).get("x-amazon-apigateway-cors", {})
        if "*" in str(cors):
            yield f"{name} answers pages of every origin"


@rule
def callers_reach_an_alias(stack: Stack) -> Iterator[str]:
    """Never the latest code, which a canary has not tried."""
    aliases = stack.of_type("AWS::Lambda::Alias")
    for name, api in stack.of_type("AWS::ApiGatewayV2::Api").items():
        for route, operation in _operations(api):
            uri = str(operation.get("x-amazon-apigateway-integration", {}).get("uri"))
            if not set(re.findall(r"\$\{(\w+)\}", uri)) & set(aliases):
                yield f"{name}: {route} leads past the alias"
    for name, permission in stack.of_type("AWS::Lambda::Permission").items():
        from_the_api = permission.get("Principal") == "apigateway.amazonaws.com"
        if from_the_api and behind(permission.get("FunctionName")) not in aliases:
            yield f"{name} leads past the alias"
