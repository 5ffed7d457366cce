"""How one dropped file is to be read and written: the settings, where they come from, and what is wrong with them.

A later source overrides an earlier one, name by name: the model package, `_scorelet.toml` in the file's own folder, the
object's metadata (`x-amz-meta-scorelet-<name>`).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from scorelet.errors import UnreadableFile

SETTINGS_FILE = "_scorelet.toml"
METADATA_PREFIX = "scorelet-"
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
FORMATS = ("csv", "jsonl", "parquet")
OUTPUTS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "parquet")


class BadSettings(UnreadableFile):
    """A setting of the file that does not exist or cannot be."""

    code = "bad_settings"
    remedy = f"Correct {SETTINGS_FILE} or the object's metadata and drop the file again (docs/batch-files.md)."


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Every setting has a default that reads a usual file. Names are those of the settings file.

    `format` and `delimiter` are found in the file where not given. Without `header`, `columns` names the columns in
    order. `keep` or `drop` choose what passes through; `id` is a column that names the row, in the reject file too.
    """

    format: str | None = None
    delimiter: str | None = None
    header: bool = True
    columns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    id: str | None = None
    output: str | None = None
    escape_formulas: bool = True

    @property
    def guards_csv(self) -> bool:
        """Whether the scored text will be opened as CSV, and is to be harmless there."""
        return self.escape_formulas and self.output in (None, "csv", "csv.gz")

    def changed(self) -> dict[str, Any]:
        """What differs from the defaults: it is part of the run's id."""
        default = asdict(FileSettings())
        return {name: value for name, value in asdict(self).items() if value != default[name]}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From plain values, as TOML, JSON or metadata has them; raises BadSettings that names the mistake."""
        unknown = sorted(values.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise BadSettings(f"there is no setting {', '.join(map(repr, unknown))}")
        settings = cls(**{name: _READERS[name](name, value) for name, value in values.items()})
        if settings.keep and settings.drop:
            raise BadSettings("the settings keep and drop exclude one another")
        if settings.header == bool(settings.columns):
            raise BadSettings("columns are for files without a header (header = false), and needed there")
        if len(set(settings.columns)) != len(settings.columns):
            raise BadSettings("columns names a column twice")
        return settings


def from_toml(body: bytes) -> dict[str, Any]:
    """The values of a settings file; raises BadSettings."""
    try:
        return tomllib.loads(body.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{SETTINGS_FILE} cannot be read: {error}") from error


def from_metadata(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The values among an object's metadata. `-` and `_` are the same there."""
    ours = {name.lower(): value for name, value in metadata.items() if name.lower().startswith(METADATA_PREFIX)}
    return {name.removeprefix(METADATA_PREFIX).replace("-", "_"): value for name, value in ours.items()}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadSettings(f"{name} must be a text, not {value!r}")
    return value


def _one_of(options: tuple[str, ...]) -> Callable[[str, object], str]:
    def read(name: str, value: object) -> str:
        if value not in options:
            raise BadSettings(f"{name} is {value!r}, not one of {', '.join(options)}")
        return str(value)

    return read


def _delimiter(name: str, value: object) -> str:
    found = DELIMITERS.get(str(value), value)
    if found not in DELIMITERS.values():
        raise BadSettings(f"{name} is {value!r}, not one of {', '.join(DELIMITERS)}")
    return str(found)


def _flag(name: str, value: object) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise BadSettings(f"{name} is {value!r}, not true or false")


def _names(name: str, value: object) -> tuple[str, ...]:
    """A list, or in metadata a text: a JSON list or names between commas."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith("[") else [part.strip() for part in value.split(",")]
        except ValueError as error:
            raise BadSettings(f"{name} is not a list: {value!r}") from error
    if not isinstance(value, list | tuple) or not value or not all(isinstance(part, str) and part for part in value):
        raise BadSettings(f"{name} must be a list of column names, not {value!r}")
    return tuple(value)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "format": _one_of(FORMATS),
    "delimiter": _delimiter,
    "header": _flag,
    "columns": _names,
    "keep": _names,
    "drop": _names,
    "id": _text,
    "output": _one_of(OUTPUTS),
    "escape_formulas": _flag,
}
