"""A filthy CSV file of any length, written as a stream, and the truth about each of its rows.

The rows are those of the tests' model with a wide text column: quoted line breaks, LF and CRLF, and bad rows of every
kind at known rates. Each begins with its number, so each can be found again; a blank line, which has none, is known by
its place, as all bad rows are.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HEADER = b"row,amount,age,member,colour,note\n"
GOOD = ""
BLOCK_ROWS = 50_000
BLANK = b"\n"
GIANT_BYTES = (1 << 20) + 5000
GIANT_EVERY_BLOCKS = 8
COLOURS = ("red", "light green")
WORDS = [
    "the",
    "of",
    "and",
    "in",
    "to",
    "was",
    "is",
    "for",
    "on",
    "as",
    "by",
    "with",
    "he",
    "at",
    "from",
    "his",
    "it",
    "an",
    "were",
]

# in thousandths of the rows; what is left is good. {} is 25 to 75 words
BAD = {
    "blank": (1, "too_few_columns", BLANK),
    "short": (1, "too_few_columns", b",5.10,33\n"),
    "long": (1, "too_many_columns", b",5.10,33,true,red,{},more\n"),
    "word": (2, "wrong_type", b",wide,33,true,red,{}\n"),
    "comma": (1, "wrong_type", b',"1,5",33,true,red,{}\r\n'),
    "colour": (2, "unknown_category", b",5.10,33,true,mauve,{}\n"),
    "nan": (1, "not_finite", b",nan,33,true,red,{}\n"),
    "far": (2, "out_of_range", b",5.10,333,true,red,{}\r\n"),
    "empty": (2, "null_value", b",,33,true,red,{}\n"),
    "stray": (1, "bad_quoting", b',5.10,33,true,red,a "word" {}\n'),
    "open": (1, "bad_quoting", b',5.10,33,true,red,"never closed {}\n'),
    "bytes": (1, "bad_encoding", b",5.10,33,true,red,{}\xff\xfe\n"),
    "return": (1, "bad_line_end", b",5.10,33,true,red,{}\rmore\n"),
}
GIANT = "too_long"


@dataclass(slots=True)
class Truth:
    """What was written. `bad` holds number and code of each bad row by its place; `line_of` its line."""

    seed: int
    rows: int = 0
    size: int = 0
    bad: dict[int, tuple[int, str]] = field(default_factory=dict)
    line_of: dict[int, int] = field(default_factory=dict)

    def by_code(self) -> dict[str, int]:
        """How many rows of each code."""
        return dict(sorted(Counter(code for _, code in self.bad.values()).items()))


@dataclass(frozen=True, slots=True)
class _Tail:
    """A row without its number."""

    code: str
    text: bytes
    lines: int
    numbered: bool


def write_filth(path: Path, size: int, seed: int, block_rows: int = BLOCK_ROWS) -> Truth:
    """Write at least `size` bytes, to the end of a block; the same for the same seed."""
    chance, truth = random.Random(seed), Truth(seed)
    tails, giant, last = _tails(chance, block_rows), _giant(chance), _good(chance, quoted=True)
    line, blocks = 2, 0
    with path.open("wb") as file:
        truth.size += file.write(HEADER)
        while truth.size < size:
            chance.shuffle(tails)
            giants = [giant] if blocks % GIANT_EVERY_BLOCKS == 0 else []
            texts = []
            # the last row closes what an open quote before it has begun
            for tail in (*giants, *tails, last):
                text = b"%d%b" % (truth.rows, tail.text) if tail.numbered else tail.text
                if tail.code:
                    truth.bad[truth.size] = truth.rows, tail.code
                    truth.line_of[truth.size] = line
                texts.append(text)
                truth.rows += 1
                truth.size += len(text)
                line += tail.lines
            file.writelines(texts)
            blocks += 1
    return truth


def _tails(chance: random.Random, rows: int) -> list[_Tail]:
    bad = [
        _tail(code, text.replace(b"{}", _words(chance)))
        for thousandths, code, text in BAD.values()
        for _ in range(rows * thousandths // 1000)
    ]
    return bad + [_good(chance, quoted=chance.random() < 0.3) for _ in range(rows - len(bad))]


def _good(chance: random.Random, *, quoted: bool) -> _Tail:
    note, end = _words(chance), chance.choice((b"\n", b"\r\n"))
    if quoted:
        note = b'"%b, ""%b""%b%b"' % (note, chance.choice(WORDS).encode(), end, _words(chance))
    values = chance.uniform(-999, 999), chance.randrange(131), chance.choice(("true", "0")), chance.choice(COLOURS)
    return _tail(GOOD, b",%.2f,%d," % values[:2] + ",".join(values[2:]).encode() + b"," + note + end)


def _giant(chance: random.Random) -> _Tail:
    return _tail(GIANT, b",5.10,33,true,red," + _words(chance).ljust(GIANT_BYTES, b"x") + b"\n")


def _tail(code: str, text: bytes) -> _Tail:
    return _Tail(code, text, text.count(b"\n"), numbered=text != BLANK)


def _words(chance: random.Random) -> bytes:
    return " ".join(chance.choices(WORDS, k=chance.randint(25, 75))).encode()
