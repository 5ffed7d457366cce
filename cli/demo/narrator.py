"""How the story is printed: numbered steps, plain sentences, indented evidence."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cli.report import table


class Narrator:
    """Prints the story and keeps the figures for the table at its end."""

    def __init__(self) -> None:
        self._steps = 0
        self._started = time.monotonic()
        self._figures: list[tuple[str, str]] = []

    def step(self, title: str) -> None:
        """Open the next chapter."""
        self._steps += 1
        print(f"\n\033[1m{self._steps}. {title}\033[0m" if _colours() else f"\n{self._steps}. {title}", flush=True)

    def say(self, sentence: str) -> None:
        """One plain sentence."""
        print(f"   {sentence}", flush=True)

    def show(self, text: str) -> None:
        """Evidence, as the program gave it."""
        print("\n".join(f"     | {line}" for line in text.splitlines()), flush=True)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Evidence in columns."""
        self.show(table(head, rows))

    def figure(self, name: str, value: str) -> None:
        """A result that belongs in the table at the end."""
        self._figures.append((name, value))

    def end(self, paths: Sequence[tuple[str, object]]) -> None:
        """The closing table and where everything lies."""
        self.step(f"Done in {time.monotonic() - self._started:.0f} seconds")
        self.table(("what", "result"), self._figures)
        self.say("What it made:")
        self.table(("file", "path"), paths)


def _colours() -> bool:
    import os
    import sys

    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
