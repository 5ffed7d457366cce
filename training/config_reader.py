"""Reading one section of a config: typed values or defaults, with every mistake noted instead of raised."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from scorelet.errors import ContractError
from scorelet.signature import Feature

_FEATURE_KEYS = {"name", "type", "nullable", "range", "categories", "imputation"}


class Section:
    """A table of the config. A bad value is noted in `mistakes`, and the default stands in for it."""

    def __init__(self, values: Mapping[str, Any], name: str, mistakes: list[str]) -> None:
        self._values = values
        self._name = name
        self._mistakes = mistakes
        self._asked: set[str] = set()

    def mistake(self, words: str, key: str = "") -> None:
        """Note what is wrong, with the place of it."""
        place = ".".join(part for part in (self._name, key) if part)
        self._mistakes.append(f"{place}: {words}" if place else words)

    def _take(self, key: str) -> Any:
        self._asked.add(key)
        return self._values.get(key)

    def refuse_unknown(self) -> None:
        """Note every setting that nobody asked for: a typo must not be ignored."""
        for key in self._values.keys() - self._asked:
            self.mistake(f"unknown setting; known are {', '.join(sorted(self._asked))}", key)

    def all(self) -> Mapping[str, Any]:
        """Everything in it, for a reader of its own."""
        return self._values

    def section(self, key: str, *, required: bool = False) -> Section:
        """The section [key], empty when absent."""
        value = self._take(key)
        if value is None and required:
            self.mistake(f"the section [{key}] is missing")
        if value is not None and not isinstance(value, Mapping):
            self.mistake(f"must be a section [{key}]", key)
        return Section(value if isinstance(value, Mapping) else {}, key, self._mistakes)

    def text(self, key: str, default: str | None = None, pattern: str | None = None) -> str:
        """A text; required unless there is a default."""
        value = self._take(key)
        if value is None:
            if default is None:
                self.mistake("is missing", key)
            return default or ""
        if not isinstance(value, str) or not value or (pattern and not re.fullmatch(pattern, value)):
            self.mistake(f"must be a text{f' like {pattern}' if pattern else ''}, not {value!r}", key)
            return default or ""
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> Any:
        """One of `choices`."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if value not in choices:
            self.mistake(f"must be one of {', '.join(choices)}, not {value!r}", key)
            return default or choices[0]
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty when absent."""
        value = self._take(key) or []
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.mistake("must be a list of texts", key)
            return ()
        return tuple(value)

    def number(
        self,
        key: str,
        default: float,
        *,
        least: float | None = None,
        above: float | None = None,
        below: float | None = None,
    ) -> float:
        """A number within the limits."""
        value = self._take(key)
        if value is None:
            return default
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not _lies_within(float(value), least, above, below):
            words = [("at least", least), ("above", above), ("below", below)]
            bounds = " and ".join(f"{word} {limit:g}" for word, limit in words if limit is not None)
            self.mistake(f"must be a number {bounds}, not {value!r}", key)
            return default
        return float(value)

    def whole(self, key: str, default: int, *, least: int) -> int:
        """A whole number from `least`."""
        value = self._take(key)
        if value is None:
            return default
        if not _is_whole(value, least):
            self.mistake(f"must be a whole number from {least}, not {value!r}", key)
            return default
        return int(value)

    def whole_numbers(self, key: str, default: tuple[int, ...], *, least: int) -> tuple[int, ...]:
        """A list of whole numbers from `least`; it may be empty."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, list) or not all(_is_whole(item, least) for item in value):
            self.mistake(f"must be a list of whole numbers from {least}, not {value!r}", key)
            return default
        return tuple(value)

    def features(self, key: str) -> tuple[Feature, ...]:
        """The [[features]] in their order; empty when absent."""
        entries = self._take(key) or []
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
            self.mistake("must be sections [[features]]", key)
            return ()
        return tuple(feature for entry in entries if (feature := self._feature(entry)))

    def _feature(self, entry: Mapping[str, Any]) -> Feature | None:
        unknown = sorted(entry.keys() - _FEATURE_KEYS)
        if unknown:
            self.mistake(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(_FEATURE_KEYS))}", "features")
        try:
            return Feature.from_json(entry)
        except ContractError as error:
            self.mistake(str(error), "features")
            return None


def _lies_within(value: float, least: float | None, above: float | None, below: float | None) -> bool:
    return (
        math.isfinite(value)
        and (least is None or value >= least)
        and (above is None or value > above)
        and (below is None or value < below)
    )


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
