"""One small stack for the tests of the whole plane."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.plane.stack import LocalStack

TOY = Path(__file__).parent / "toy" / "template.yaml"


@pytest.fixture
def stack() -> Iterator[LocalStack]:
    with LocalStack(TOY, stack_name="toy") as one:
        yield one
