"""What AWS allows, each number with where it is said, and what the simulation assumes where nothing is said.

Quotas are defaults of a new-enough account in us-east-1. Pages were read as stored copies, not live: look there before
you rely on a figure.
"""

from __future__ import annotations

from dataclasses import dataclass

LAMBDA_SCALING = "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html"
LAMBDA_MEMORY = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"
LAMBDA_LIMITS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
STEPS = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
STEPS_ERRORS = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"
S3_RATES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"
S3_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html"
S3_OBJECTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingObjects.html"


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas. `lambda_concurrency`, `transitions` and `environments` can be raised on request; the others cannot."""

    lambda_concurrency: int = 1_000  # calls at a time, of all functions of an account: LAMBDA_LIMITS
    environments_burst: float = 1_000  # new execution environments of one function: LAMBDA_SCALING
    environments_a_second: float = 100  # "1,000 every 10 seconds", refilled continuously: LAMBDA_SCALING
    call_seconds: float = 900  # the longest timeout of a function: LAMBDA_LIMITS; ours stands in the template
    children: int = 10_000  # parallel child executions of one Map Run: STEPS
    transitions_burst: float = 5_000  # state transitions of Standard workflows, elsewhere 800: STEPS
    transitions_a_second: float = 5_000  # elsewhere 800: STEPS
    history_events: int = 25_000  # of one execution: STEPS
    state_bytes: int = 262_144  # of a state's output, the answers of all children together: STEPS
    s3_gets_a_second: float = 5_500  # for each prefix that S3 has partitioned: S3_RATES
    s3_puts_a_second: float = 3_500  # the same: S3_RATES
    object_bytes: int = 50 * 10**12  # one object: S3_OBJECTS; 5 TB until the end of 2025, as third parties tell
    processor_mb: float = 1_769  # the memory at which a function has one whole processor: LAMBDA_MEMORY


@dataclass(frozen=True, slots=True)
class Assumed:
    """What no page promises. The simulation prints them; tests and readers may set others."""

    request_seconds: float = 0.03  # median of a small S3 request; S3_RATES speaks of 0.1 to 0.2: another line
    request_spread: float = 0.5  # sigma of its logarithm
    transfer_mb_a_second: float = 75.0  # one connection; S3_GUIDE reckons with 85 to 90 on EC2
    work_spread: float = 0.1  # sigma of the logarithm of a call's processor time
    straggler_share: float = 0.01  # calls on a slow environment
    straggler_factor: float = 3.0
    killed_share: float = 0.001  # calls that end half done and come again
    start_seconds: float = 2.0  # of a new environment, billed
    invoke_seconds: float = 0.05  # from a child's start to its function's
    transitions_a_child: int = 2  # its start and its task; each retry is one more
    events_a_child: int = 6  # of its own history; each retry is four more
    seed: int = 20261123


@dataclass(frozen=True, slots=True)
class Retry:
    """A retrier of the state machine: the longest pause doubles, and jitter takes any part of it (FULL)."""

    attempts: int
    interval: float = 2.0
    most_seconds: float = 60.0

    def pause(self, tries: int, chance: float) -> float:
        """Seconds to wait after `tries` retries, for a chance in [0, 1)."""
        return chance * min(self.interval * 2.0 ** min(tries, 30), self.most_seconds)


S3_ATTEMPTS = 5  # of botocore's standard mode with max_attempts=4, which does not count the first
S3_LONGEST_PAUSE = 20.0  # the same mode: up to 1, 2, 4, 8 seconds and never more than this
