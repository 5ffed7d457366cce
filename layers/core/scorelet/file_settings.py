"""How one dropped file is to be read and written: the settings, where they come from, and what is wrong with them.

A later source overrides an earlier one, name by name: the model package, `_scorelet.toml` in the file's own folder, the
object's metadata (`x-amz-meta-scorelet-<name>`). An empty value is the default, so it takes back what an earlier source
says. The settings themselves are told in docs/batch-files.md.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from scorelet.errors import UnreadableFile

PACKAGE, SETTINGS_FILE, METADATA = "the model package", "_scorelet.toml", "the object's metadata"
MOST_SETTINGS_BYTES = 64 << 10
METADATA_PREFIX = "scorelet-"
_EMPTY: tuple[Any, ...] = ("", [], (), None)
NONE = "none"  # an empty value as metadata: clients and stores may lose one that is really empty
WRITER = "scorelet-writer"  # what the store notes beside objects that it writes
VERSION = "scorelet-version"  # which version of the model an object asks for: see comparison.py
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
FORMATS = ("csv", "jsonl", "parquet")
OUTPUTS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "parquet")


class BadSettings(UnreadableFile):
    """A setting of the file that does not exist or cannot be."""

    code = "bad_settings"
    remedy = f"Correct {SETTINGS_FILE} or the metadata and drop the file again: docs/batch-files.md has all settings."


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
        changed = {name: value for name, value in asdict(self).items() if value != default[name]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in changed.items()}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From plain values, as TOML, JSON or metadata has them; raises BadSettings that names the mistake."""
        settings = cls(**read_values(values))
        if settings.header == bool(settings.columns):
            raise BadSettings("columns are for files without a header (header = false), and needed there")
        return settings

    @classmethod
    def settled(cls, sources: Sequence[tuple[str, Mapping[str, Any]]]) -> Self:
        """From named sources, each over those before it; raises BadSettings that names setting and source.

        `keep` takes the place of an earlier `drop` and the other way round; `header = true` takes `columns` back.
        """
        found: dict[str, Any] = {}
        for where, given in sources:
            try:
                values = read_values(given)
            except BadSettings as error:
                raise BadSettings(f"{error} (in {where})") from None
            found = {name: value for name, value in found.items() if name not in _replaced_by(values)} | values
        try:
            return cls.read(found)
        except BadSettings as error:
            raise BadSettings(f"{error} (in {' and '.join(where for where, given in sources if given)})") from None


def read_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """What one source says, as FileSettings holds it; raises BadSettings that names the mistake.

    >>> read_values({"id": "", "keep": [], "header": "", "output": "jsonl"})
    {'id': None, 'keep': (), 'header': True, 'output': 'jsonl'}
    """
    unknown = sorted(values.keys() - _READERS.keys())
    if unknown:
        raise BadSettings(f"there is no setting {', '.join(map(repr, unknown))}; there are {', '.join(_READERS)}")
    default = asdict(FileSettings())
    found = {n: default[n] if value in _EMPTY else _READERS[n](n, value) for n, value in values.items()}
    if found.get("keep") and found.get("drop"):
        raise BadSettings("keep and drop exclude one another")
    return found


def everything(settings: Mapping[str, Any]) -> dict[str, Any]:
    """These settings, and every other one taken back: with them a file is read in one way, whatever was said before."""
    return {**dict.fromkeys(_READERS, ""), **settings}


def _replaced_by(values: Mapping[str, Any]) -> set[str]:
    """Settings of earlier sources that these contradict."""
    contradicted = {"keep": "drop", "drop": "keep", "header": "columns"}
    return {contradicted[name] for name, value in values.items() if value and name in contradicted}


def from_toml(body: bytes) -> dict[str, Any]:
    """The values of a settings file; raises BadSettings."""
    try:
        return tomllib.loads(body.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSettings(f"{SETTINGS_FILE} cannot be read: {error}") from error


def from_metadata(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The values among an object's metadata; raises BadSettings.

    In names `-` and `_` are the same. What begins with `[` or a quote is JSON, which spells every letter in ASCII; the
    bare word `none` is an empty value.
    """
    ours = {name.lower(): value for name, value in metadata.items() if name.lower().startswith(METADATA_PREFIX)}
    return {
        name.removeprefix(METADATA_PREFIX).replace("-", "_"): _from_text(value)
        for name, value in ours.items()
        if name not in (WRITER, VERSION)
    }


def _from_text(value: str) -> Any:
    if value[:1] not in ("[", '"'):
        return "" if value == NONE else value
    try:
        found = json.loads(value)
        json.dumps(found, ensure_ascii=False).encode()  # JSON can spell half a character, which no file has
    except (ValueError, RecursionError) as error:
        raise BadSettings(f"{METADATA} holds {value!r}, which is no JSON") from error
    return found


def to_metadata(values: Mapping[str, Any]) -> dict[str, str]:
    """What `read_values` gave as metadata, which is ASCII: `from_metadata` reads it back."""

    names = {delimiter: name for name, delimiter in DELIMITERS.items()}

    def text(value: Any) -> str:
        if value in _EMPTY:
            return NONE
        plain = isinstance(value, str) and value.isascii() and value.isprintable() and value == value.strip()
        return value if plain and value[0] not in '["' and value != NONE else json.dumps(value)

    return {
        METADATA_PREFIX + name.replace("_", "-"): text(names.get(value, value) if name == "delimiter" else value)
        for name, value in values.items()
    }


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
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
    if value is True or value == "true":
        return True
    if value is False or value == "false":
        return False
    raise BadSettings(f"{name} is {value!r}, not true or false")


def _names(name: str, value: object) -> tuple[str, ...]:
    """A list, or a text of names between commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) and part for part in value):
        raise BadSettings(f"{name} must be a list of column names, not {value!r}")
    if len(set(value)) != len(value):
        raise BadSettings(f"{name} names a column twice")
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
