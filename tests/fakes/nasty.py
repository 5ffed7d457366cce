"""Files as filthy as they come, by seed, and what must become of every row of them, worked out plainly."""

import csv
import random
import re
from dataclasses import dataclass

from scorelet.features import CellState, columns_from_records, encode
from scorelet.signature import Feature, Signature

from tests.fakes.slow_csv import SlowRecord, slow_records

NUMBERS = ["0", "1", "-5.10", "7.", ".5", "+3", " 12 ", "1e2", "-0", "0.1", "100", "33.333333333333336", "1E-7", "\t4"]
ODD = [
    *("nan", "NaN", "-inf", "Infinity", "1e400", "-1e999", "9" * 400, "1_000", "0x10", "1,5", "١٢", "+-1", "1e", "--1"),
    *(
        "1 2",
        "one",
        "",
        " ",
        "131",
        "1001",
        "0.5",
        "true",
        "\u00a01",
        "1\u2009",
        "1e-400",
        "\uff11",
        "nan(1)",
        "2\0",
        "1_e",
    ),
]
BOOLS = ["true", "FALSE", "1", "0", " True ", "false"]
TEXT = ["x", "", "a,b", 'say "hi"', "two\nlines", "crlf\r\nin quotes", "é", "=1+1", " spaced ", "5.10", "日本", "\0"]
BROKEN = ['"', 'a"b', '"x"y', '"open', "\r", "a\rb"]
INVALID = b"\xff\xfe"


def nasty_file(seed: int, signature: Signature, rows: int, bad: float) -> bytes:
    """A file of about `rows` rows, a share `bad` of them wrong in some way, some of those structurally."""
    chance = random.Random(seed)
    names = [*signature.names, *chance.sample(["id", "note", 'odd "name"', "two\nlines"], chance.randrange(4))]
    chance.shuffle(names)
    end = chance.choice(["\n", "\r\n"])
    out = [b"\xef\xbb\xbf" if chance.random() < 0.2 else b"", (",".join(map(_quoted, names)) + end).encode()]
    features = {feature.name: feature for feature in signature.features}
    for _ in range(rows):
        cells = [_cell(chance, features.get(name)) for name in names]
        broken = chance.random() < bad
        line = _broken(chance, cells, features, names) if broken else ",".join(cells).encode()
        out.append(line + (chance.choice([b"\n", b"\r\n"]) if chance.random() < 0.1 else end.encode()))
    text = b"".join(out)
    return text.rstrip(b"\r\n") if chance.random() < 0.3 else text


def _cell(chance: random.Random, feature: Feature | None) -> str:
    if feature is None:
        return _quoted(chance.choice(TEXT), chance.random() < 0.2)
    if feature.type == "category":
        return _quoted(chance.choice(feature.categories), chance.random() < 0.2)
    good = BOOLS if feature.type == "bool" else NUMBERS if feature.type == "float" else ["7", " 33", "4.0", "1e1", "0"]
    return _quoted(chance.choice(good), chance.random() < 0.1)


def _broken(chance: random.Random, cells: list[str], features: dict[str, Feature], names: list[str]) -> bytes:
    kind, place = chance.random(), chance.randrange(len(cells))
    if kind < 0.4:
        place = names.index(chance.choice(list(features)))
        cells[place] = _quoted(chance.choice(ODD))
    elif kind < 0.5:
        return b""
    elif kind < 0.6:
        cells = cells[: chance.randrange(len(cells))]
    elif kind < 0.7:
        cells += ["more"] * chance.randrange(1, 4)
    elif kind < 0.8:
        return ",".join([*cells[:place], "\udcff", *cells[place + 1 :]]).encode("utf-8", "surrogateescape") + INVALID
    else:
        cells[place] = chance.choice(BROKEN)
    return ",".join(cells).encode()


def _quoted(text: str, always: bool = False) -> str:
    needs = always or any(c in text for c in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if needs else text


@dataclass(frozen=True)
class Fate:
    """What must become of a row: code "ok" or that of its reject, and its values as JSON would carry them."""

    record: SlowRecord
    code: str
    values: dict[str, object]


def fates(data: bytes, signature: Signature, longest: int) -> tuple[bytes, list[Fate]]:
    """The header as it came, and the fate of every row, through the JSON front end."""
    skipped = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    header, *rows = slow_records(data[skipped:], longest)
    names = next(csv.reader([header.raw.decode()], strict=True))
    return header.raw, [_fate(row, names, signature, skipped) for row in rows]


def _fate(row: SlowRecord, names: list[str], signature: Signature, skipped: int) -> Fate:
    row = SlowRecord(row.byte + skipped, row.line, row.raw, row.fault, row.columns)
    if row.fault != "none":
        return Fate(row, row.fault, {})
    if row.columns != len(names):
        return Fate(row, "too_few_columns" if row.columns < len(names) else "too_many_columns", {})
    cells = dict(zip(names, _fields(row.raw), strict=True))
    values = {feature.name: as_json(feature, cells[feature.name]) for feature in signature.features}
    states = encode(signature, columns_from_records(signature, [values])).states[0]
    first = next((state for state in states if state), CellState.OK)
    return Fate(row, CellState(int(first)).code, values)


def _fields(raw: bytes) -> list[str]:
    return [
        m[1].replace('""', '"') if m[1] is not None else m[2]
        for m in re.finditer(r'(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))', raw.decode())
    ]


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
