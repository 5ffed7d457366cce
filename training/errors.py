"""Errors of training: each lists everything that is wrong at once, with the remedy."""

from __future__ import annotations

from collections.abc import Sequence

from scorelet.errors import ScoreletError


class ConfigError(ScoreletError):
    """A training config that cannot be used; `mistakes` lists all of them."""

    code = "bad_config"
    remedy = "Correct the named settings; training/configs/iris.toml is a complete example."

    def __init__(self, source: str, mistakes: Sequence[str]) -> None:
        super().__init__(f"{source}: " + "; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class TableError(ScoreletError):
    """A training table that does not fit the config."""

    code = "bad_training_table"
    remedy = "Correct or remove the rows, or describe the feature differently in the config."
