"""scorelet predict: ask a model one question over HTTP."""

import argparse
import json
import urllib.error
import urllib.request
from typing import Any

from scorelet.errors import BadRequest, ScoreletError

from cli.report import Report, describe
from cli.target import Target, add_target_options, find_target


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands,
        "predict",
        run,
        summary=summary,
        example=(
            'scorelet predict iris \'{"sepal_length": 5.1, "sepal_width": 3.5, '
            '"petal_length": 1.4, "petal_width": 0.2}\' --local'
        ),
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("record", metavar="RECORD", help="a JSON object of values by feature name, or a list of them")
    parser.add_argument("--explain", action="store_true", help="say what each feature did to the answer")
    add_target_options(parser)


class Unanswered(ScoreletError):
    """The API could not be reached, or answered with something else than JSON."""

    code = "unanswered"
    remedy = "Check the stack's ApiUrl, and that your credentials may call execute-api:Invoke."


def run(args: argparse.Namespace) -> Report:
    """Send the request as any HTTP client would, signed for AWS."""
    try:
        record = json.loads(args.record)
    except ValueError as error:
        raise BadRequest(f"RECORD is not JSON: {error}") from error
    body = json.dumps({"instances": record if isinstance(record, list) else [record]}).encode()
    verb = "explain" if args.explain else "predict"
    status, answer = _post(find_target(args), f"/v1/models/{args.name}:{verb}", body)
    if status != 200:
        return Report(answer, _failure(answer), exit_code=1)
    lines = [json.dumps(p, ensure_ascii=False) for p in answer["predictions"]]
    return Report(answer, "\n".join([*lines, f"(version {answer['model_version']}, {answer['model_digest'][:19]}…)"]))


def _failure(answer: dict[str, Any]) -> str:
    problems = [f"  {p['pointer']}: {p['reason']}; expected {p['expected']}" for p in answer.get("problems", [])]
    words = answer.get("error") or answer.get("message")
    return "\n".join([f"refused: {words}", *problems, f"  {answer.get('remedy', '')}"])


def _post(target: Target, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    url = target.api_url.rstrip("/") + path
    headers = {"content-type": "application/json"}
    if target.endpoint_url is None:
        headers |= _signature(target, url, body)
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the URL is the stack's own
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - the same
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except (OSError, ValueError) as error:
        raise Unanswered(f"{url} gave no answer: {error}") from error


def _signature(target: Target, url: str, body: bytes) -> dict[str, str]:
    import boto3
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest("POST", url, data=body, headers={"content-type": "application/json"})
    credentials = boto3.session.Session().get_credentials()
    if credentials is None:
        raise Unanswered("there are no AWS credentials", remedy="Run `aws configure`, or set AWS_PROFILE.")
    SigV4Auth(credentials, "execute-api", target.region).add_auth(request)
    return dict(request.headers)
