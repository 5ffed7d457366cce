"""The API refuses strangers, is throttled, and logs who was refused."""

from typing import Any

import pytest

from tests.template.expand import of_type

IAM = {"ApiAuth": "AWS_IAM"}
JWT = {"ApiAuth": "JWT", "JwtIssuer": "https://issuer.example", "JwtAudience": "client"}


def _operations(parameters: dict[str, str]) -> list[dict[str, Any]]:
    (api,) = of_type("AWS::ApiGatewayV2::Api", **parameters).values()
    return [operation for path in api["Body"]["paths"].values() for operation in path.values()]


@pytest.mark.parametrize("parameters", [IAM, JWT], ids=["iam", "jwt"])
def test_every_route_asks_for_a_scheme_that_is_defined(parameters: dict[str, str]) -> None:
    (api,) = of_type("AWS::ApiGatewayV2::Api", **parameters).values()
    operations = _operations(parameters)
    assert operations
    for operation in operations:
        (requirement,) = operation["security"]
        assert set(requirement) == set(api["Body"]["components"]["securitySchemes"])


def test_requests_are_signed_by_default() -> None:
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    (scheme,) = api["Body"]["components"]["securitySchemes"].values()
    assert scheme["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_tokens_are_checked_against_the_issuer_and_the_audience() -> None:
    (api,) = of_type("AWS::ApiGatewayV2::Api", **JWT).values()
    authorizer = api["Body"]["components"]["securitySchemes"]["Jwt"]["x-amazon-apigateway-authorizer"]
    assert authorizer["jwtConfiguration"] == {"issuer": {"Ref": "JwtIssuer"}, "audience": [{"Ref": "JwtAudience"}]}


def test_no_other_door_leads_to_a_function() -> None:
    assert not of_type("AWS::Lambda::Url")
    for permission in of_type("AWS::Lambda::Permission").values():
        assert permission["Principal"] in {
            "apigateway.amazonaws.com",
            "events.amazonaws.com",
            "logs.amazonaws.com",
        } or ("logs." in str(permission["Principal"]))
        assert permission["SourceArn"]


def test_the_stage_is_throttled_and_logged() -> None:
    (stage,) = of_type("AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "ApiRateLimit"},
        "ThrottlingBurstLimit": {"Ref": "ApiBurstLimit"},
    }
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
