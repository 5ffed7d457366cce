"""How bytes are cut into records: by the rules of CSV with a delimiter, or at every line end."""

from __future__ import annotations

from dataclasses import dataclass

from scorelet.csv_scan import Records, scan, scan_lines


@dataclass(frozen=True, slots=True)
class Grammar:
    """CSV with this delimiter; without one, every line is a record of one field and quotes are like any character."""

    delimiter: str = ","

    @property
    def quotes(self) -> bool:
        """Whether line ends in quotes are part of a record."""
        return bool(self.delimiter)

    def scan(self, body: bytes, *, final: bool) -> Records:
        """The complete records of bytes that begin with one, as `csv_scan.scan` tells."""
        return scan(body, final=final, delimiter=ord(self.delimiter)) if self.delimiter else scan_lines(body)


COMMAS, LINES = Grammar(), Grammar("")
