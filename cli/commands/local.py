"""scorelet local up: the whole stack on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.report import Report, describe
from cli.target import Target, now, whoami

if TYPE_CHECKING:
    from cli.plane.serve import ServedStack
    from cli.plane.stack import LocalStack

EXAMPLE_CONFIG = Path("training/configs/iris.toml")


def add(commands: Any, summary: str) -> None:
    """Describe the command and its only action."""
    parser = commands.add_parser("local", help=summary, description=summary[0].upper() + summary[1:] + ".")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    up = describe(
        actions,
        "up",
        run,
        summary="serve the stack of template.yaml until Ctrl-C",
        example="scorelet local up --port 8787",
    )
    up.add_argument("--port", type=int, default=8787, help="of the API (default: 8787); the AWS endpoint is the next")
    up.add_argument("--template", type=Path, default=Path("template.yaml"), help="default: template.yaml")
    up.add_argument("--empty", action="store_true", help="do not train and publish the iris example")


def run(args: argparse.Namespace) -> Report:
    """Serve, tell the addresses, wait for Ctrl-C."""
    from cli.plane.clock import RunningClock
    from cli.plane.serve import serve
    from cli.plane.stack import LocalStack

    stack = LocalStack(args.template, clock=RunningClock(), aws_port=args.port + 1)
    target = _target(stack, args.port)
    if not args.empty:  # before time runs: functions swap modules in this process while they are called
        _publish_example(target)
    with serve(stack, args.port) as served:
        target.save_as_local()
        print(_welcome(target), flush=True)
        try:
            _wait(served)
        except KeyboardInterrupt:
            pass
        finally:
            target.forget_as_local()
    return Report({"stopped": True}, "\nStopped; nothing is kept.")


def _wait(served: ServedStack) -> None:
    """Until Ctrl-C or a plain kill; what went wrong in the background is told once."""
    told = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    while True:
        threading.Event().wait(1)
        for fault in served.faults[told:]:
            print(f"scorelet: {type(fault).__name__}: {fault}", file=sys.stderr, flush=True)
        told = len(served.faults)


def _target(stack: LocalStack, port: int) -> Target:
    return Target(
        stack="scorelet",
        model_bucket=stack.bucket("ModelBucket"),
        data_bucket=stack.bucket("DataBucket"),
        api_url=f"http://127.0.0.1:{port}",
        region="us-east-1",
        endpoint_url=stack.endpoint_url,
        batch_queue=_queue_url(stack),
    )


def _queue_url(stack: LocalStack) -> str:
    name = stack.queue("BatchQueue").spec.name
    return str(stack.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def _publish_example(target: Target) -> None:
    """Train the iris example once, so that the first request works."""
    from cli.package_folder import files_to_publish
    from training.config import load
    from training.train import train

    print("The registry is empty: training the iris example …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        package = train(load(EXAMPLE_CONFIG), Path(folder)).path
        target.registry().publish(files_to_publish(package, 1, None))
    target.registry().promote("iris", 1, at=now(), by=whoami(), why="the example")


def _welcome(target: Target) -> str:
    return (
        f"API           {target.api_url}\n"
        f"AWS endpoint  {target.endpoint_url}  (region us-east-1, any credentials)\n"
        f"data bucket   {target.data_bucket}\n"
        f"model bucket  {target.model_bucket}\n\n"
        f'Ask it:       scorelet predict iris \'{{"sepal_length": 5.1, "sepal_width": 3.5, '
        f'"petal_length": 1.4, "petal_width": 0.2}}\' --local\n'
        f"Drop a file:  scorelet score FILE.csv --model iris --local\n"
        f"Ctrl-C stops it."
    )
