"""Files made to do harm: refused with a reason, or their bad rows are and the others are scored. Nothing is lost."""

import csv
import io
from pathlib import Path

import pytest
from scorelet.batch_score import BatchOptions, score_file
from scorelet.errors import UnreadableFile
from scorelet.package import load_package

from tests.fakes.package import tiny_package
from tests.fakes.peak import scored_apart
from tests.laws import full_or

ROOT = Path(__file__).parents[2]
HEADER, GOOD = b"amount,age,member,colour\n", b"1,2,true,red\n"
MIB = 1 << 20
MOST_MB = (
    250  # numpy, the model runtime and DuckDB take some 80; no file below that is meant to hurt fits into the rest
)


def score(folder, data):
    """Rows scored, and line, code and reason of those that were not; they add up, whatever the file."""
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    (folder / "source").write_bytes(data)
    totals = score_file(folder / "source", package, folder, BatchOptions(threads=1))
    scored, rejected = (
        list(csv.DictReader(io.StringIO((folder / name).read_bytes().decode(), newline="")))
        for name in ("scored.csv", "rejected.csv")
    )
    assert totals.rows_in == len(scored) + len(rejected) == totals.rows_scored + sum(totals.rejects_by_code.values())
    return scored, [(int(row["line"]), row["code"], row["reason"]) for row in rejected]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(
            (text, "wrong_type")
            for text in ("1_000", "١٢", "\uff11\uff12", "0x10", '"1,5"', "--1", "1e", "1 2", "\0", "1\0", "½")
        ),
        *((text, "not_finite") for text in ("1e400", "-1e400", "nan", "NaN", "Infinity", "-inf", "+INF")),
        *((text, "out_of_range") for text in ("9" * 400, "1e300", "1000.0001")),
    ],
)
def test_a_hostile_number_costs_its_own_row_and_no_other(tmp_path, text, code):
    scored, rejected = score(tmp_path, HEADER + GOOD + f"{text},2,true,red\n".encode() + GOOD)
    assert len(scored) == 2
    assert [found[:2] for found in rejected] == [(3, code)]


def test_a_decimal_comma_is_refused_and_the_reason_says_what_to_write(tmp_path):
    data = b"amount;age;member;colour\n1,5;2;true;red\n1.5;2;true;red\n1;2;true;red;\n"
    scored, rejected = score(tmp_path, data)
    assert len(scored) == 1
    assert rejected[0][:2] == (2, "wrong_type")
    assert rejected[0][2].endswith("; numbers have a decimal point, not a comma")
    assert rejected[1][1] == "too_many_columns"
    _, ((_, _, reason),) = score(tmp_path, HEADER + b'"1,5",2,true,red\n')
    assert reason.endswith("not a comma")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\xef\xbb\xbf\n", "the first line is blank"),
        (b"\r\n", "the first line is blank"),
        (HEADER.replace(b"\n", b"\r") + GOOD.replace(b"\n", b"\r") * 9, "bad_line_end"),
        (HEADER.decode().encode("utf-16"), "UTF-16 or UTF-32, as its byte order mark says"),
        (HEADER.decode().encode("utf-16-be"), "not text in UTF-8"),
        (HEADER.decode().encode("utf-32"), "UTF-16 or UTF-32"),
        (b"amount,age,member,colour,\xff\n", "not text in UTF-8"),
        (b"amount,age,member,colour,\0\n", "not text in UTF-8"),
        (b'amount,age,member,colour,"\n' + GOOD * 9, "bad_quoting"),
        (b"amount,age,member,colour,age\n" + GOOD, "names more than once: age"),
        (b",".join(b"c%d" % i for i in range(100_000)) + b"\n" + GOOD, "100000 columns, more than 10000"),
        (b"," * 900_000 + b"\n" + GOOD, "900001 columns, more than"),
        (b"x" * 2 * MIB + b"\n" + GOOD, "too_long, it is longer than 1048576 bytes"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "cannot be read|not text"),
    ],
)
def test_a_file_without_a_usable_header_is_refused_with_a_reason(tmp_path, data, words):
    with pytest.raises(UnreadableFile, match=words):
        score(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "scored", "rejected"),
    [
        (HEADER, 0, []),
        (HEADER[:-1], 0, []),
        (HEADER + GOOD + GOOD.replace(b"\n", b"\r\n") + GOOD + GOOD[:-1], 4, []),
        (HEADER + GOOD + b"1,2,true,red\r" + GOOD, 1, [(3, "bad_line_end")]),
        (HEADER + b"\0\0\0\n" + GOOD, 1, [(2, "too_few_columns")]),
        (HEADER + b"1,2,true,\xff\xfe\n" + GOOD, 1, [(2, "bad_encoding")]),
        (HEADER + b"1,2,true,\xed\xa0\x80\n" + GOOD, 1, [(2, "bad_encoding")]),
        (HEADER + b'1,2,true,"red\n' + GOOD, 1, [(2, "bad_quoting")]),
        (HEADER + b'"' * 7 + b"\n" + GOOD, 1, [(2, "bad_quoting")]),
        (HEADER + GOOD + b"," * 100_000 + b"\n" + GOOD, 2, [(3, "too_many_columns")]),
        (HEADER + GOOD + b'1,2,true,"' + b"x" * 2 * MIB + b'"\n' + GOOD, 2, [(3, "too_long")]),
        (HEADER + GOOD + b"1,2,true," + b"x" * (MIB - 9) + b"\n" + GOOD, 2, [(3, "unknown_category")]),
        (b'amount,age,"member",colour,x,x,"a\r\nb"\n1,2,true,red,1,2,3\n', 1, []),
        (
            HEADER + b"\n\r\n" + GOOD + b"\n",
            1,
            [(2, "too_few_columns"), (3, "too_few_columns"), (5, "too_few_columns")],
        ),
        (HEADER + b"\xef\xbb\xbf" + GOOD + GOOD, 1, [(2, "wrong_type")]),
    ],
)
def test_bad_rows_are_rejected_and_their_neighbours_are_scored(tmp_path, data, scored, rejected):
    found = score(tmp_path, data)
    assert (len(found[0]), [one[:2] for one in found[1]]) == (scored, rejected)


def in_a_process_of_its_own(folder, *pieces):
    """What came of a file that is written piece by piece, and the memory it took."""
    with (folder / "big").open("wb") as file:
        file.writelines(pieces)
    found = scored_apart(folder / "big", folder)
    assert found.pop("peak_mb") < MOST_MB
    return found


@pytest.mark.law
def test_a_line_of_200_mib_is_one_rejected_row_in_little_memory(tmp_path):
    found = in_a_process_of_its_own(tmp_path, HEADER, GOOD, *([b"x" * MIB] * 200), b"\n", GOOD)
    assert found == {"rows": 3, "scored": 2, "rejects": {"too_long": 1}}


@pytest.mark.law
def test_a_quoted_field_of_200_mib_is_one_rejected_row_in_little_memory(tmp_path):
    found = in_a_process_of_its_own(tmp_path, HEADER, GOOD, b'1,2,true,"', *([b"x" * MIB] * 200), b'"\n', GOOD)
    assert found == {"rows": 3, "scored": 2, "rejects": {"too_long": 1}}


@pytest.mark.law
def test_a_header_of_200_mib_is_refused_in_little_memory(tmp_path):
    found = in_a_process_of_its_own(tmp_path, *([b"column," * 150_000] * 200), b"\n", GOOD)
    assert list(found) == ["unreadable"]


@pytest.mark.law
def test_quotes_that_are_never_closed_cost_a_row_each_in_little_memory(tmp_path):
    """A field that is opened and holds line ends for many MiB: every line of it is a row, and no good row is lost."""
    lines = full_or(200, 20) * 1000
    found = in_a_process_of_its_own(tmp_path, HEADER, GOOD, b'1,2,true,"red\n', *([b"y" * 999 + b"\n"] * lines), GOOD)
    assert found == {"rows": lines + 3, "scored": 2, "rejects": {"bad_quoting": 1, "too_few_columns": lines}}


@pytest.mark.law
def test_rows_of_a_hundred_thousand_columns_are_rejected_in_little_memory(tmp_path):
    rows = full_or(500, 50)
    found = in_a_process_of_its_own(tmp_path, HEADER, *([b"=," * 100_000 + b"\n", GOOD] * rows))
    assert found == {"rows": 2 * rows, "scored": rows, "rejects": {"too_many_columns": rows}}


@pytest.mark.law
def test_cells_that_are_all_formulas_are_scored_in_little_memory(tmp_path):
    rows = full_or(200_000, 20_000)
    row = b"1,2,true,red," + b",".join([b"-1 =x", b"=1"] * 20) + b"\n"
    names = b",".join(b"=c%d" % i for i in range(40))
    found = in_a_process_of_its_own(tmp_path, HEADER[:-1] + b"," + names + b"\n", *([row] * rows))
    assert found == {"rows": rows, "scored": rows, "rejects": {}}
    with (tmp_path / "scored.csv").open("rb") as file:
        assert file.readline().count(b",'=c") == 40
        assert file.readline().startswith(b"1,2,true,red," + b",".join([b"'-1 =x", b"'=1"] * 20))
