"""JSON as filthy as it comes, by seed, and a plain reader that says what each piece of it is."""

import json
import random
from typing import Any

from scorelet.document import MOST_DEPTH

NUMBERS = [
    *("0", "-0", "-0.0", "5.10", "-12.50", "33", "33.0", "1e2", "1E-7", "2.5e+3", "0.1", "33.333333333333336"),
    *("0.0012345678901234567", "9007199254740991", "9007199254740992", "-9007199254740993", "12345678.12345678"),
    *("9223372036854775807", "-9223372036854775808", "-9223372036854775809", "18446744073709551615"),
    *("18446744073709551616", "9" * 17, "9" * 400, "9" * 5000, "1e400", "-1e999", "1e-400", "5e-324", "0.5" + "0" * 60),
    *("NaN", "-Infinity", "Infinity", "01", "-01", "00", ".5", "5.", "-.5", "-", "+1", "1e", "1_0", "0x1", "1 2"),
    *("1" * 16, "1" * 15 + ".5", "-" + "9" * 15, "00000000", "0000000000.1", "1.2.3", "1-2", "--1", "\u0661"),
]
STRINGS = [
    *("red", "light green", "", "x", "ann", "5.1", "true", "null", "é", "日本", "a,b", "a:b", "{", "}]", " ", "=1+1"),
    *("@a", "'=x", "it's", "-1", "-1+x", "a;b", "\u2028", "\ufeff", "\x7f", "\uff1da", "\u3000=b", "x" * 40),
]
ESCAPED = [r"\"", r"\\", r"\u0072ed", r"\n", r"\/", r"\ud83d\ude00", r"\ud800", r"\udc00\ud800", r"\\\"", r"a\u00e9\""]
BROKEN = [r"\x", r"\u12", r"\u 123", "\\", '"', "\t", "\0", "\x1f", "\ud800", 'a"b', '"a', "\r"]
WORDS = ["true", "false", "null", "tru", "nul", "True", "falsey", "nullnull", "None", "", " ", ",", ":"]
SPACES = ["", "", "", " ", "  ", "\t", " \r", "\x0c", "\u00a0"]


def nasty_value(chance: random.Random, depth: int = 0) -> str:
    """A value, or what only looks like one."""
    kind = chance.random()
    if kind < 0.35:
        return chance.choice(NUMBERS)
    if kind < 0.75:
        return nasty_string(chance)
    if kind < 0.85 or depth > 2:
        return chance.choice(WORDS[:3] if chance.random() < 0.7 else WORDS)
    if kind < 0.87:
        deep = chance.randrange(MOST_DEPTH - 2, MOST_DEPTH + 2)
        return "[" * deep + "]" * deep
    if kind < 0.93:
        return "[" + ",".join(nasty_value(chance, depth + 1) for _ in range(chance.randrange(3))) + "]"
    return nasty_object(chance, ["a", "b"], depth + 1)


def nasty_string(chance: random.Random) -> str:
    """A text in quotes."""
    kind = chance.random()
    inside = chance.choice(STRINGS if kind < 0.7 else ESCAPED if kind < 0.93 else BROKEN)
    return f'"{inside}"'


def nasty_object(chance: random.Random, names: list[str], depth: int = 0) -> str:
    """An object with these keys, as a rule."""
    names = list(names)
    if chance.random() < 0.2:
        chance.shuffle(names)
    if chance.random() < 0.1:
        names.append(chance.choice([*names, *STRINGS, *ESCAPED, r"\u0061", "prediction"]))
    if chance.random() < 0.1:
        names = names[1:]
    space = chance.choice(SPACES)
    pairs = [f'"{name}"{space}:{chance.choice([space, " "])}{nasty_value(chance, depth)}' for name in names]
    return "{" + space + ("," + chance.choice([" ", space])).join(pairs) + space + "}"


def spoiled(chance: random.Random, text: str) -> bytes:
    """The text with a mistake or two in its bytes."""
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(chance.randrange(1, 3)):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                del data[place:]
            case 1:
                del data[place : place + 1]
            case 2:
                data[place:place] = data[place : place + chance.randrange(1, 20)]
            case 3:
                data[place:place] = chance.choice([b'"', b",", b":", b"{", b"}", b"[", b"]", b"\\", b" ", b"0", b"-"])
            case _:
                data[place:place] = bytes([chance.randrange(256)])
    return bytes(data)


def strictly(body: bytes) -> Any:
    """The document by the standard library under our rules; raises ValueError for what is none."""
    value = json.loads(body.decode(), object_pairs_hook=_once)
    if _depth(value) > MOST_DEPTH:
        raise ValueError("too deep")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)
