"""The window: counts per cell of time and bin, each prediction once."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scorelet.collect import collect_log, collect_manifest
from scorelet.instants import epoch_ms
from scorelet.monitor import fetch_window
from scorelet.sketch import merge
from scorelet.window import Population, Window

from tests.fakes.answers import delivery, lines_at, loaded, manifest_of, spread
from tests.fakes.package import tiny_records
from tests.fakes.store import MemoryStore

DAY = datetime(2026, 3, 2, tzinfo=UTC)
PACKAGE = loaded()
BASELINE = PACKAGE.manifest.baseline


def cells_of(store, start=DAY, end=DAY + timedelta(days=1), package=PACKAGE):
    with fetch_window(store, "data", start, end) as window:
        return window.cells(package.digest, package.signature.names, BASELINE.bins)


def total(cells):
    return {name: counts.sum(axis=0).tolist() for name, counts in cells.items()}


EXPECTED = {name: counts.tolist() for name, counts in BASELINE.counts.items()}


def test_the_training_records_give_the_baseline_whether_asked_one_by_one_or_dropped_as_a_file():
    asked, dropped = MemoryStore(), MemoryStore()
    collect_log(spread(PACKAGE, tiny_records(400), DAY, 24), asked, "data")
    collect_manifest(manifest_of(PACKAGE, tiny_records(400), DAY, "run"), dropped, "data")
    assert total(cells_of(asked)) == EXPECTED
    assert total(cells_of(dropped)) == EXPECTED


def test_both_kinds_add_up():
    store = MemoryStore()
    collect_log(spread(PACKAGE, tiny_records(400), DAY, 24), store, "data")
    collect_manifest(manifest_of(PACKAGE, tiny_records(400), DAY, "run"), store, "data")
    twice = merge([BASELINE.counts, BASELINE.counts])
    assert total(cells_of(store)) == {name: counts.tolist() for name, counts in twice.items()}


def test_what_was_delivered_twice_is_counted_once():
    store = MemoryStore()
    lines = [lines_at(PACKAGE, [r], DAY, str(i))[0] for i, r in enumerate(tiny_records(400))]
    for first in (0, 1000):  # the same lines, cut and numbered otherwise: other files
        collect_log(delivery(lines[:250], first), store, "data")
        collect_log(delivery(lines[200 + first // 10 :], first + 500), store, "data")
    manifest = manifest_of(PACKAGE, tiny_records(10), DAY, "run")
    collect_manifest(manifest, store, "data")
    collect_manifest(manifest, store, "data")
    with fetch_window(store, "data", DAY, DAY + timedelta(days=1)) as window:
        assert [(p.source, p.rows) for p in window.populations()] == [("api", 400), ("batch", 10)]


def test_the_window_holds_its_start_and_not_its_end():
    store = MemoryStore()
    for hour in range(-1, 4):
        time = DAY + timedelta(hours=hour, minutes=30)
        collect_log(delivery(lines_at(PACKAGE, tiny_records(1), time, str(hour)), hour + 1), store, "data")
    cells = cells_of(store, DAY + timedelta(minutes=30), DAY + timedelta(hours=2, minutes=30))
    assert cells["amount"].sum() == 2


def test_a_day_is_cut_into_hours_and_an_hour_into_minutes():
    day, hour = MemoryStore(), MemoryStore()
    collect_log(spread(PACKAGE, tiny_records(240), DAY, 24), day, "data")
    collect_log(spread(PACKAGE, tiny_records(240), DAY, 1), hour, "data")
    for store in (day, hour):
        counts = cells_of(store)["amount"].sum(axis=1)
        assert counts.shape == (24,)
        assert counts.min() >= 9
    burst = MemoryStore()
    collect_log(delivery(lines_at(PACKAGE, tiny_records(240), DAY, "a")), burst, "data")
    assert cells_of(burst)["amount"].shape[0] == 1


def test_another_version_is_told_apart():
    store, second = MemoryStore(), loaded(version=2)
    collect_log(delivery(lines_at(PACKAGE, tiny_records(3), DAY, "a")), store, "data")
    collect_log(delivery(lines_at(second, tiny_records(5), DAY, "b"), 9), store, "data")
    assert cells_of(store)["amount"].sum() == 3
    assert cells_of(store, package=second)["amount"].sum() == 5
    with fetch_window(store, "data", DAY, DAY + timedelta(days=1)) as window:
        assert window.populations() == [
            Population("tiny", 1, PACKAGE.digest, "api", 3),
            Population("tiny", 2, second.digest, "api", 5),
        ]


def test_an_empty_window_is_empty():
    assert cells_of(MemoryStore()) == {}
    with Window([], [], 0, epoch_ms(DAY)) as window:
        assert window.populations() == []


def test_scores_fall_into_the_same_bins_as_in_training():
    store = MemoryStore()
    edges = np.array(BASELINE.bins["__score__"].edges, dtype=np.float32)
    below = np.nextafter(edges, np.float32(0))
    line = lines_at(PACKAGE, tiny_records(1), DAY, "a")[0]
    scores = [float(str(s)) for s in np.concatenate([edges, below])]
    old = line[line.index('"scores":') : line.index(',"bins"')]
    lines = [line.replace(old, f'"scores":[{s}]').replace('"id":"a"', f'"id":"{i}"') for i, s in enumerate(scores)]
    collect_log(delivery(lines), store, "data")
    found = BASELINE.bins["__score__"].index(np.concatenate([edges, below]), np.zeros(2 * len(edges), dtype=np.bool_))
    assert total(cells_of(store))["__score__"] == BASELINE.bins["__score__"].count(found).tolist()


def test_a_record_with_bins_the_model_does_not_have_does_not_stop_the_rest():
    store = MemoryStore()
    good = lines_at(PACKAGE, tiny_records(1), DAY, "a")[0]
    bad = good.replace('"id":"a"', '"id":"b"')
    bad = bad[: bad.index('"bins"')] + '"bins":[[999,999,999,999,999,999]]}'
    collect_log(delivery([good, bad]), store, "data")
    assert cells_of(store)["amount"].sum() == 1


@pytest.mark.parametrize("end", [DAY + timedelta(hours=3), DAY + timedelta(hours=2, minutes=59, seconds=59)])
def test_only_the_hours_of_the_window_are_read(end):
    class Listing(MemoryStore):
        def list(self, bucket, prefix):
            prefixes.append(prefix)
            return super().list(bucket, prefix)

    prefixes: list[str] = []
    fetch_window(Listing(), "data", DAY + timedelta(minutes=30), end)
    assert prefixes == [f"predictions/date=2026-03-02/hour=0{h}/" for h in (0, 1, 2)]
