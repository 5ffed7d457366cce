"""The rehearsal: new code of predict is asked the golden records of every live model, as callers would ask them.

What is compared are whole answers of the HTTP API, so all of it is on trial: event, route, alias, package, JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scorelet.api.call import ENTITY
from scorelet.errors import RehearsalFailed, ScoreletError
from scorelet.events.http import REHEARSAL, rehearsal_event
from scorelet.json_text import to_json
from scorelet.manifest import Manifest
from scorelet.registry import Alias, AliasEntry, Registry
from scorelet.serving import pick

MOST_RECORDS = 100
_ENTITIES = 20_000  # tried, to find one that falls to a share; smaller shares are asked by their number
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of one model version's golden records; `problem` is None where every answer was right."""

    model: str
    version: int | None
    records: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Asks through `ask`, an event in and the function's answer out, which may raise RehearsalFailed.

    No body is longer than `most_bytes`. Nothing is asked any more once `out_of_time` says so: who waits for the
    outcome has to be told in time.
    """

    registry: Registry
    alias: str
    ask: Callable[[Mapping[str, Any]], Any]
    most_bytes: int
    time_ms: int
    out_of_time: Callable[[], bool]

    def run(self) -> Iterator[Replay]:
        """Every version that answers for a live model, in turn; none where no model is live yet."""
        for name in self.registry.served(self.alias):
            try:
                alias = self.registry.alias(name, self.alias)
            except ScoreletError as error:
                yield Replay(name, None, problem=str(error))
                continue
            for entry in (alias.current, *(share.entry for share in alias.shares)):
                yield self._replay(name, alias, entry)

    def _replay(self, name: str, alias: Alias, entry: AliasEntry) -> Replay:
        records: Sequence[Record] = ()
        try:
            if self.out_of_time():
                raise RehearsalFailed("there was no time left to ask")
            manifest = self._manifest(name, entry)
            records = fitting(manifest.golden.records[:MOST_RECORDS], self.most_bytes)
            answer = self._answer(name, alias, entry, records)
            check(answer, manifest, entry.digest, len(records))
        except ScoreletError as error:
            return Replay(name, entry.version, len(records), str(error))
        return Replay(name, entry.version, len(records))

    def _manifest(self, name: str, entry: AliasEntry) -> Manifest:
        manifest, digest = self.registry.manifest(name, entry.version)
        if digest != entry.digest:
            raise RehearsalFailed(f"manifest.json is {digest}, the alias names {entry.digest}")
        return manifest

    def _answer(self, name: str, alias: Alias, entry: AliasEntry, records: Sequence[Record]) -> Any:
        entity = entity_of(alias, name, entry)
        path = f"/v1/models/{name}" + ("" if entity else f"/versions/{entry.version}") + ":predict"
        headers = {ENTITY: entity} if entity else {}
        request_id = f"{REHEARSAL}-{name}-{entry.version}"
        return self.ask(rehearsal_event(path, _body(records), request_id, self.time_ms, headers))


def entity_of(alias: Alias, name: str, entry: AliasEntry) -> str | None:
    """An entity whose requests this version answers; None where its share is so small that none was found."""
    wanted = None if entry is alias.current else entry
    return next((entity for entity in map(str, range(_ENTITIES)) if pick(alias.shares, name, entity) is wanted), None)


def fitting(records: Sequence[Record], most_bytes: int) -> Sequence[Record]:
    """As many of the first records as one body may hold; always at least one."""
    while len(records) > 1 and len(_body(records).encode()) > most_bytes:
        records = records[: len(records) // 2]
    return records


def _body(records: Sequence[Record]) -> str:
    return to_json({"instances": [dict(record) for record in records]})


def check(answer: Any, manifest: Manifest, digest: str, count: int) -> None:
    """Compare an answer to the first `count` golden records with what the package says; raises RehearsalFailed."""
    try:
        status, body = answer["statusCode"], json.loads(answer["body"])
        if status != 200:
            raise RehearsalFailed(f"the answer is {status} {body['code']}")
        if body["model_digest"] != digest:
            raise RehearsalFailed(f"version {body['model_version']} answered instead")
        given = [_outputs(prediction, manifest.signature.labels) for prediction in body["predictions"]]
        found = np.array(given, dtype=np.float32).astype(np.float64)  # as float32 is what the shortest digits stand for
    except (KeyError, TypeError, ValueError) as error:
        raise RehearsalFailed(f"the answer cannot be read: {type(error).__name__}") from error
    wanted = np.array(manifest.golden.outputs[:count], dtype=np.float64)
    if not count or found.shape != wanted.shape:
        raise RehearsalFailed(f"{found.shape} numbers were answered to {count} golden records, {wanted.shape} expected")
    difference = float(np.abs(wanted - found).max())
    if not difference <= manifest.golden.tolerance:
        raise RehearsalFailed(f"answers differ by {difference:.3g}, more than {manifest.golden.tolerance:.3g}")


def _outputs(prediction: Mapping[str, Any], labels: Sequence[str]) -> list[float]:
    if not labels:
        return [prediction["value"]]
    return [prediction["probabilities"][label] for label in labels]
