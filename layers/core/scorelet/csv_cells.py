"""SQL for the texts of cells: what value a text stands for and in which state it is. The grammar is docs/csv.md."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from scorelet.csv_scan import MAX_RECORD_BYTES
from scorelet.features import CellState
from scorelet.signature import Feature

_SPACES = r"' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"


def sql_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Cell:
    """SQL for a feature's value and state; the same verdicts as `features.columns_from_records`."""

    feature: Feature
    column: str
    doubtful: bool

    def value(self) -> str:
        """A DOUBLE; NULL where the text is none."""
        if self.feature.type == "category":
            return _category(self.feature, self.column)
        return _bool(self.column) if self.feature.type == "bool" else _number(self.column, self.doubtful)

    def state(self) -> str:
        """A UTINYINT of CellState."""
        value, category = self.value(), self.feature.type == "category"
        text = f"coalesce({self.column}, '')"
        blank = f"{text} = ''" if category else f"trim({text}, {_SPACES}) = ''"
        wrong = CellState.UNKNOWN_CATEGORY if category else CellState.WRONG_TYPE
        trimmed = f"trim({self.column}, {_SPACES})"
        whole = f"regexp_full_match({trimmed}, '[+-]?[0-9]+')"
        spelled = f"regexp_full_match({trimmed}, '(?i)[+-]?(nan|inf|infinity|[.0-9].*)')"  # DuckDB reads nan(1) too
        return (
            f"(CASE WHEN {value} IS NULL THEN CASE WHEN {blank} THEN {CellState.NULL:d} ELSE {wrong:d} END "
            f"WHEN isfinite({value}) THEN {CellState.OK:d} "
            f"WHEN {whole} THEN {CellState.OUT_OF_RANGE:d} WHEN {spelled} THEN {CellState.NOT_FINITE:d} "
            f"ELSE {wrong:d} END)::UTINYINT"
        )


def _number(column: str, doubtful: bool) -> str:
    """DuckDB's cast reads our grammar, and digits parted by `_` and a minus after a plus besides."""
    if not doubtful:
        return f"try_cast({column} AS DOUBLE)"
    return (
        f"CASE WHEN contains({column}, '_') OR contains({column}, '+-') THEN NULL ELSE try_cast({column} AS DOUBLE) END"
    )


def _bool(column: str) -> str:
    """The four plain spellings first: trimming costs more than all the rest."""
    trimmed = f"lower(trim({column}, {_SPACES}))"
    rest = f"CASE {trimmed} WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 WHEN '1' THEN 1.0 WHEN '0' THEN 0.0 END"
    plain = "WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 WHEN '1' THEN 1.0 WHEN '0' THEN 0.0"
    return f"(CASE {column} {plain} ELSE {rest} END)::DOUBLE"


def _category(feature: Feature, column: str) -> str:
    return f"enum_code(try_cast({column} AS ENUM({', '.join(map(sql_text, feature.categories))})))::DOUBLE"


def csv_field(text: str, delimiter: str = ",") -> str:
    """A value as RFC 4180 writes it."""
    return '"' + text.replace('"', '""') + '"' if set(text) & {delimiter, '"', "\r", "\n"} else text


def split_record(raw: bytes, delimiter: str = ",") -> list[str]:
    """The cells of a sound record, without their quotes."""
    csv.field_size_limit(2 * MAX_RECORD_BYTES)  # the module's own limit of 131,072 is below ours
    return next(csv.reader([raw.decode()], delimiter=delimiter, strict=True), [])
