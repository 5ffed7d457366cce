"""What must become of every row of a file, worked out plainly from the rules of docs/csv.md and docs/batch-files.md."""

import re
from dataclasses import dataclass

from scorelet.features import CellState, columns_from_records, encode
from scorelet.file_settings import FileSettings
from scorelet.formulas import guarded
from scorelet.signature import Feature, Signature

from tests.fakes.slow_csv import SlowRecord, slow_records

UNREAD = ("bad_quoting", "bad_line_end", "bad_encoding", "too_long")


@dataclass(frozen=True)
class Fate:
    """What must become of a row: code "ok" or that of its reject, and its values as JSON would carry them.

    `passed` are the cells that stand before the answers if it is scored, `id` what the reject file calls it if not.
    """

    record: SlowRecord
    code: str
    values: dict[str, object]
    passed: list[str]
    id: str


@dataclass(frozen=True)
class Plain:
    """The rules with the settings of a file; `delimiter` is the one it has."""

    signature: Signature
    settings: FileSettings
    delimiter: str = ","

    def fates(self, data: bytes, longest: int) -> tuple[list[str], list[Fate]]:
        """The header's cells as they must be written before our names, and the fate of every row."""
        skipped = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        records = slow_records(data[skipped:], longest, self.delimiter)
        if self.settings.header:
            cells, rows = raw_cells(records[0].raw.decode(), self.delimiter), records[1:]
        else:
            cells, rows = [self._written(name) for name in self.settings.columns], records
        names = [bare(cell) for cell in cells]
        everything = not (self.settings.keep or self.settings.drop)
        head = cells if everything else [self._written(name) for name in names]
        return self._passed(head, names), [self._fate(row, names, skipped) for row in rows]

    def _fate(self, row: SlowRecord, names: list[str], skipped: int) -> Fate:
        row = SlowRecord(row.byte + skipped, row.line, row.raw, row.fault, row.columns)
        if row.fault != "none":
            return Fate(row, row.fault, {}, [], "")
        cells = raw_cells(row.raw.decode(), self.delimiter)
        place = names.index(self.settings.id) if self.settings.id else len(cells)
        id_ = bare(cells[place]) if place < len(cells) else ""
        if len(cells) != len(names):
            return Fate(row, "too_few_columns" if len(cells) < len(names) else "too_many_columns", {}, [], id_)
        found = dict(zip(names, map(bare, cells), strict=True))
        values = {feature.name: as_json(feature, found[feature.name]) for feature in self.signature.features}
        states = encode(self.signature, columns_from_records(self.signature, [values])).states[0]
        first = next((state for state in states if state), CellState.OK)
        return Fate(row, CellState(int(first)).code, values, self._passed(cells, names), id_)

    def _passed(self, cells: list[str], names: list[str]) -> list[str]:
        settings = self.settings
        out = []
        for cell, name in zip(cells, names, strict=True):
            chosen = name in settings.keep if settings.keep else name not in settings.drop
            if chosen or name == settings.id:
                out.append(guarded_cell(cell) if settings.escape_formulas else cell)
        return out

    def _written(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"' if set(name) & {self.delimiter, '"', "\r", "\n"} else name


def raw_cells(line: str, delimiter: str) -> list[str]:
    """The cells of a sound record with the quotes they came in."""
    cells, inside = [""], False
    for character in line:
        inside ^= character == '"'
        if character == delimiter and not inside:
            cells.append("")
        else:
            cells[-1] += character
    return cells


def bare(cell: str) -> str:
    """The text of a cell."""
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def guarded_cell(cell: str) -> str:
    """The cell as it came, with an apostrophe before its text where that is a formula."""
    quote = '"' if cell.startswith('"') else ""
    return quote + "'" + cell[len(quote) :] if guarded(bare(cell)) != bare(cell) else cell


_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WORDS = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def as_json(feature: Feature, text: str) -> object:
    """The value that docs/csv.md says a text stands for; a text that stands for none stays text."""
    if feature.type == "category":
        return text or None
    text = text.strip(" \t\n\v\f\r")
    if not text:
        return None
    if feature.type == "bool":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) or _WORDS.fullmatch(text) else text
