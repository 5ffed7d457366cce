"""scorelet reconcile: find dropped files whose event never came, and have them scored."""

import argparse
import re
import time
from collections.abc import Iterator
from typing import Any

from scorelet.aws_sqs import SqsQueue
from scorelet.batch_keys import INCOMING, target_of
from scorelet.events.s3 import S3Object
from scorelet.reconcile import DAY_S, GRACE_S, MOST_S, Span, Stretch, announce, look
from scorelet.registry import check_name

from cli.report import Report, describe, table
from cli.target import NoTarget, Target, add_target_options, find_target

MOST_ROWS = 50
UNITS = {"m": 60, "h": 3600, "d": DAY_S}
Row = dict[str, Any]


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands, "reconcile", run, summary=summary, example="scorelet reconcile --model iris --since 30d --dry-run"
    )
    parser.add_argument("--model", metavar="NAME", help="look at the files of one model only")
    parser.add_argument(
        "--since",
        type=seconds,
        default="7d",
        metavar="AGE",
        help="how far to look back: 90m, 12h, 7d (default), …, 60d",
    )
    parser.add_argument(
        "--resend-unfinished", action="store_true", help="send those that a function has heard of, too, once more"
    )
    parser.add_argument("--dry-run", action="store_true", help="look only; send nothing")
    add_target_options(parser)


def seconds(text: str) -> float:
    """An age such as 7d; raises ArgumentTypeError.

    >>> seconds("90m")
    5400.0
    """
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if not found or not GRACE_S < int(found[1]) * UNITS[found[2]] <= MOST_S:
        raise argparse.ArgumentTypeError("an age over an hour and up to 60 days, such as 90m, 12h or 7d")
    return float(int(found[1]) * UNITS[found[2]])


def run(args: argparse.Namespace) -> Report:
    """Look, send, tell. What is neither done nor sent makes the exit code 1."""
    target = find_target(args)
    prefix = f"{INCOMING}{check_name(args.model)}/" if args.model else INCOMING
    now, store = time.time(), target.store()
    span = Span(now - args.since, now - GRACE_S)
    files, rows = 0, list[Row]()
    for stretch in look(store, target.data_bucket, span, prefix):
        chosen = [] if args.dry_run else _chosen(stretch, args.resend_unfinished)
        if chosen:
            announce(store, _queue(target), chosen)
        files += stretch.files
        rows += _rows(stretch, set(chosen))
    left = sum(not row["sent"] for row in rows)
    data = {"files": files, "done": files - len(rows), "found": rows}
    return Report(data, _text(files, rows), exit_code=1 if left else 0)


def _chosen(stretch: Stretch, resend_unfinished: bool) -> list[S3Object]:
    return [*stretch.lost, *(stretch.unfinished if resend_unfinished else ())]


def _queue(target: Target) -> SqsQueue:
    if not target.batch_queue:
        raise NoTarget(f"the stack {target.stack!r} has no output BatchQueue")
    return SqsQueue(target.batch_queue, target.client("sqs"))


def _rows(stretch: Stretch, sent: set[S3Object]) -> Iterator[Row]:
    for state, objects in (("lost", stretch.lost), ("unfinished", stretch.unfinished)):
        for obj in objects:
            file = target_of(obj.key)
            about = {"model": file.model, "file": file.name, "bytes": obj.size, "dropped": obj.time}
            yield {"state": state, **about, "version_id": obj.version_id, "sent": obj in sent}


def _text(files: int, rows: list[Row]) -> str:
    head = f"{files} {'file' if files == 1 else 'files'}: {files - len(rows)} done"
    counts = {state: sum(row["state"] == state for row in rows) for state in ("lost", "unfinished")}
    text = ", ".join([head, *(f"{count} {state}" for state, count in counts.items())])
    if not rows:
        return f"{text}."
    columns = ("state", "model", "file", "bytes", "dropped")
    cells = [[*(row[name] for name in columns), "yes" if row["sent"] else "no"] for row in rows[:MOST_ROWS]]
    more = f"\n… and {len(rows) - MOST_ROWS} more; --json lists all." if len(rows) > MOST_ROWS else ""
    return f"{text}; {sum(row['sent'] for row in rows)} sent.\n{table([*columns, 'sent'], cells)}{more}"
