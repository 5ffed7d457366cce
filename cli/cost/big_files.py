"""What a file costs that is scored in shards by the state machine: its calls, its requests, its transitions.

The counts follow statemachines/batch.asl.yaml and docs/big-files.md; no retries, and as many ranges as shards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from scorelet.big_start import shard_bytes_of
from scorelet.big_status import UPDATES

from cli.cost.inputs import Deployed
from cli.cost.lambda_call import call

SCAN_BYTES_PER_SECOND = 76 * 2**20  # of the step `measure`: the slower kind of file in docs/big-files.md
STEP_MS = 200  # starting the run, cutting and finishing: each reads some lists and writes one
OWN_CALLS = 3
CHILD_START = 1  # a child of a Distributed Map is an execution; its start is counted like a step, to be safe
EXPRESS_GB = 64 / 1024  # the least that is billed
FILE_WRITES, SHARD_WRITES = 7, 4  # job, ranges, shards, manifest, status thrice; measure, part, rejects, result
FILE_READS, SHARD_READS = 20, 11  # lists and the package; what is done already, the header, the bytes, all results
TOLD_WRITES, TOLD_READS = 2, 1  # each time that a step's call adds up and tells of it: a listing and the status


def shards(deployed: Deployed, file_bytes: float) -> int:
    """Shards of a file; 0 where it is scored in one piece."""
    if file_bytes <= deployed.big_file_bytes:
        return 0
    return math.ceil(file_bytes / shard_bytes_of(math.ceil(file_bytes), deployed.shard_bytes))


def lambda_dollars(prices: Mapping[str, Any], deployed: Deployed, file_bytes: float, score_ms: float) -> float:
    """All calls of batch for one file; `score_ms` is what its rows take in one piece."""
    number = shards(deployed, file_bytes)
    scan_ms = file_bytes / SCAN_BYTES_PER_SECOND * 1000
    own = OWN_CALLS * call(prices, STEP_MS, deployed.batch_mb, deployed.architecture)
    each = (call(prices, ms / number, deployed.batch_mb, deployed.architecture) for ms in (score_ms, scan_ms))
    return own + number * sum(each)


def request_dollars(prices: Mapping[str, Any], deployed: Deployed, file_bytes: float) -> float:
    """S3's requests for one file."""
    number, s3 = shards(deployed, file_bytes), prices["s3"]
    told = 2 * min(number, UPDATES)
    writes = FILE_WRITES + number * SHARD_WRITES + told * TOLD_WRITES
    reads = FILE_READS + number * SHARD_READS + told * TOLD_READS
    return float(writes * s3["million_writes"] + reads * s3["million_reads"]) / 1e6


def machine_dollars(prices: Mapping[str, Any], deployed: Deployed, file_bytes: float, score_ms: float) -> float:
    """The state machine's own price for one file; its children are STANDARD or EXPRESS, as the definition says."""
    price, machine = prices["step_functions"], deployed.machine
    children = shards(deployed, file_bytes) * machine.maps
    if machine.children == "EXPRESS":
        seconds = score_ms / 1000 + file_bytes / SCAN_BYTES_PER_SECOND
        started = machine.states * price["million_transitions"] + children * price["million_express"]
        return float(started / 1e6 + seconds * EXPRESS_GB * price["express_gb_second"])
    transitions = machine.states + children * (machine.child_states + CHILD_START)
    return float(transitions * price["million_transitions"]) / 1e6
