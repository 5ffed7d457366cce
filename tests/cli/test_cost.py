"""scorelet cost: sums that can be done by hand, prices with a date and a source, and inputs that can be replaced."""

import json
from dataclasses import replace

import pytest

from cli.cost import big_files, reckon
from cli.cost.inputs import (
    MEASURED,
    PRICES,
    TEMPLATE,
    Deployed,
    Machine,
    Measured,
    read_deployed,
    read_measured,
    read_prices,
)
from cli.main import main
from tests.test_docs import ROOT

MEASURE = Measured(predict_ms=1.5, predict_log_bytes=600, rows_per_second=1e6, collect_ms=40, evaluate_ms=100)
MACHINE = Machine(states=6, maps=2, child_states=1, children="STANDARD")
STACK = Deployed(
    "x86_64",
    predict_mb=1769,
    batch_mb=2048,
    monitor_mb=1769,
    alarm_metrics=9,
    polled_queues=1,
    big_file_bytes=64 * 2**20,
    shard_bytes=32 * 2**20,
    machine=MACHINE,
)


@pytest.fixture
def prices():
    return read_prices(PRICES)


@pytest.fixture
def cost(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        code = main(["cost", "--json", *arguments])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_million_requests_by_hand(prices):
    found = reckon.per_million_requests(prices, MEASURE, STACK)
    assert found["API Gateway"] == 1.00
    assert found["predict"] == pytest.approx(0.20 + 1e6 * 0.002 * 1769 / 1024 * 0.0000166667)  # 1.5 ms are billed as 2
    assert found["logs"] == pytest.approx((600 + 400 + 5 * 26) * 1e6 / 1e9 * 0.50)


def test_a_billion_rows_in_small_files_by_hand(prices):
    found = reckon.per_billion_rows(prices, MEASURE, STACK, rows_a_file=1e6)
    assert found["batch"] == pytest.approx(1000 * (1.0 * 2 * 0.0000166667 + 0.20 / 1e6))
    assert found["state machine"] == 0


def test_a_billion_rows_in_big_files_by_hand(prices):
    found = reckon.per_billion_rows(prices, MEASURE, STACK, rows_a_file=10e6, row_bytes=16)  # 100 files of 5 shards
    assert found["state machine"] == pytest.approx(100 * (6 + 2 * 5 * 2) * 25.00 / 1e6)
    scored, scanned = 10.0, 160e6 / (76 * 2**20)
    seconds = scored + scanned + 3 * 0.2
    assert found["batch"] == pytest.approx(100 * (seconds * 2 * 0.0000166667 + 13 * 0.20 / 1e6), rel=1e-3)


def test_a_very_long_file_has_as_many_shards_as_its_run_will_have():
    assert big_files.shards(STACK, 2.0e12) == 59_605
    assert big_files.shards(STACK, 10e12) == 80_000
    assert big_files.shards(STACK, STACK.big_file_bytes) == 0


def test_children_that_are_express_are_priced_by_start_and_time(prices):
    express = replace(STACK, machine=replace(MACHINE, children="EXPRESS"))
    found = reckon.per_billion_rows(prices, MEASURE, express, rows_a_file=10e6, row_bytes=16)
    seconds = 10.0 + 160e6 / (76 * 2**20)
    by_hand = 100 * (6 * 25.00 / 1e6 + 10 * 1.00 / 1e6 + seconds * 64 / 1024 * 0.00001667)
    assert found["state machine"] == pytest.approx(by_hand)


def test_the_definition_says_how_many_steps_a_big_file_takes_and_how_its_children_run():
    assert read_deployed(ROOT / TEMPLATE).machine == MACHINE


def test_an_idle_month_by_hand(prices):
    found = reckon.per_idle_month(prices, MEASURE, STACK)
    assert found["alarms"] == pytest.approx(0.90)
    assert found["metrics of the search for lost files"] == pytest.approx(0.60)
    assert found["asking the empty queue"] == pytest.approx(648_000 * 0.40 / 1e6)


def test_half_a_processor_takes_twice_as_long(prices):
    slow = replace(STACK, predict_mb=1769 // 2)
    duration = [reckon.per_million_requests(prices, MEASURE, s)["predict"] - 0.20 for s in (STACK, slow)]
    assert duration[1] == pytest.approx(duration[0], rel=0.01)  # 4 ms of half the memory


def test_arm_is_cheaper_and_slower_code_dearer(prices):
    base = reckon.per_million_requests(prices, MEASURE, STACK)["predict"]
    assert reckon.per_million_requests(prices, MEASURE, replace(STACK, architecture="arm64"))["predict"] < base
    assert reckon.per_million_requests(prices, replace(MEASURE, predict_ms=30), STACK)["predict"] > base


def test_every_price_has_a_source_and_says_where_it_was_read_and_the_table_has_a_date(prices):
    tables = [value for value in prices.values() if isinstance(value, dict)]
    assert all(table["source"].startswith("https://aws.amazon.com/") and table["seen"] for table in tables)
    assert all(price in table for table in tables for price in table.get("unconfirmed", []))
    assert len(prices["date"].split("-")) == 3


def test_prices_that_nothing_confirms_are_named_in_a_footnote(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    assert main(["cost"]) == 0
    assert "confirms: sagemaker_serverless.gb_second," in capsys.readouterr().out
    sure = tmp_path / "sure.toml"
    sure.write_text("".join(li for li in PRICES.open() if not li.startswith("unconfirmed")))
    assert main(["cost", "--prices", str(sure)]) == 0
    assert "confirms" not in capsys.readouterr().out


def test_the_template_says_what_is_priced():
    found = read_deployed(ROOT / TEMPLATE)
    text = (ROOT / TEMPLATE).read_text()
    assert found.architecture == "x86_64"
    assert found.alarm_metrics >= text.count("Type: AWS::CloudWatch::Alarm")
    assert found.polled_queues == text.count("Type: SQS\n")


def test_the_command_adds_up_and_compares(cost):
    code, found = cost("--requests", "2", "--rows", "3")
    totals = found["totals"]
    fixed = totals["a month idle"] + totals["a month in use, on top"]
    assert code == 0
    assert found["month"] == pytest.approx(fixed + 2 * totals["a million requests"] + 3 * totals["a billion rows"])
    assert found["always_on_month"] == pytest.approx(730 * 0.115)
    assert found["sagemaker_serverless_million_requests"] > 0


def test_options_take_the_place_of_measurements(cost):
    assert cost("--ms", "50")[1]["totals"]["a million requests"] > cost()[1]["totals"]["a million requests"]
    assert cost("--rows-per-second", "1000")[1]["totals"]["a billion rows"] > cost()[1]["totals"]["a billion rows"]


def test_short_files_need_no_state_machine(cost):
    assert cost("--file-rows", "1")[1]["items"]["a billion rows"]["state machine"] == 0
    assert cost("--file-rows", "1", "--row-bytes", "100")[1]["items"]["a billion rows"]["state machine"] > 0


def test_a_table_of_ones_own_takes_the_place_of_ours(cost, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(PRICES.read_text().replace("million_requests = 1.00", "million_requests = 7.00"))
    assert cost("--prices", str(mine))[1]["items"]["a million requests"]["API Gateway"] == 7.0


def test_what_is_missing_is_named(cost, tmp_path):
    for option in ("--prices", "--measured", "--template"):
        code, found = cost(option, str(tmp_path / "nothing"))
        assert (code, found["code"]) == (1, "no_measurement")
        assert "nothing" in found["error"]


def test_the_measurements_in_the_repository_can_be_read():
    assert read_measured(ROOT / MEASURED).rows_per_second > 0


def test_people_see_the_date_of_the_prices_and_what_is_not_counted(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["cost"]) == 0
    text = capsys.readouterr().out
    assert "List prices of us-east-1" in text
    assert "Not counted" in text
