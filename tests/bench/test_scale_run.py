"""A whole simulated run: its sums by hand, the walls it meets, and that it is our state machine that is simulated."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from scorelet.big_start import MOST_SHARDS, shard_bytes_of

from bench.deployed import read_deployed
from bench.scale import BEFORE, GB, SIZES, TB, THROTTLED, clock, plan_of, what_ifs
from bench.scale_limits import Limits
from bench.scale_rates import Rates
from bench.scale_run import Call, bill, score_stages, simulate, with_concurrency
from bench.scale_walls import LONGEST, growing, limits_of, walls
from cli.cost.inputs import PRICES, read_prices
from tests.test_docs import ROOT

MIB = 1 << 20
RATES = Rates(45_000, 0.001, 0.04, 3.5, 90, 110, 0.001, 0.001, 2.0, 8.0, 400)


@pytest.fixture
def deployed(monkeypatch):
    monkeypatch.chdir(ROOT)
    return read_deployed()


@pytest.fixture
def hundred(deployed):
    return simulate(plan_of(100 * GB, deployed), RATES)


def test_every_row_of_the_file_is_in_a_shard_that_is_scored_once(hundred):
    assert hundred.failed == ""
    assert hundred.rows == 100_000 * RATES.rows_a_mb
    for found in (hundred.measured, hundred.scored):
        assert set(found.done) == set(range(hundred.plan.shards))
        assert set(found.done.values()) == {1}
    assert hundred.plan.shards * hundred.plan.shard_mb == pytest.approx(100_000)


def test_a_bill_by_hand(hundred):
    prices = read_prices(PRICES)
    dollars = bill(hundred, prices, "x86_64")
    assert dollars["Lambda"] == pytest.approx(hundred.gb_seconds * 0.0000166667 + hundred.calls * 0.2 / 1e6)
    assert dollars["Step Functions"] == pytest.approx(hundred.transitions * 25 / 1e6)
    s3 = hundred.requests("GET") * 0.4 / 1e6 + hundred.requests("PUT") * 5 / 1e6
    assert dollars["S3 requests"] == pytest.approx(s3)


def test_at_least_the_requests_of_every_step_are_counted(hundred):
    shards = hundred.plan.shards
    assert hundred.requests("GET") >= (2 + 3 + 2) * shards  # measure, score, and the two calls that read lists
    assert hundred.requests("PUT") >= (1 + 3) * shards
    assert hundred.calls >= 2 * shards
    assert hundred.transitions >= 4 * shards


def test_ten_times_the_file_is_ten_times_the_work(hundred, deployed):
    tenth = simulate(plan_of(10 * GB, deployed), RATES)
    assert hundred.gb_seconds == pytest.approx(10 * tenth.gb_seconds, rel=0.15)  # starts are no tenth
    assert hundred.seconds > 8 * tenth.seconds


def test_half_a_processor_takes_twice_as_long(hundred):
    plans = [replace(hundred.plan, memory_mb=megabytes) for megabytes in (884, 1769, 4096)]
    half, whole, more = [sum(stage.seconds for stage in score_stages(plan, RATES)) for plan in plans]
    assert half - whole == pytest.approx(0.04 * hundred.plan.shard_mb * (1769 / 884 - 1))
    assert more == whole  # a second processor is not counted on
    assert simulate(plans[0], RATES).seconds > hundred.seconds


def test_shards_of_fixed_length_break_the_state_beyond_a_number_of_them(deployed):
    plan = plan_of(10 * TB, deployed)
    short = replace(plan, shard_bytes=32 * MIB)
    shares = {near.name: near.share for near in growing(short, RATES)}
    assert shares["bytes of a Map's output"] > 1
    assert shares["MiB of the call that finishes"] > 1
    assert all(near.share < 1 for near in growing(plan, RATES))


def test_a_run_says_why_it_fails(hundred):
    late = replace(hundred, finished=Call(301.0, 3000))
    assert late.failed == "the step finish ran into the timeout"
    many = replace(hundred, plan=replace(hundred.plan, shard_bytes=MIB))
    assert "256 KiB" in many.failed


def test_an_account_that_allows_less_than_the_map_asks_needs_the_longer_retry(deployed):
    plans = what_ifs(plan_of(100 * GB, deployed), deployed)
    narrow = {n: with_concurrency(p, 10_000, 50) for n, p in plans.items() if "account" in n}
    failed = {name: simulate(plan, RATES).failed for name, plan in narrow.items()}
    assert failed["10,000, account allows 1,000"] == ""
    assert "throttled" in failed["10,000, account allows 1,000, 6 retries"]


def test_a_longer_file_meets_its_walls_later_with_longer_shards(deployed):
    plan = plan_of(TB, deployed)
    short, long = (walls(plan, RATES, lambda _size, b=b: b * MIB) for b in (32, 64))
    met = {name for name, size in short.items() if size < LONGEST and name != "bytes of the object"}
    assert {"bytes of a Map's output", "seconds of the call that finishes"} <= met
    assert all(long[name] > 1.8 * short[name] for name in met)
    ours = walls(plan, RATES, lambda size: shard_bytes_of(size, 32 * MIB))
    assert min(ours.values()) > 10 * TB


def test_every_limit_that_a_run_passed_is_told(hundred):
    many = simulate(with_concurrency(hundred.plan, 10_000, 1_000), RATES)
    told = {near.name: near for near in limits_of(many, RATES)}
    assert told["Lambda calls at a time"].share == 1
    assert told["environments asked for at once"].share > 2
    assert {"GET/s under incoming/", "PUT/s under runs/"} <= set(told)


def test_the_retries_are_those_of_the_state_machine():
    states = yaml.safe_load((ROOT / "statemachines/batch.asl.yaml").read_text())["States"]
    maps = [s["ItemProcessor"]["States"] for s in states.values() if s["Type"] == "Map"]
    tasks = [t for group in (states, *maps) for name, t in group.items() if t["Type"] == "Task" and name != "Failed"]
    assert len(tasks) == 4
    for task in tasks:
        retriers = {error: r for r in task["Retry"] for error in r["ErrorEquals"]}
        for error, ours in (("Lambda.TooManyRequestsException", THROTTLED), ("States.ALL", BEFORE)):
            found = retriers[error]
            assert (found["MaxAttempts"], found["IntervalSeconds"], found["MaxDelaySeconds"]) == (
                ours.attempts,
                ours.interval,
                ours.most_seconds,
            )
            assert (found["BackoffRate"], found["JitterStrategy"]) == (2, "FULL")


def test_the_processor_s_memory_is_that_of_the_price_table():
    assert read_prices(PRICES)["lambda"]["full_processor_mb"] == Limits().processor_mb


def test_the_most_shards_fit_the_state_that_holds_their_answers():
    assert Limits().state_bytes > 3 * MOST_SHARDS + 1


@pytest.mark.parametrize(("seconds", "said"), [(7.2, "7 s"), (200.4, "3 min 20 s"), (11_040, "3 h 4 min")])
def test_times_are_said_for_people(seconds, said):
    assert clock(seconds) == said


def test_the_page_shows_what_the_command_prints_for_every_size():
    page = (Path(ROOT) / "docs/scale.md").read_text()
    assert all(f"\n{name} " in page for name in SIZES)
