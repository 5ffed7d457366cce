"""float32 numbers to their shortest texts, by the column: no loop over rows, about 20 ns a number.

The text of a number depends on the number alone. Every text reads back as the same float32, whether it is read as a
float32 or as a float64 that is rounded; no text with fewer digits does, and of equally short ones it is the nearest.
From 1e-4 to 1 it is a plain decimal, below that it has an exponent, as in most languages.

How: a decimal with k digits after the point that reads back as x exists if and only if the nearest one does,
`rint(x * 10^k) / 10^k`. So digits are left away from nine significant ones, which always suffice, as long as it does.
Products and quotients are float64. The quotient of two whole numbers below 2^53 is the float64 next to the decimal;
rounding that again to float32 goes wrong only if it is exactly halfway between two float32. From 1e-4 on, a decimal
of up to 12 digits differs from any halfway point by at least 10^-12 * 2^-26 (both are whole multiples of that), more
than a float64 is off there; below, numbers that come out halfway are left to numpy, one by one, as all others are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scorelet.texts import Texts

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Lengths = NDArray[np.int64]

BLOCK = 1 << 15  # numbers at a time: intermediate columns stay in the processor's cache
_LARGEST_POWER = 22  # 10^22 is the last power of ten that is a float64
_POWERS = 10.0 ** np.arange(_LARGEST_POWER + 1)
_QUADS = np.frombuffer("".join(f"{i:04d}" for i in range(10_000)).encode(), dtype="<u4").astype(np.uint64)
_TINIEST, _LEAST, _ONE, _WHOLE = np.array([1e-14, 1e-4, 1, 2**24], dtype=np.float32).view(np.int32)
_HALF = np.int64(1 << 28)  # the bits of a float64 behind those of a float32, when exactly halfway
_BEHIND = np.int64((1 << 29) - 1)


def _u(number: int) -> np.uint64:
    return np.uint64(number)


def probability_texts(values: NDArray[np.float32]) -> Texts:
    """`,<number>` for each. Any number may be among them; those from 0 to 1 are quick."""
    cells, lengths = np.empty((len(values), 2), dtype=np.uint64), np.empty(len(values), dtype=np.int64)
    slow: list[NDArray[np.int64]] = []
    for start in range(0, len(values), BLOCK):
        part = slice(start, start + BLOCK)
        bits = values[part].view(np.int32)  # in the order of the numbers themselves; negative for negative ones
        _plain(values[part], cells[part], lengths[part])
        rest = _outside(bits, _ONE)
        if len(rest):
            tiny = (bits[rest] > _TINIEST) & (bits[rest] < _LEAST)
            slow += [start + rest[~tiny], start + _tiny(values[part], cells[part], lengths[part], rest[tiny])]
    starts = np.arange(len(values), dtype=np.int64) * 16
    return _with_slow(values, Texts(cells.view(np.uint8).ravel(), starts, lengths, dense=True), slow)


def number_texts(values: NDArray[np.float32]) -> Texts:
    """`,<number>` for each, of any sign and size. Those from 1e-4 to 2^24 and their negatives are quick."""
    roomy = np.zeros((len(values) + 1, 4), dtype=np.uint64)  # a text that starts late in the last cell is moved whole
    cells = roomy[:-1]
    starts, lengths = np.empty(len(values), dtype=np.int64), np.empty(len(values), dtype=np.int64)
    slow: list[NDArray[np.int64]] = []
    for start in range(0, len(values), BLOCK):
        part = slice(start, start + BLOCK)
        absolute = np.abs(values[part])
        rest = _outside(absolute.view(np.int32), _WHOLE)
        slow.append(start + rest)
        absolute[rest] = 0
        _signed(values[part] < 0, absolute, cells[part], starts[part], lengths[part])
        slow.append(start + np.flatnonzero(np.signbit(values[part]) & (absolute == 0)))
    starts += np.arange(len(values), dtype=np.int64) * 32
    return _with_slow(values, Texts(roomy.view(np.uint8).ravel(), starts, lengths), slow)


def _outside(bits: NDArray[np.int32], most: np.int32) -> NDArray[np.int64]:
    """Which are neither 0 nor from 1e-4 to `most`, by their bits."""
    rest = np.flatnonzero((bits - _LEAST).view(np.uint32) > np.uint32(most - _LEAST))
    kept: NDArray[np.int64] = rest[bits[rest] != 0]
    return kept


def _with_slow(values: NDArray[np.float32], texts: Texts, slow: list[NDArray[np.int64]]) -> Texts:
    """The same with some written by numpy one by one, behind the others."""
    rows = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *slow]))
    if not len(rows):
        return texts
    return texts.replaced(rows, [b"," + _slow_text(value).encode() for value in values[rows]])


def _slow_text(value: np.float32) -> str:
    return np.format_float_positional(value, trim="0") if 1e-4 <= abs(value) <= 2**24 else str(value)


def _plain(values: NDArray[np.float32], cells: Words, lengths: Lengths) -> None:
    """`,0.<up to 12 digits>`; means nothing for numbers outside 1e-4 .. 1."""
    exact = np.clip(values, 0, 1).astype(np.float64)
    leading = np.zeros(len(exact), dtype=np.int64)  # zeros behind the point
    for limit in (0.1, 0.01, 0.001):
        leading += exact < limit
    digits, places = _fewest(values, exact, leading + 9)
    digits *= _POWERS[12 - places]
    places *= values != 0
    np.maximum(places, 1, out=places)
    one = values == 1
    digits[one] = 0
    upper, third = _quads(digits.astype(np.uint64))
    high, second = _quads(upper)
    first = _QUADS[np.minimum(high, _u(9999)).view(np.int64)]
    cells[:, 0] = (first << _u(24)) | (second << _u(56)) | (_u(0x2E302C) + (one.astype(np.uint64) << _u(8)))
    cells[:, 1] = (second >> _u(8)) | (third << _u(24))
    lengths[:] = places
    lengths += 3


def _quads(numbers: Words) -> tuple[Words, Words]:
    """Numbers without their last four digits, and the text of these."""
    upper = numbers // _u(10_000)
    return upper, _QUADS[(numbers - upper * _u(10_000)).view(np.int64)]


def _signed(
    negative: NDArray[np.bool_], values: NDArray[np.float32], cells: Words, starts: Lengths, lengths: Lengths
) -> None:
    """`,-<up to 8 digits>.<up to 12 digits>` in 32 bytes, of absolute values that are 0 or 1e-4 .. 2^24.

    The whole part ends with the 16th byte; comma and sign stand before its first digit.
    """
    exact = values.astype(np.float64)
    places = np.full(len(exact), 9, dtype=np.int64)
    for limit in (0.1, 0.01, 0.001):
        places += exact < limit
    width = np.ones(len(exact), dtype=np.int64)
    for power in range(8):
        places -= exact >= _POWERS[power]
        width += exact >= _POWERS[power + 1]
    digits, places = _fewest(values, exact, places)
    places *= values != 0
    whole = np.floor(digits / _POWERS[places])
    part = ((digits - whole * _POWERS[places]) * _POWERS[12 - places]).astype(np.uint64)
    high, low = _quads(whole.astype(np.uint64))
    cells[:, 1] = _QUADS[high.view(np.int64)] | (low << _u(32))
    upper, third = _quads(part)
    first, second = _quads(upper)
    cells[:, 2] = _u(0x2E) | (_QUADS[first.view(np.int64)] << _u(8)) | (second << _u(40))
    cells[:, 3] = (second >> _u(24)) | (third << _u(8))
    starts[:] = 15 - width - negative
    lengths[:] = 2 + negative + width + np.maximum(places, 1)
    text, place = cells.view(np.uint8).ravel(), starts + np.arange(len(starts)) * 32
    text[place + 1] = ord("-")  # where there is none, the first digit
    unsigned = np.flatnonzero(~negative)
    text[place[unsigned] + 1] = _first_digit(whole[unsigned], width[unsigned])
    text[place] = ord(",")


def _first_digit(whole: Floats, width: Lengths) -> NDArray[np.uint8]:
    return (np.floor(whole / _POWERS[width - 1]) + 0x30).astype(np.uint8)


def _fewest(values: NDArray[np.float32], exact: Floats, places: Lengths) -> tuple[Floats, Lengths]:
    """The digits of the shortest texts as whole numbers, and how many of them stand behind the point.

    `places` behind the point are given, those of nine significant digits.
    """
    scale = _POWERS[places]
    digits = np.rint(exact * scale)
    for _ in range(2):  # for all, quicker than to pick; these two are the usual end
        scale = scale / 10
        found = np.rint(exact * scale)
        good = (found / scale).astype(np.float32) == values
        good &= scale >= 1
        digits += good * (found - digits)
        places = places - good
    rows = np.flatnonzero(good)
    for _ in range(7):  # one more than there are digits: 0.0099999998 is 0.01
        power = scale[rows] / 10
        found = np.rint(exact[rows] * power)
        kept = np.flatnonzero(((found / power).astype(np.float32) == values[rows]) & (power >= 1))
        if not len(kept):
            break
        rows = rows[kept]
        digits[rows], scale[rows] = found[kept], power[kept]
        places[rows] -= 1
    return digits, places


def _tiny(every: NDArray[np.float32], cells: Words, lengths: Lengths, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """`,d.<up to 8 digits>e-dd` into `rows`, of numbers from 1e-14 to 1e-4; tells which of them are too hard."""
    values = every[rows]
    exact = values.astype(np.float64)
    exponent = np.full(len(exact), 5, dtype=np.int64)
    for power in range(5, 14):
        exponent += exact < 10.0**-power
    digits, places = _fewest(values, exact, exponent + 8)
    hard = _halfway(digits / _POWERS[places])
    fewer = _POWERS[places] / 10
    hard |= _halfway(np.rint(exact * fewer) / fewer)  # it was left, perhaps wrongly
    kept = 9 - (exponent + 8 - places)
    digits *= _POWERS[9 - kept]
    over = digits == 1e9  # 9.99... became 10.0
    digits[over], kept[over] = 1e8, 1
    exponent -= over
    cells[rows], lengths[rows] = _scientific(digits.astype(np.uint64), kept, exponent)
    return rows[hard]


def _halfway(numbers: Floats) -> NDArray[np.bool_]:
    """Which are exactly between two float32."""
    halfway: NDArray[np.bool_] = (numbers.view(np.int64) & _BEHIND) == _HALF
    return halfway


def _scientific(digits: Words, kept: NDArray[np.int64], exponent: NDArray[np.int64]) -> tuple[Words, NDArray[np.int64]]:
    """The cells and lengths of `,d.dddddddde-dd` from nine digits, of which the first `kept` are written."""
    last = digits % _u(10**8)
    third = _QUADS[(last % _u(10_000)).view(np.int64)]
    second = _QUADS[(last // _u(10_000)).view(np.int64)]
    low = _u(0x2E002C) | (_u(0x30) + digits // _u(10**8) << _u(8)) | (second << _u(24)) | (third << _u(56))
    power = exponent.astype(np.uint64)
    tail = _u(0x30302D65) + (power // _u(10) << _u(16)) + (power % _u(10) << _u(24))  # "e-00"
    place = np.where(kept == 1, 2, kept + 2)  # no point behind a single digit
    bits = (place * 8).astype(np.uint64)
    early, inner = place < 8, bits % _u(64)
    below = (_u(1) << inner) - _u(1)
    cells = np.empty((len(digits), 2), dtype=np.uint64)
    cells[:, 0] = np.where(early, (low & below) | (tail << inner), low)
    cells[:, 1] = np.where(early, tail >> (_u(64) - inner) % _u(64), (third >> _u(8)) & below | (tail << inner))
    return cells, place + 4
