"""The example events, by name: the same files serve `sam local invoke -e`."""

import json
from pathlib import Path
from typing import Any


def load_event(name: str) -> dict[str, Any]:
    """A fresh copy of events/<name>.json."""
    event: dict[str, Any] = json.loads((Path(__file__).parent.parent / "events" / f"{name}.json").read_text())
    return event
