"""Files as filthy as they come, by seed, with the settings they are to be read with."""

import random
from dataclasses import dataclass

from scorelet.file_settings import FileSettings
from scorelet.signature import Feature, Signature

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
        "\ufeff1",
        "1_e",
    ),
]
BOOLS = ["true", "FALSE", "1", "0", " True ", "false"]
TEXT = [
    *(
        "x",
        "",
        "a,b",
        "a;b",
        "a|b",
        "a\tb",
        'say "hi"',
        "two\nlines",
        "crlf\r\nin quotes",
        "é",
        " spaced ",
        "5.10",
        "日本",
        "\0",
    ),
    *(
        "=1+1",
        "-5.10",
        "-1+x",
        "'=x",
        "'-1",
        "it's",
        "@a",
        "\t=x",
        "\tx",
        " -x",
        "-1,5",
        "\uff1da",
        "\u3000=b",
        "\n=c",
        "-",
        "+",
    ),
]
OTHERS = ["id", "note", 'odd "name"', "two\nlines", "=sum", "a,b;c|d\te", "-1"]
BROKEN = ['"', 'a"b', '"x"y', '"open', "\r", "a\rb"]
INVALID = b"\xff\xfe"


@dataclass(frozen=True)
class NastyTable:
    """A file and how it is to be read; `delimiter` is the one it has, even where the settings leave it to be found."""

    data: bytes
    delimiter: str
    settings: FileSettings


def nasty_file(seed: int, signature: Signature, rows: int, bad: float) -> bytes:
    """A file of about `rows` rows, a share `bad` of them wrong in some way; commas, a header, usual settings."""
    return _written(random.Random(seed), signature, _names(random.Random(seed), signature), rows, bad, ",", True)


def nasty_table(seed: int, signature: Signature, rows: int, bad: float) -> NastyTable:
    """The same with any delimiter, with or without a header, and any settings that fit."""
    chance = random.Random(seed)
    delimiter, header, names = chance.choice(",;\t|"), chance.random() < 0.7, _names(chance, signature)
    keep, drop = ((tuple(chance.sample(names, chance.randrange(1, len(names) + 1))),) * 2) if names else ((), ())
    which = chance.choice(["", "", "keep", "drop"])
    settings = FileSettings(
        delimiter=None if chance.random() < 0.5 and (header or delimiter == ",") else delimiter,
        header=header,
        columns=() if header else tuple(names),
        keep=keep if which == "keep" else (),
        drop=drop if which == "drop" else (),
        id=chance.choice([None, chance.choice(names)]),
        escape_formulas=chance.random() < 0.7,
    )
    return NastyTable(_written(chance, signature, names, rows, bad, delimiter, header), delimiter, settings)


def _names(chance: random.Random, signature: Signature) -> list[str]:
    names = [*signature.names, *chance.sample(OTHERS, chance.randrange(len(OTHERS)))]
    chance.shuffle(names)
    return names


def _written(
    chance: random.Random, signature: Signature, names: list[str], rows: int, bad: float, delimiter: str, header: bool
) -> bytes:
    end = chance.choice(["\n", "\r\n"])
    out = [b"\xef\xbb\xbf" if chance.random() < 0.2 else b""]
    if header:
        out.append((delimiter.join(_quoted(n, chance.random() < 0.1) for n in names) + end).encode())
    features = {feature.name: feature for feature in signature.features}
    for _ in range(rows):
        cells = [_cell(chance, features.get(name)) for name in names]
        broken = chance.random() < bad
        line = _broken(chance, cells, features, names, delimiter) if broken else delimiter.join(cells).encode()
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


def _broken(
    chance: random.Random, cells: list[str], features: dict[str, Feature], names: list[str], delimiter: str
) -> bytes:
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
        cells[place] = "\udcff"
        return delimiter.join(cells).encode("utf-8", "surrogateescape") + INVALID
    else:
        cells[place] = chance.choice(BROKEN)
    return delimiter.join(cells).encode()


def _quoted(text: str, always: bool = False) -> str:
    needs = always or any(c in text for c in ',;|\t"\r\n')
    return '"' + text.replace('"', '""') + '"' if needs else text
