"""Random types of values that hold values, and random values of them, as SQL: what Parquet files of others may hold."""

import random
from typing import Any

LEAVES = {
    "INTEGER": ["1", "'-2147483648'"],
    "UBIGINT": ["18446744073709551615"],
    "FLOAT": ["0.1", "'nan'", "'-inf'", "1e-45", "-0.0"],
    "DOUBLE": ["0.1", "5e-324", "'inf'", "1.7976931348623157e308"],
    "DECIMAL(38,10)": ["12345678901234567890.1234567890", "-0.0000000001"],
    "BOOLEAN": ["true", "false"],
    "DATE": ["'2024-02-29'", "'infinity'", "'0044-03-15 (BC)'"],
    "TIMESTAMP": ["'2024-02-29 12:00:00.000001'", "'-infinity'"],
    "TIMESTAMP_NS": ["'2024-02-29 12:00:00.123456789'"],
    "TIMESTAMP WITH TIME ZONE": ["'2024-02-29 12:00:00.000001+03'"],
    "TIME": ["'23:59:59.000001'"],
    "UUID": ["'169a0374-0d57-48dd-a870-ad480a71ab75'"],
    "BLOB": ["'\\x00\\xFFa,\"b'", "''", "'\\x27\\x5C'"],
}
LETTERS = "ab\"'\\,=:;[](){}\n\r\t é東|NULnul-+@0.#$`~\u200b\x01\x7f"
WORDS = ("NULL", "null", "", " ", "true", "[]", "{}", "nan", "'x'", '"x"', "\\", "a\\", "''", "=1+1")


def random_type(chance: random.Random, depth: int = 3) -> str:
    """A list, a struct or a map, of others of them down to some depth."""
    kind = chance.choice(("list", "struct", "map"))
    below = [_below(chance, depth) for _ in range(3)]
    if kind == "list":
        return f"{below[0]}[]"
    if kind == "map":
        return f"MAP({chance.choice(('VARCHAR', 'INTEGER', 'DATE'))}, {below[0]})"
    names = {name.lower(): name for name in (_text(chance) or "n" for _ in below)}
    return f"STRUCT({', '.join(f'{_name(name)} {type_}' for name, type_ in zip(names.values(), below, strict=False))})"


def _below(chance: random.Random, depth: int) -> str:
    return random_type(chance, depth - 1) if depth and chance.random() < 0.5 else chance.choice(["VARCHAR", *LEAVES])


def random_value(chance: random.Random, type_: Any, *, null: bool = True) -> str:
    """A value of one of DuckDB's type objects."""
    if null and chance.random() < 0.15:
        return f"NULL::{type_}"
    if type_.id == "list":
        return f"[{', '.join(random_value(chance, type_.children[0][1]) for _ in range(chance.randrange(4)))}]::{type_}"
    if type_.id == "struct":
        fields = ", ".join(f"{_quoted(name)}: {random_value(chance, child)}" for name, child in type_.children)
        return f"{{{fields}}}::{type_}"
    if type_.id == "map":
        (_, key), (_, value) = type_.children
        keys = sorted({random_value(chance, key, null=False) for _ in range(chance.randrange(3))})
        return f"map([{', '.join(keys)}], [{', '.join(random_value(chance, value) for _ in keys)}])::{type_}"
    return _quoted(_text(chance)) if type_.id == "varchar" else f"{chance.choice(LEAVES[str(type_)])}::{type_}"


def _text(chance: random.Random) -> str:
    return chance.choice(WORDS) if chance.random() < 0.3 else "".join(chance.choices(LETTERS, k=chance.randrange(6)))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
