"""Dropped files whose event never came: found by looking at the bucket, and announced again.

A file's first delivery leaves a pin under `runs/<model>/<name>/<object>/` (batch_pin). So a file is

    done         where it has a manifest
    unfinished   where it has none, but something lies in that folder: it waits, is at work, or has been given up on
    lost         where nothing lies there: no function has ever heard of it

A lost file is sent to the batch queue as EventBridge would have sent it, and a note in the same folder keeps it from
being sent again each time. Should its own event come after all, the pin and the manifest make that harmless.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol

from scorelet.batch_keys import INCOMING, is_no_table, object_id, output_key, target_of
from scorelet.errors import EventError
from scorelet.events.s3 import S3Object, created_event
from scorelet.reconcile_done import READERS, not_done
from scorelet.store import ListingStore, ObjectState

NOTE = "announced.json"
DAY_S = 86_400
WINDOW_S = 7 * DAY_S  # a file that waits longer in the queue, and a person longer at the dead letters, still counts
MOST_S = 60 * DAY_S  # further back there may be files whose pin has ended (template.yaml: 90 days)
GRACE_S = 3_600  # events come within seconds, seldom minutes
STRETCH = 5_000  # all of them lost: 15,000 calls, most of them 16 at a time


class FileQueue(Protocol):
    """Where files wait to be scored."""

    def send(self, bodies: Sequence[str]) -> None:
        """Send every message, or raise."""


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from `begin` to before `end`, in seconds since 1970."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stretch of the listing held, which ends with the key `last`. `files` were dropped in the span."""

    last: str
    listed: int
    files: int
    lost: tuple[S3Object, ...]
    unfinished: tuple[S3Object, ...]


def look(
    store: ListingStore, bucket: str, span: Span, prefix: str = INCOMING, after: str = "", stretch: int = STRETCH
) -> Iterator[Stretch]:
    """Look at every current object under `prefix` whose key lies behind `after`, a stretch at a time.

    Only objects that were last modified in the span are looked for. Raises what the store raises.
    """
    states = store.list_states(bucket, prefix, after)
    while listed := list(islice(states, stretch)):
        dropped = [s for s in listed if not s.deleted and span.begin <= s.modified < span.end and _is_file(bucket, s)]
        left = [as_object(bucket, s) for s in not_done(store, bucket, dropped)]
        lost, unfinished = _by_whether_heard_of(store, left)
        yield Stretch(listed[-1].key, len(listed), len(dropped), lost, unfinished)


def announce(store: ListingStore, queue: FileQueue, files: Sequence[S3Object]) -> None:
    """Send files to be scored, then note that it was done; killed in between, it is done once more, in vain."""
    queue.send([json.dumps(created_event(obj)) for obj in files])
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(lambda obj: _note(store, obj), files))


def as_object(bucket: str, state: ObjectState) -> S3Object:
    """The object as its event would have named it: S3 gives both the same second."""
    time = datetime.fromtimestamp(state.modified, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return S3Object(bucket, state.key, state.version_id, state.etag, state.size, time)


def _is_file(bucket: str, state: ObjectState) -> bool:
    """Whether batch would score it. What it refuses is in the dead letters already, and would come there again."""
    try:
        target_of(state.key)
    except EventError:
        return False
    return not is_no_table(as_object(bucket, state))


def _by_whether_heard_of(
    store: ListingStore, files: Sequence[S3Object]
) -> tuple[tuple[S3Object, ...], tuple[S3Object, ...]]:
    """The lost ones and the unfinished ones."""
    with ThreadPoolExecutor(READERS) as pool:
        heard = list(pool.map(lambda obj: _is_heard_of(store, obj), files))
    pairs = list(zip(files, heard, strict=True))
    return tuple(obj for obj, yes in pairs if not yes), tuple(obj for obj, yes in pairs if yes)


def _is_heard_of(store: ListingStore, obj: S3Object) -> bool:
    folder = output_key("runs", target_of(obj.key), object_id(obj), "")
    return next(store.list(obj.bucket, folder), None) is not None


def _note(store: ListingStore, obj: S3Object) -> None:
    key = output_key("runs", target_of(obj.key), object_id(obj), NOTE)
    store.put_if_absent(obj.bucket, key, b"{}", "application/json")
