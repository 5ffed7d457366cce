"""What files of 1 GB to 10 TB take and cost on up to 10,000 children, simulated: `make bench-scale`.

    python -m bench.scale [--kind numbers] [--package FOLDER]

It first measures, on this machine, what measuring, cutting, scoring and finishing cost; then plays whole runs through
as discrete events under AWS' limits (bench/scale_limits.py has their sources); then says which limit comes first.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from scorelet.big_start import shard_bytes_of

from bench.bigfile import KINDS, MIB
from bench.deployed import Deployed, read_deployed
from bench.scale_limits import Assumed, Limits, Retry
from bench.scale_map import Setup
from bench.scale_rates import MB, Rates, measure_rates
from bench.scale_run import Outcome, Plan, bill, simulate, with_concurrency
from bench.scale_walls import LONGEST, limits_of, walls
from cli.cost.inputs import read_prices
from cli.report import table

GB, TB = 10**9, 10**12
SIZES = {"1 GB": GB, "100 GB": 100 * GB, "1 TB": TB, "10 TB": 10 * TB}
THROTTLED = Retry(1000)  # statemachines/batch.asl.yaml, for Lambda.TooManyRequestsException
BEFORE = Retry(6)  # what it would be without
NEAR = 0.5  # a limit used by half is told


def main() -> None:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kind", choices=sorted(KINDS), default="numbers", help="which file of bench.bigfile")
    parser.add_argument("--package", type=Path, help="an iris package; without it, the example is trained")
    args = parser.parse_args()
    deployed = read_deployed()
    rates = measure_rates(args.kind, args.package or _example(), deployed.shard_bytes)
    print_inputs(args.kind, rates, deployed)
    print("\nTime and money, by the size of the file\n")
    print_runs(by_size(rates, deployed), rates, deployed)
    terabyte = plan_of(TB, deployed)
    print("\n1 TB, one thing changed at a time\n")
    outcomes = dict(print_runs(list(what_ifs(terabyte, deployed).items()), rates, deployed))
    for name in (f"as deployed, {deployed.map_concurrency} children", "10,000 children"):
        print(f"\nLimits of 1 TB, {name}: all that are used by a tenth or more\n")
        print_limits(outcomes[name], rates)
    print("\nThe size of file at which each limit is met that grows with it\n")
    print_walls(terabyte, rates, deployed)


def _example() -> Path:
    from systemtests.stage import iris_package

    return iris_package()


def plan_of(size: int, deployed: Deployed) -> Plan:
    """A file, run as the template deploys it: shards are longer where there would be too many."""
    setup = Setup(deployed.map_concurrency, timeout_seconds=deployed.timeout_seconds, on_throttle=THROTTLED)
    return Plan(size, shard_bytes_of(size, deployed.shard_bytes), deployed.memory_mb, setup)


def by_size(rates: Rates, deployed: Deployed) -> list[tuple[str, Plan]]:
    """Every size as deployed, then on most of a fresh account, then on all that a Map may have."""
    billion = {"a billion rows": round(1e9 / rates.rows_a_mb * MB)}
    plans = {name: plan_of(size, deployed) for name, size in (SIZES | billion).items()}
    wider = [(name, with_concurrency(plan, 900, 1_000)) for name, plan in plans.items() if plan.shards > 900]
    widest = [(name, with_concurrency(plan, 10_000, 12_000)) for name, plan in plans.items() if plan.shards > 10_000]
    return [*plans.items(), *wider, *widest]


def what_ifs(plan: Plan, deployed: Deployed) -> dict[str, Plan]:
    """1 TB: more children, longer shards, less memory, and accounts that do not allow what is asked."""
    many = with_concurrency(plan, 10_000, 12_000)
    fresh = with_concurrency(plan, 10_000, 1_000)
    elsewhere = replace(many.setup.limits, transitions_burst=800, transitions_a_second=800)
    return {
        f"as deployed, {deployed.map_concurrency} children": plan,
        "900 children": with_concurrency(plan, 900, 1_000),
        "3,000 children": with_concurrency(plan, 3_000, 4_000),
        "10,000 children": many,
        "10,000, shards of 64 MiB": replace(many, shard_bytes=deployed.most_shard_bytes),
        "10,000, 1,769 MB": replace(many, memory_mb=1769),
        "10,000, a region with 800 transitions/s": replace(many, setup=replace(many.setup, limits=elsewhere)),
        "10,000, bucket not yet partitioned": replace(many, setup=replace(many.setup, one_partition=True)),
        "10,000, S3 answers in 0.1 s": replace(many, setup=replace(many.setup, assumed=Assumed(request_seconds=0.1))),
        "10,000, account allows 1,000": fresh,
        "10,000, account allows 1,000, 6 retries": replace(fresh, setup=replace(fresh.setup, on_throttle=BEFORE)),
    }


def print_inputs(kind: str, rates: Rates, deployed: Deployed) -> None:
    """What was measured and what is assumed."""
    here = f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    print(f"Measured here ({here}) with a file of {kind}; seconds of one processor:\n")
    print(table(("what", "speed", "memory"), _measured(rates)))
    print(f"\nDeployed: {said(deployed)}\nAssumed: {said(Assumed())}\nAWS: {said(Limits())}")
    print("A processor of Lambda is taken to be as fast as one of this machine, and a call to use no more than one.")
    print("Not in the bill: storage, log lines, KMS, and the Lambda free tier.")


def _measured(rates: Rates) -> list[tuple[str, str, str]]:
    rows, score = rates.rows_a_mb, rates.score_seconds_a_mb
    return [
        ("measure", f"{1 / rates.measure_seconds_a_mb:,.0f} MB/s", f"{rates.measure_mib:.0f} MiB"),
        ("score", f"{1 / score:.1f} MB/s, {rows / score / 1e6:.2f} M rows/s", f"{rates.score_mib:.0f} MiB"),
        ("cut, for each shard", f"{rates.cut_seconds * 1000:.2f} ms", f"{rates.cut_kib:.1f} KiB"),
        ("finish, for each shard", f"{rates.finish_seconds * 1000:.2f} ms", f"{rates.finish_kib:.1f} KiB"),
        ("rows in a MB of the file", f"{rows:,.0f}", ""),
        ("bytes out for each byte in", f"{rates.written_share:.2f}", ""),
        ("manifest, for each shard", f"{rates.manifest_bytes:.0f} bytes", ""),
    ]


def said(numbers: Deployed | Assumed | Limits) -> str:
    """The fields, one after another.

    >>> said(Limits())[:25]
    'lambda_concurrency 1,000,'
    """
    found = asdict(numbers).items()
    return ", ".join(f"{n} {v}" if isinstance(v, str) or n == "seed" else f"{n} {v:,}" for n, v in found)


def print_runs(plans: Sequence[tuple[str, Plan]], rates: Rates, deployed: Deployed) -> list[tuple[str, Outcome]]:
    """One line a run."""
    prices, found = read_prices(), [(name, simulate(plan, rates)) for name, plan in plans]
    lines = [_line(name, one, bill(one, prices, deployed.architecture)) for name, one in found]
    head = ("file or way", "children", "shards", "M rows", "time", "GB-s", "calls", "steps", "S3 GET", "S3 PUT")
    print(table((*head, "503", "429", "Lambda", "Steps", "S3", "sum"), lines))
    for name, one in found:
        if one.failed:
            print(f"{name}, {one.plan.setup.concurrency:,} children: FAILS, {one.failed}")
    return found


def _line(name: str, found: Outcome, money: dict[str, float]) -> tuple[object, ...]:
    maps = (found.measured, found.scored)
    slowed, throttled = sum(f.slowed.total() for f in maps), sum(f.throttled for f in maps)
    counts = (found.gb_seconds, found.calls, found.transitions, found.requests("GET"), found.requests("PUT"))
    return (
        name,
        f"{found.plan.setup.concurrency:,}",
        f"{found.plan.shards:,}",
        f"{found.rows / 1e6:,.0f}",
        "fails" if found.failed else clock(found.seconds),
        *(f"{count:,.0f}" for count in (*counts, slowed, throttled)),
        *(f"${dollars:.2f}" for dollars in (*money.values(), sum(money.values()))),
    )


def clock(seconds: float) -> str:
    """12 s, 3 min 20 s, 5 h 12 min.

    >>> clock(200.4)
    '3 min 20 s'
    """
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.0f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def print_limits(found: Outcome, rates: Rates) -> None:
    """The limits that a run used by a tenth or more, the fullest first."""
    near = sorted(limits_of(found, rates), key=lambda one: -one.share)
    lines = [
        (n.name, f"{n.used:,.4g}" if n.used < 10 else f"{n.used:,.0f}", f"{n.limit:,.0f}", f"{n.share:.0%}", n.moved_by)
        for n in near
        if n.share >= 0.1
    ]
    print(table(("limit", "used", "of", "share", "what moves it"), lines))


def print_walls(plan: Plan, rates: Rates, deployed: Deployed) -> None:
    """The size of file at which each growing limit is met: shards of fixed length, and longer ones where needed."""
    ways = {
        "shards of 32 MiB": lambda _size: 32 * MIB,
        "shards of 64 MiB": lambda _size: 64 * MIB,
        "as deployed": lambda size: shard_bytes_of(size, deployed.shard_bytes),
    }
    found = [walls(plan, rates, shard_bytes) for shard_bytes in ways.values()]
    lines = [(name, *(_size(one[name]) for one in found)) for name in found[0]]
    print(table(("limit", *ways), lines))


def _size(size: float) -> str:
    return "none" if size >= LONGEST else f"{size / TB:.1f} TB"


if __name__ == "__main__":
    main()
