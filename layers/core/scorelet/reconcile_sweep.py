"""Reconcile on a schedule: each call goes on where the last one ended, so a bucket of any size is looked at in the end.

    runs/reconcile.json     how far the sweep has come, and how far back it looks

It is written after every stretch. Calls that are killed, repeated or run side by side look at a stretch twice, which
does no harm: no call ever says more than it has looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from scorelet.errors import ObjectMissing
from scorelet.reconcile import GRACE_S, MOST_S, WINDOW_S, FileQueue, Span, Stretch, announce, look
from scorelet.store import ListingStore

CURSOR = "runs/reconcile.json"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One pass over all of incoming/. Times are in seconds since 1970; counts are those of the whole pass so far.

    It looks back to `since`, began at `began`, has looked at all keys up to `after`, and is `done` at the end of them.
    """

    since: float
    began: float
    after: str = ""
    done: bool = False
    listed: int = 0
    files: int = 0
    announced: int = 0
    unfinished: int = 0

    def past(self, stretch: Stretch) -> Sweep:
        """With one more stretch behind it."""
        return replace(
            self,
            after=stretch.last,
            listed=self.listed + stretch.listed,
            files=self.files + stretch.files,
            announced=self.announced + len(stretch.lost),
            unfinished=self.unfinished + len(stretch.unfinished),
        )


def sweep_on(
    store: ListingStore, bucket: str, queue: FileQueue, now: float, may_go_on: Callable[[], bool]
) -> tuple[Sweep, int]:
    """Begin a sweep or go on with one, until its end or until `may_go_on` says no, but for one stretch at least.

    Gives the sweep, and how many files this call has announced. Raises what store and queue raise; then the next call
    goes on.
    """
    sweep, sent = _begun(store, bucket, now), 0
    for stretch in look(store, bucket, Span(sweep.since, now - GRACE_S), after=sweep.after):
        announce(store, queue, stretch.lost)
        sweep, sent = sweep.past(stretch), sent + len(stretch.lost)
        _write(store, bucket, sweep)
        if not may_go_on():
            return sweep, sent
    sweep = replace(sweep, done=True)
    _write(store, bucket, sweep)
    return sweep, sent


def _begun(store: ListingStore, bucket: str, now: float) -> Sweep:
    """The sweep under way, or the next one, which looks back over all that the last one may have passed by."""
    last = _read(store, bucket)
    if last is not None and not last.done:
        return last
    since = now - WINDOW_S
    if last is not None:
        since = max(min(since, last.began - GRACE_S), now - MOST_S)
    return Sweep(since, now)


def _read(store: ListingStore, bucket: str) -> Sweep | None:
    try:
        found: dict[str, Any] = json.loads(store.get(bucket, CURSOR).body)
    except ObjectMissing:
        return None
    return Sweep(**found)


def _write(store: ListingStore, bucket: str, sweep: Sweep) -> None:
    store.put(bucket, CURSOR, json.dumps(asdict(sweep)).encode(), "application/json")
