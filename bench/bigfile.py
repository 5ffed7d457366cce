"""One shard of a big file, step by step: seconds, rows a second, peak memory. `make bench-bigfile PACKAGE=FOLDER`.

A file is generated, and the middle one of its ranges is measured and scored, each in a process of its own, on a store
in a folder: what S3 would add is the transfer of the shard and of its parts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scorelet.batch_score import BatchOptions, score_rows
from scorelet.csv_cut import Range, Shard, cut, ranges_of
from scorelet.csv_measure import Measure, measure, reach
from scorelet.file_settings import FileSettings
from scorelet.open_rows import open_shard, read_header
from scorelet.outputs import Wanted
from scorelet.package import load_package
from scorelet.table_form import HEAD_BYTES, Form

from bench.machine import peak_mib
from cli.report import table

MIB = 1 << 20
KINDS = {"numbers": False, "quoted text": True}


def write_file(path: Path, size: int, quoted: bool) -> None:
    """About `size` bytes of five columns; with `quoted`, a sixth of text with line breaks."""
    chance = random.Random(7)
    note = ',"a ""note"" of\nmore than {i} lines"' if quoted else ""
    rows = [
        "{:.1f},{:.1f},{:.1f},{:.1f},{i}".format(*(chance.uniform(0.1, 7.9) for _ in range(4)), i=i) + note.format(i=i)
        for i in range(50_000)
    ]
    block = ("\n".join(rows) + "\n").encode()
    with path.open("wb") as file:
        names = "sepal_length,sepal_width,petal_length,petal_width,id" + (",note" if quoted else "")
        file.write(names.encode() + b"\n")
        while file.tell() < size:
            file.write(block)


def look(path: Path, range_: Range, entry: int | None = None) -> Measure:
    """Measure a range as the function does."""
    base = max(range_.begin - 1, 0)
    with path.open("rb") as file:
        file.seek(base)
        return measure(file.read(range_.end + reach() - base), base, range_.begin, range_.end, entry)


def score(path: Path, shard: Shard, package_folder: Path) -> tuple[int, int]:
    """Score a shard as the function does; its rows, and the bytes of its part."""
    package = load_package(lambda n: (package_folder / n).read_bytes(), expected_digest=None, public_key=None)
    with path.open("rb") as file, tempfile.TemporaryDirectory() as folder:
        header = read_header(file.read(HEAD_BYTES), Form(), FileSettings())
        file.seek(shard.begin)
        body = _Left(file, shard.end - shard.begin)
        options = BatchOptions()
        rows = open_shard(
            header, shard, body, Form(), package.signature, options.file, stretch_bytes=options.stretch_bytes
        )
        found = score_rows(rows, Wanted(), package, Path(folder), options)
        return found.rows_in, (Path(folder) / f"scored{found.output.suffix}").stat().st_size


class _Left:
    def __init__(self, file: Any, left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        fresh: bytes = self._file.read(min(size, self._left))
        self._left -= len(fresh)
        return fresh


def _child(work: Callable[..., Any], arguments: tuple[Any, ...], out: Any) -> None:
    clock = time.perf_counter()
    answer = work(*arguments)
    seconds = time.perf_counter() - clock
    out.send((answer, seconds, peak_mib()))


def measured(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float]:
    """The answer, the seconds and the peak of resident MiB of a call in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, arguments, there))
    process.start()
    there.close()
    found: tuple[Any, float, float] = here.recv()
    process.join()
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("package", type=Path, help="an iris package, as `scorelet train` writes it")
    parser.add_argument("--mib", type=int, default=200)
    parser.add_argument("--shard-mib", type=int, default=32)
    args = parser.parse_args()
    lines = []
    for kind, quoted in KINDS.items():
        with file_of(args.mib * MIB, quoted) as path:
            lines += _rows(kind, path, args.shard_mib * MIB, args.package)
    print(table(("file", "step", "MiB", "rows", "s", "rows/s", "MiB/s", "peak MiB"), lines))


@contextmanager
def file_of(size: int, quoted: bool) -> Iterator[Path]:
    """A generated file that vanishes."""
    with tempfile.TemporaryDirectory() as folder:
        write_file(Path(folder) / "big.csv", size, quoted)
        yield Path(folder) / "big.csv"


def _rows(kind: str, path: Path, shard_bytes: int, package: Path) -> list[tuple[object, ...]]:
    middle, shard, asked = middle_of(path, shard_bytes)
    (rows, _), seconds, peak = measured(score, path, shard, package)
    size = shard.end - shard.begin
    _, looked, looking = measured(look, path, middle)
    return [
        _line(kind, "measure", middle.end - middle.begin, rows, looked, looking),
        _line(kind, f"score ({asked} asked)", size, rows, seconds, peak),
    ]


def middle_of(path: Path, shard_bytes: int) -> tuple[Range, Shard, int]:
    """The middle one of a file's ranges, the shard cut from it, and how many ranges the cuts had read again."""
    ranges = ranges_of(path.stat().st_size, shard_bytes)
    measures = [look(path, r, None if r.number else 0) for r in ranges]
    asked: list[int] = []

    def ask(range_: Range, place: int) -> Measure:
        asked.append(place)
        return look(path, range_, place)

    shards = list(cut(0, ranges, measures, ask))
    middle = ranges[len(ranges) // 2]
    return middle, next(s for s in shards if s.end > middle.begin + 1), len(asked)


def _line(kind: str, step: str, size: int, rows: int, seconds: float, peak: float) -> tuple[object, ...]:
    mib = size / MIB
    speeds = f"{rows / seconds:,.0f}", f"{mib / seconds:.0f}"
    return kind, step, f"{mib:.0f}", f"{rows:,}", f"{seconds:.2f}", *speeds, f"{peak:.0f}"


if __name__ == "__main__":
    main()
