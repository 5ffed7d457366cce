"""Which delimiter a file has is told by the names in its header, never by how the rows look; what is wrong is said."""

import pytest
from scorelet.batch_score import BatchOptions, score_file
from scorelet.errors import UnreadableFile
from scorelet.file_settings import FileSettings
from scorelet.package import load_package
from scorelet.table_form import find_form

from tests.fakes.package import tiny_package

WANTED = ("amount", "age")


def found(head, **settings):
    return find_form(head, FileSettings(**settings), WANTED).delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_header_decides(delimiter, mark):
    head = '"x,;|\t{y",age,amount\r\n1,1,2,3,4,5;;;||||\t\t\t\n'.replace(",a", delimiter + "a").encode()
    assert found(mark + head) == delimiter


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        (b"amount;age\n1,2\n1,3\n1,4\n", ";"),
        (b"amount;x,y\n", ";"),
        (b"amount,x;age\n", ","),
        (b"a;b;c;d\n1;2;3;4\n", ","),
        (b'"amount";"age"\n', ";"),
        (b'"open\n', ","),
        (b"", ","),
        (b"\xff\xfd;\n", ","),
    ],
)
def test_the_delimiter_that_finds_most_names_wins_and_the_comma_where_none_does(head, delimiter):
    assert found(head) == delimiter


def test_what_is_given_is_not_looked_for():
    assert found(b"amount,age\n", delimiter=";") == ";"
    assert found(b"1;2\n", header=False, columns=WANTED) == ","


@pytest.mark.parametrize(
    ("data", "settings", "words"),
    [
        (b"amount;age;colour\n", {}, "the header lacks the model's columns: member$"),
        (b"amount;age;colour;member\n", {"delimiter": ","}, "age, member, colour; a semicolon parts its names, but"),
        (b'"amount"\t"age"\n', {"delimiter": ","}, "bad_quoting, a quote where none may stand.* is the delimiter"),
        (b"5.10,33,true,red\n", {}, "colour; a file without a header needs the settings header = false and columns"),
        (b"Amount, age,member,colour\n", {}, "columns: amount, age; spelled with other letters or spaces: amount, age"),
        (b"amount\rage\rmember\rcolour\r1\r", {}, "bad_line_end, a carriage return .*; lines end with LF or CRLF"),
        (b"1,2\n", {"header": False, "columns": ("amount", "age")}, "the setting columns lacks .*: member, colour$"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(tmp_path, data, settings, words):
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    (tmp_path / "source").write_bytes(data)
    with pytest.raises(UnreadableFile, match=words):
        score_file(tmp_path / "source", package, tmp_path, BatchOptions(threads=1, file=FileSettings(**settings)))
