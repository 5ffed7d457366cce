"""The simulated Map: work is neither lost nor made, more children are never slower, and every limit bites."""

from dataclasses import replace

import pytest

from bench.scale_limits import Assumed, Limits, Retry
from bench.scale_map import Bucket, MapRun, Setup, Stage

GET, PUT = ("GET", "incoming"), ("PUT", "runs")
STAGES = [Stage(GET, 2.0), Stage(PUT)]
WIDE = Limits(
    lambda_concurrency=10**6,
    environments_burst=1e9,
    children=10**6,
    transitions_burst=1e9,
    s3_gets_a_second=1e9,
    s3_puts_a_second=1e9,
)
STEADY = Assumed(request_spread=0, work_spread=0, straggler_share=0, killed_share=0, start_seconds=0, invoke_seconds=0)
ROUGH = Assumed(killed_share=0.05, straggler_share=0.05)


def run(items, concurrency=100, limits=WIDE, assumed=STEADY, stages=STAGES, **setup):
    return MapRun(items, stages, Setup(concurrency, limits, assumed, **setup)).run()


@pytest.mark.parametrize("limits", [Limits(), WIDE, Limits(s3_puts_a_second=20, lambda_concurrency=50)])
def test_every_item_is_finished_once_whatever_dies_on_the_way(limits):
    found = run(2000, 300, limits, ROUGH, on_throttle=Retry(1000), on_fault=Retry(1000))
    assert found.failed == ""
    assert found.faults > 20
    assert set(found.done) == set(range(2000))
    assert set(found.done.values()) == {1}
    assert found.calls == 2000 + found.faults


def test_the_work_is_that_of_the_stages():
    found = run(500)
    assert found.requests == {GET: 500, PUT: 500}
    assert found.call_seconds == pytest.approx(500 * (2.0 + 2 * STEADY.request_seconds), rel=1e-3)
    assert found.transitions == 500 * STEADY.transitions_a_child
    assert found.seconds == pytest.approx(5 * (2.0 + 2 * STEADY.request_seconds), rel=1e-6)


def test_what_is_refused_or_killed_is_asked_for_again_and_billed():
    rough = run(2000, assumed=replace(STEADY, killed_share=0.1))
    assert rough.requests[GET] == rough.calls > 2100
    assert rough.call_seconds > run(2000).call_seconds
    assert rough.transitions == 2000 * STEADY.transitions_a_child + rough.faults


def test_a_seed_decides_everything():
    assert run(300, assumed=ROUGH) == run(300, assumed=ROUGH)
    assert run(300, assumed=ROUGH).seconds != run(300, assumed=replace(ROUGH, seed=1)).seconds


@pytest.mark.parametrize("assumed", [STEADY, ROUGH])
def test_more_children_are_never_slower_where_nothing_limits_them(assumed):
    seconds = [run(4000, children, assumed=assumed).seconds for children in (10, 40, 160, 640)]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] > 3 * seconds[1]


def test_slower_work_takes_longer_and_costs_more():
    slow = run(500, stages=[Stage(GET, 4.0), Stage(PUT)])
    assert slow.seconds > 1.9 * run(500).seconds
    assert slow.call_seconds > 1.9 * run(500).call_seconds


def test_no_more_children_run_than_the_map_or_the_account_allows():
    assert run(1000, 400).most_calls == 400
    assert run(1000, 400, replace(WIDE, children=70)).most_calls == 70
    held = run(1000, 400, replace(WIDE, lambda_concurrency=90), on_throttle=Retry(1000))
    assert (held.most_calls, held.failed) == (90, "")
    assert held.throttled > 310


def test_new_environments_come_at_the_ramp():
    ramp = replace(WIDE, environments_burst=100, environments_a_second=10)
    found = run(2000, 1000, ramp, stages=[Stage(GET, 50.0)], on_throttle=Retry(1000))
    assert found.throttled > 0
    assert 100 < found.most_calls <= 100 + 10 * found.seconds
    assert found.seconds > run(2000, 1000, stages=[Stage(GET, 50.0)]).seconds


def test_environments_of_the_map_before_are_taken_first():
    warm = MapRun(500, STAGES, Setup(100, WIDE, replace(STEADY, start_seconds=9.0)), warm=100)
    assert warm.run().starts == 0
    assert run(500).starts == 100


def test_a_child_that_is_throttled_too_often_stops_the_run():
    narrow = replace(WIDE, lambda_concurrency=20)
    given_up = run(2000, 1000, narrow, on_throttle=Retry(6))
    assert "throttled by Lambda 7 times" in given_up.failed
    assert len(given_up.done) < 2000
    assert run(2000, 1000, narrow, on_throttle=Retry(1000)).failed == ""


def test_state_transitions_come_from_a_bucket():
    slow = replace(WIDE, transitions_burst=100, transitions_a_second=50)
    found = run(1000, 1000, slow)
    assert found.seconds >= (1000 * STEADY.transitions_a_child - 100) / 50
    assert found.transitions_at_once > 100 >= run(20, 1000, slow).transitions_at_once


def test_s3_slows_down_what_passes_its_rate_and_nothing_else():
    found = run(1000, 500, replace(WIDE, s3_puts_a_second=40), on_fault=Retry(1000))
    assert found.slowed[PUT] > 0
    assert found.slowed[GET] == 0
    assert found.requests[PUT] == 1000 + found.slowed[PUT]
    assert found.seconds >= (1000 - 40) / 40
    assert run(1000, 500).slowed.total() == 0


def test_prefixes_share_a_rate_until_they_are_partitioned():
    stages = [Stage(("PUT", "scored")), Stage(("PUT", "rejected"))]
    limits = replace(WIDE, s3_puts_a_second=600)
    assert run(500, 500, limits, stages=stages).slowed.total() == 0
    assert run(500, 500, limits, stages=stages, one_partition=True).slowed.total() > 0


def test_a_request_that_is_slowed_down_too_often_fails_its_call():
    found = run(300, 300, replace(WIDE, s3_gets_a_second=1))
    assert found.faults > 0
    assert "slowed down by S3" in found.failed


def test_a_call_ends_at_the_timeout_and_is_billed_no_further():
    found = run(10, timeout_seconds=1.5)
    assert "timeout" in found.failed
    assert found.timeouts == found.faults > 6
    assert found.longest_call == 1.5
    assert run(10, timeout_seconds=2.5).failed == ""


def test_a_bucket_gives_its_burst_and_then_its_rate():
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.book(0.5), bucket.book(0.5)] == [0.5, 1.0]
    assert sum(bucket.take(1000.0) for _ in range(9)) == 3


def test_pauses_double_up_to_a_limit():
    retry = Retry(6, interval=2, most_seconds=60)
    assert [retry.pause(tries, 1.0) for tries in range(7)] == [2, 4, 8, 16, 32, 60, 60]
    assert retry.pause(3, 0.25) == 4
