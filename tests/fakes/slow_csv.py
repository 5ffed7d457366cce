"""The rules of scorelet.csv_scan once more, byte by byte and plainly: what the fast reader is checked against."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SlowRecord:
    byte: int
    line: int
    raw: bytes
    fault: str
    columns: int


def slow_records(data: bytes, longest: int, delimiter: str = ",") -> list[SlowRecord]:
    """Every record of the file, the header included."""
    found, position, line = [], 0, 1
    text = data if data.endswith(b"\n") or not data else data + b"\n"
    while position < len(text):
        end, columns, fault = _sound_record(text, position, ord(delimiter))
        if end < 0 or len(_content(text, position, end)) > longest:
            end, columns, fault = text.index(b"\n", position), 0, "bad_quoting"
        raw = _content(text, position, end)
        found.append(SlowRecord(position, line, raw[:longest], _fault(raw, fault, longest), columns))
        line += text.count(b"\n", position, end + 1)
        position = end + 1
    return found


def _content(text: bytes, start: int, end: int) -> bytes:
    return text[start : end - 1] if end > start and text[end - 1] == 13 else text[start:end]


def _fault(raw: bytes, fault: str, longest: int) -> str:
    if len(raw) > longest:
        return "too_long"
    if fault == "bad_quoting":
        return fault
    try:
        raw.decode()
    except UnicodeDecodeError:
        return "bad_encoding"
    return fault


def _sound_record(text: bytes, position: int, delimiter: int) -> tuple[int, int, str]:
    """Where the record's LF is (-1: its quotes are at fault), how many fields it has, a stray CR or none."""
    columns, fault = 1, "none"
    while True:
        if text[position : position + 1] == b'"':
            position = _after_quoted(text, position + 1, delimiter)
            if position < 0:
                return -1, 0, "bad_quoting"
        else:
            while text[position] not in (34, 10, delimiter):
                if text[position] == 13 and text[position + 1 : position + 2] != b"\n":
                    fault = "bad_line_end"
                position += 1
        if text[position] == 10:
            return position, columns, fault
        if text[position] == 34:
            return -1, 0, "bad_quoting"
        columns += 1
        position += 1


def _after_quoted(text: bytes, position: int, delimiter: int) -> int:
    """The delimiter or LF after a quoted field, -1 where the field does not end as it should."""
    while True:
        position = text.find(b'"', position) + 1
        if position == 0:
            return -1
        if text[position : position + 1] == b'"':
            position += 1
        elif text[position : position + 2] == b"\r\n":
            return position + 1
        else:
            return position if text[position] in (delimiter, 10) else -1
