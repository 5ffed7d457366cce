"""Values of plain cells straight from the bytes, a column at a time: no text is ever made, and no row is touched alone.

Plain is what nearly every cell is: a number of up to 16 characters without exponent, one of the usual spellings of true
and false, one of the model's categories, or nothing; in quotes or not. What is not plain is told, and read by DuckDB.

Eight characters are one machine word, so a column of words is worked on with a few dozen whole-column operations
("SIMD within a register"). A number's digits make a whole number below 2^53, divided once by a power of ten that is a
float64 too: that is the float64 nearest to the decimal, the one that every correct reader gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelet.features import CellState
from scorelet.signature import Feature
from scorelet.texts import SHORT, Bytes, Positions, Texts, weave

Words = NDArray[np.uint64]
Bools = NDArray[np.bool_]

BLOCK: Final = 1 << 15  # cells at a time: intermediate columns stay in the processor's cache
MOST_CATEGORIES: Final = 64
QUOTE, MINUS = ord('"'), ord("-")


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _every(byte: int) -> np.uint64:
    return _word(bytes([byte]) * 8)


_ZEROS, _POINTS, _LOW7, _SIXES, _HIGH4 = map(_every, (0x30, 0x2E, 0x7F, 0x06, 0xF0))
_LAST = np.array([0, *((2**64 - 1) << 8 * (8 - n) & (2**64 - 1) for n in range(1, 9))], dtype=np.uint64)
_FIRST = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)
_POWERS = 10.0 ** np.arange(SHORT + 1)
_BOOLS = {b"true": 1.0, b"false": 0.0, b"1": 1.0, b"0": 0.0, b"True": 1.0, b"False": 0.0, b"TRUE": 1.0, b"FALSE": 0.0}


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of n records: cell i is `data[start[i]:end[i]]`. 16 bytes or more lie before and after every cell."""

    data: Bytes
    start: Positions
    end: Positions

    def part(self, rows: slice | Positions | Bools) -> Cells:
        return Cells(self.data, self.start[rows], self.end[rows])

    def unquoted(self) -> Cells:
        """Without the quotes around quoted cells; quotes inside stay doubled."""
        quoted = self.data[self.start] == QUOTE
        return Cells(self.data, self.start + quoted, self.end - quoted) if quoted.any() else self

    def words(self, place: Positions) -> Words:
        """The eight bytes from each place on."""
        view: Words = np.ndarray(shape=(len(self.data) - 7,), dtype="<u8", buffer=self.data, strides=(1,))
        return view[place]

    def begin_with(self, text: bytes) -> Bools:
        """Which cells begin with a text, which may reach over a cell's end but not into the room behind the last."""
        found = np.ones(len(self.start), dtype=np.bool_)
        for at in range(0, len(text), 8):
            piece = text[at : at + 8]
            place = np.minimum(self.start + at, len(self.data) - 8)
            found &= self.words(place) & _FIRST[len(piece)] == _word(piece)
        return found

    def joined(self) -> bytes:
        """One after the other, commas between."""
        commas = Texts.chosen([b","], np.zeros(len(self.start), dtype=np.int64))
        return weave([Texts(self.data, self.start, self.end - self.start), commas])[:-1].tobytes()


@dataclass(frozen=True, slots=True)
class PlainColumn:
    """`values` float64 [n] and `state` uint8 [n] as in features.Column; they count only where `plain` bool [n]."""

    values: NDArray[np.float64]
    state: NDArray[np.uint8]
    plain: Bools


def read_plain(feature: Feature, cells: Cells) -> PlainColumn:
    """The feature's values, and which cells were plain."""
    n = len(cells.start)
    values, plain = np.zeros(n, dtype=np.float64), np.zeros(n, dtype=np.bool_)
    empty = np.zeros(n, dtype=np.bool_)
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        part = cells.part(rows).unquoted()
        empty[rows] = part.end == part.start
        if feature.type == "category":
            plain[rows] = _categories(feature, part, values[rows])
        elif feature.type == "bool":
            plain[rows] = _bools(part, values[rows])
        else:
            plain[rows] = _numbers(part, values[rows])
    state = np.zeros(n, dtype=np.uint8)
    if empty.any():
        values[empty], state[empty] = 0.0, CellState.NULL
        plain |= empty
    return PlainColumn(values, state, plain)


def _bools(cells: Cells, values: NDArray[np.float64]) -> Bools:
    plain = np.zeros(len(values), dtype=np.bool_)
    length = cells.end - cells.start
    words = _marked(cells.words(cells.start), length)
    for text, value in _BOOLS.items():
        found = words == _mark(text)
        plain |= found
        if value:
            values += found
        if plain.all():
            break
    return plain


def _categories(feature: Feature, cells: Cells, values: NDArray[np.float64]) -> Bools:
    plain = np.zeros(len(values), dtype=np.bool_)
    if len(feature.categories) > MOST_CATEGORIES:
        return plain
    length = cells.end - cells.start
    words = _marked(cells.words(cells.start), length)
    for index, category in enumerate(feature.categories):
        text = category.replace('"', '""').encode()
        found = words == _mark(text)
        if len(text) > 7:
            rows = np.flatnonzero(found & (length == len(text)))
            for at in range(7, len(text), 8):
                piece = text[at : at + 8]
                words_at = cells.words(cells.start[rows] + at) & _FIRST[len(piece)]
                rows = rows[words_at == _word(piece)]
            found = np.zeros(len(values), dtype=np.bool_)
            found[rows] = True
        plain |= found
        if index:
            values += found * float(index)
    return plain


def _marked(words: Words, length: Positions) -> Words:
    """The first seven bytes of a text and, as the eighth, its length: two texts of up to seven bytes differ in it."""
    length = np.minimum(length, 8)
    marked: Words = (words & _FIRST[np.minimum(length, 7)]) | (length.astype(np.uint64) << np.uint64(56))
    return marked


def _mark(text: bytes) -> np.uint64:
    return _word(text[:7].ljust(7, b"\0") + bytes([min(len(text), 8)]))


def _numbers(cells: Cells, values: NDArray[np.float64]) -> Bools:
    """Decimals without exponent: `-12.50`, `7.`, `.5`."""
    negative = cells.data[cells.start] == MINUS
    length = cells.end - cells.start - negative
    high = cells.words(cells.end - 8)
    keep = _LAST[np.clip(length, 0, 8)]
    plain: Bools = _short(high, keep, length, values) & (length <= 8)
    long = np.flatnonzero((length > 8) & (length <= SHORT))
    if len(long):
        found = np.zeros(len(long), dtype=np.float64)
        low = cells.words(cells.end[long] - 16)
        plain[long] = _long(high[long], low, length[long], found)
        values[long] = found
    if negative.any():
        np.negative(values, out=values, where=negative)
    return plain


def _short(word: Words, keep: Words, length: Positions, values: NDArray[np.float64]) -> Bools:
    """Numbers of up to eight characters, which end with the word's last byte."""
    word = (word & keep) | (_ZEROS & ~keep)
    point = _points(word)
    if not point.any():
        digits = word ^ _ZEROS
        values[:] = _eight_digits(digits)
        whole: Bools = _are_digits(digits) & (length > 0)
        return whole
    has = point != 0
    closed = _without_point(word, point, np.uint64(0x30))
    digits = (word ^ ((word ^ closed) & _mask(has))) ^ _ZEROS
    np.divide(_eight_digits(digits), _POWERS[_places(point, has)], out=values)
    plain: Bools = _are_digits(digits) & (point & (point - np.uint64(1)) == 0) & (length > has)
    return plain


def _long(high: Words, low: Words, length: Positions, values: NDArray[np.float64]) -> Bools:
    """Numbers of 9 to 16 characters, the last eight of which are `high`."""
    keep = _LAST[length - 8]
    low = (low & keep) | (_ZEROS & ~keep)
    point_high, point_low = _points(high), _points(low)
    in_high, in_low = point_high != 0, point_low != 0
    closed_high = _without_point(high, point_high, low >> np.uint64(56))
    new_high = high ^ ((high ^ closed_high) & _mask(in_high))
    closed_low = _without_point(low, point_low, np.uint64(0x30))
    new_low = low ^ ((low ^ closed_low) & _mask(in_low))
    moved = (low << np.uint64(8)) | np.uint64(0x30)
    new_low ^= (new_low ^ moved) & _mask(in_high)
    places = _places(point_high, in_high) + np.where(in_low, _places(point_low, in_low) + 8, 0)
    places = np.minimum(places, SHORT)  # more than there are stand behind two points, which is no number
    digits_high, digits_low = new_high ^ _ZEROS, new_low ^ _ZEROS
    whole = _eight_digits(digits_low) * np.uint64(10**8) + _eight_digits(digits_high)
    np.divide(whole, _POWERS[places], out=values)
    one = ~(in_high & in_low) & (point_high & (point_high - np.uint64(1)) == 0)
    one &= point_low & (point_low - np.uint64(1)) == 0
    plain: Bools = _are_digits(digits_high) & _are_digits(digits_low) & one & (whole <= np.uint64(2**53))
    return plain


def _points(word: Words) -> Words:
    """The highest bit of every byte that is a point."""
    other = word ^ _POINTS
    return ~((((other & _LOW7) + _LOW7) | other) | _LOW7)


def _without_point(word: Words, point: Words, carry: Words | np.uint64) -> Words:
    """The bytes before the point moved up by one, over it; `carry` comes in as the first byte."""
    before = (point >> np.uint64(7)) - np.uint64(1)
    upto = before | (point | (point - (point >> np.uint64(7))))
    closed: Words = (word & ~upto) | ((word & before) << np.uint64(8)) | carry
    return closed


def _places(point: Words, has: Bools) -> Positions:
    """How many characters follow the point in its word."""
    exponent = (point.astype(np.float64).view(np.int64) >> 52) - 1023  # 8 * byte + 7
    return (7 - (exponent >> 3)) * has


def _mask(flags: Bools) -> Words:
    return np.negative(flags.astype(np.uint64))


def _are_digits(digits: Words) -> Bools:
    """Whether all eight bytes are 0 to 9."""
    good: Bools = (digits | (digits + _SIXES)) & _HIGH4 == 0
    return good


def _eight_digits(digits: Words) -> Words:
    """The number whose decimal digits the bytes are, the first byte first."""
    pairs = digits * np.uint64(10) + (digits >> np.uint64(8))
    upper = (pairs & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
    lower = ((pairs >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
    return (upper + lower) >> np.uint64(32)
