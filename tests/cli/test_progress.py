"""What `scorelet score` says of a big file while it waits."""

import io
from contextlib import redirect_stderr

import pytest

from cli.progress import Progress, bar


def shown_by(*steps):
    """What stands there at the end."""
    said = io.StringIO()
    with redirect_stderr(said), bar(quiet=False) as shown:
        for progress in steps:
            shown.show(progress)
    return said.getvalue()


def test_the_bar_names_the_step_the_rows_and_their_speed():
    said = shown_by(Progress(), Progress("measure", 1, 2), Progress("score", 3, 4, 3000, 30, 40))
    assert [line.split()[:2] for line in said.splitlines()] == [["measuring", "2/2"], ["scoring", "4/4"]]
    assert "3,000 rows, " in said
    assert "rows/s" in said


def test_every_step_has_one_line_whatever_was_seen_of_it():
    ended = Progress("finish", 4, 4, 4000, 40, 40)
    for before in ([Progress("score", 1, 4, 1000, 10, 40)], []):
        said = shown_by(Progress("measure", 0, 0), Progress("cut", 2, 2), *before, ended, ended)
        assert [line.split()[0] for line in said.splitlines()] == ["measuring", "cutting", "scoring", "finishing"]
        assert "4,000 rows" in said


def test_a_step_that_broke_off_is_not_shown_as_done():
    def break_off():
        with bar(quiet=False) as shown:
            shown.show(Progress("measure", 1, 2))
            raise KeyboardInterrupt

    said = io.StringIO()
    with redirect_stderr(said), pytest.raises(KeyboardInterrupt):
        break_off()
    assert "measuring 1/2" in said.getvalue()


def test_bytes_on_their_way_are_shown_in_megabytes():
    said = io.StringIO()
    with redirect_stderr(said), bar(quiet=False) as shown:
        for done in (0, 70_000_000, 1_234_000_000):
            shown.transfer("uploading", done, 5_000_000_000)
    (line,) = said.getvalue().splitlines()
    assert line.startswith("uploading ")
    assert "1,234 of 5,000 MB" in line


def test_a_machine_is_shown_nothing():
    said = io.StringIO()
    with redirect_stderr(said), bar(quiet=True) as shown:
        shown.show(Progress("score", 4, 4, 9999, 40, 40))
        shown.transfer("uploading", 1, 2)
    assert said.getvalue() == ""
