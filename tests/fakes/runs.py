"""Runs of two versions over one file, as `scorelet score` fetches them: scored and reject files, in parts."""

from pathlib import Path

from scorelet.batch_score import BatchOptions, score_file
from scorelet.file_settings import FileSettings
from scorelet.package import ModelPackage

from cli.compare.run import Run

NO_SETTINGS = FileSettings()


def run_of(
    source: Path, package: ModelPackage, folder: Path, settings: FileSettings = NO_SETTINGS, rows_a_part: int = 0
) -> Run:
    """Score the file into a folder; CSV outputs are cut into parts of so many rows."""
    folder.mkdir()
    options = BatchOptions(threads=1, file=settings)
    totals = score_file(source, package, folder, options)
    manifest = {
        "settings": options.settings(),
        "rows_in": totals.rows_in,
        "rows_scored": totals.rows_scored,
        "model": {"name": package.manifest.name, "version": package.manifest.version},
        "source": {"key": f"incoming/tiny/_compare/0/{source.name}"},
    }
    scored, rejected = folder / f"scored{totals.output.suffix}", folder / "rejected.csv"
    parts = [parted(p, rows_a_part) if rows_a_part and p.suffix == ".csv" else (p,) for p in (scored, rejected)]
    return Run(package.manifest.version, package.signature, manifest, *parts)


def parted(path: Path, rows: int) -> tuple[Path, ...]:
    """The file in several, each with its header, as the shards of a big file leave it."""
    header, *records = sound_records(path.read_bytes())
    paths = []
    for first in range(0, max(1, len(records)), rows):
        paths.append(path.with_name(f"{path.stem}-{first:05d}.csv"))
        paths[-1].write_bytes(b"".join([header, *records[first : first + rows]]))
    return tuple(paths)


def sound_records(body: bytes) -> list[bytes]:
    """Records none of which is at fault: a line end counts where the quotes before it are even in number."""
    found, record = [], b""
    for line in body.splitlines(keepends=True):
        record += line
        if record.count(b'"') % 2 == 0:
            found.append(record)
            record = b""
    return found
