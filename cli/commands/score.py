"""scorelet score: drop a file or a folder of files, wait for every manifest, fetch what came out."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.batch_keys import Target as FileTarget
from scorelet.batch_keys import output_folder
from scorelet.errors import ScoreletError
from scorelet.file_settings import (
    DELIMITERS,
    METADATA_PREFIX,
    SETTINGS_FILE,
    VERSION,
    BadSettings,
    from_metadata,
    from_toml,
    read_values,
    to_metadata,
)

from cli.drop import Dropped, drop, fetch, wait
from cli.progress import bar
from cli.report import Report, describe
from cli.target import Target, add_target_options, find_target

MOST_METADATA_BYTES = 2048  # S3's limit for names and values together


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands,
        "score",
        run,
        summary=summary,
        example="scorelet score flowers.csv --model iris --set id=flower --out results --local",
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        type=_place,
        help=f"a file, or a folder of files with or without a {SETTINGS_FILE}; with --version also s3://BUCKET/KEY",
    )
    parser.add_argument("--model", required=True, metavar="NAME")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="how the file is to be read, such as delimiter=semicolon; may be repeated (docs/batch-files.md)",
    )
    parser.add_argument(
        "--version", type=int, metavar="V", help="score with this version and with another, and compare the answers"
    )
    parser.add_argument("--against", type=int, metavar="W", help="the other version (default: the live one)")
    parser.add_argument("--out", type=Path, default=Path(), help="where to put the results (default: here)")
    parser.add_argument(
        "--timeout", type=float, default=900, metavar="SECONDS", help="how long to wait with nothing new (default: 900)"
    )
    add_target_options(parser)
    parser.set_defaults(bad_usage=parser.error)


def _place(text: str) -> Path | str:
    """A path here, or the address of an object."""
    return text if text.startswith("s3://") else Path(text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: a manifest and what was fetched, or an error."""

    path: Path
    manifest: dict[str, Any]
    fetched: tuple[Path, ...] = ()
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether the file was scored, with no more rejects than allowed."""
        return not self.error and self.manifest["status"] == "scored"

    def told(self) -> str:
        """One line for a person."""
        found = self.manifest
        if self.error or found["status"] == "unreadable":
            return self.error or f"{found['error']['code']}: {found['error']['reason']}"
        counts = f"{found['rows_in']} rows in = {found['rows_scored']} scored + {found['rows_rejected']} rejected"
        return counts if self.done else f"{counts}: {found['status']}"

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "file": str(self.path),
            "manifest": self.manifest,
            "files": [str(p) for p in self.fetched],
            "error": self.error,
        }


def run(args: argparse.Namespace) -> Report:
    """Check, upload, follow, download."""
    if args.version is not None:
        return _compare(args)
    if args.against is not None or isinstance(args.file, str):
        args.bad_usage("--against and s3:// need --version")
    files = _files(args.file, args.model)
    metadata = to_metadata(_settings(args.set))
    target = find_target(args)
    dropped = _drop(target, files, metadata, args)
    tables = [file for file in dropped if file.path.name != SETTINGS_FILE]
    outcomes = [_follow(target, file, args) for file in tables]
    return _report_one(outcomes[0], args) if args.file.is_file() else _report_all(outcomes, args)


def _compare(args: argparse.Namespace) -> Report:
    """Score the one input with two versions, and compare."""
    from cli.compare.words import told  # reads tables: not for those who only drop
    from cli.compare_versions import Question, compare_versions
    from cli.compared_input import find_input

    settings = _settings(args.set)
    target = find_target(args)
    source = find_input(target, args.file, args.model)
    question = Question(args.model, args.version, args.against, settings, args.out, args.timeout, quiet=args.json)
    found, files = compare_versions(target, source, question)
    text = told(found) + "\n" + "\n".join(f"  {path}" for path in files)
    return Report({"comparison": found.to_json(), "files": [str(path) for path in files]}, text)


def _files(path: Path, model: str) -> list[tuple[Path, FileTarget]]:
    """What to drop and under which names, settings files first; raises ScoreletError."""
    if path.is_file() and path.name != SETTINGS_FILE:
        return [(path, FileTarget(model, path.name))]
    found = sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path)))
    found.sort(key=lambda p: p.name != SETTINGS_FILE)
    if not any(p.name != SETTINGS_FILE for p in found):
        raise ScoreletError(
            f"{path} is no file and no folder of files to score", remedy="Give the path of a table or a folder."
        )
    for settings in (p for p in found if p.name == SETTINGS_FILE):
        try:
            read_values(from_toml(settings.read_bytes()))
        except BadSettings as error:
            raise BadSettings(f"{settings}: {error}", remedy="Nothing was dropped.") from error
    folder = path.resolve().name
    return [(p, FileTarget(model, f"{folder}/{p.relative_to(path).as_posix()}")) for p in found]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _settings(given: Sequence[str]) -> dict[str, Any]:
    """The settings of --set; raises BadSettings before anything is dropped."""
    try:
        pairs = [pair.partition("=") for pair in given]
        if not all(parted for _, parted, _ in pairs):
            raise BadSettings("--set needs SETTING=VALUE, or SETTING= for the default")
        if any(METADATA_PREFIX + name.lower() == VERSION for name, _, _ in pairs):
            raise BadSettings("the version is no setting; say --version")
        values = read_values(from_metadata({METADATA_PREFIX + name: value for name, _, value in pairs}))
        if sum(len(name) + len(value) for name, value in to_metadata(values).items()) > MOST_METADATA_BYTES:
            raise BadSettings(f"the settings take more than {MOST_METADATA_BYTES} bytes, which S3 does not store")
        return values
    except BadSettings as error:
        raise BadSettings(
            str(error),
            remedy=f"Nothing was dropped. docs/batch-files.md has all settings; long ones go into {SETTINGS_FILE}.",
        ) from error


def _drop(
    target: Target, files: Sequence[tuple[Path, FileTarget]], metadata: dict[str, str], args: argparse.Namespace
) -> list[Dropped]:
    dropped: list[Dropped] = []
    try:
        with bar(quiet=args.json) as shown:
            dropped.extend(drop(target, path, name, metadata, shown) for path, name in files)
    except KeyboardInterrupt:
        _tell(f"\nThe upload was taken back. Files dropped before: {len(dropped)}.", args)
        raise
    return dropped


def _tell(words: str, args: argparse.Namespace) -> None:
    if not args.json:
        print(words, file=sys.stderr)


def _follow(target: Target, file: Dropped, args: argparse.Namespace) -> Outcome:
    _tell(f"Waiting for the manifest of {file.target.name} …", args)
    try:
        with bar(quiet=args.json) as shown:
            manifest = wait(target, file, args.timeout, shown)
        with bar(quiet=args.json) as shown:
            return Outcome(file.path, manifest, tuple(fetch(target, manifest, args.out, shown)))
    except KeyboardInterrupt:
        where = f"s3://{target.data_bucket}/{output_folder('scored', file.target)}"
        _tell(f"\nNobody waits any more, but what was dropped is scored all the same: {where}", args)
        raise
    except ScoreletError as error:
        if args.file.is_file():
            raise
        return Outcome(file.path, {}, error=f"{error.code}: {error}")


def _report_one(one: Outcome, args: argparse.Namespace) -> Report:
    version = one.manifest["model"].get("version")
    by = f", by version {version} of {args.model}" if one.manifest["status"] != "unreadable" else ""
    text = f"{one.told()}{by}.\n" + "\n".join([*_read_as(one.manifest), *(f"  {p}" for p in one.fetched)])
    data = {"manifest": one.manifest, "files": [str(p) for p in one.fetched]}
    return Report(data, text, exit_code=0 if one.done else 1)


def _read_as(manifest: Mapping[str, Any]) -> list[str]:
    """How the file was read, where that could be told."""
    found = manifest.get("read_as")
    if not found:
        return []
    words = [found["format"] + (f" in {found['compression']}" if found["compression"] else "")]
    words += [f"delimiter {name}" for name, delimiter in DELIMITERS.items() if delimiter == found["delimiter"]]
    words += ["no header"] if found["header"] is False else []
    return [f"Read as {', '.join(words)}."]


def _report_all(outcomes: Sequence[Outcome], args: argparse.Namespace) -> Report:
    """The sums, and one line for each file that was not scored."""
    counts = {n: sum(one.manifest.get(n, 0) for one in outcomes) for n in ("rows_in", "rows_scored", "rows_rejected")}
    failed = [one for one in outcomes if not one.done]
    lines = [
        f"{len(outcomes)} files, {len(failed)} of them not scored: {counts['rows_in']} rows in = "
        f"{counts['rows_scored']} scored + {counts['rows_rejected']} rejected. The results are in {args.out}.",
        *(f"  {one.path}: {one.told()}" for one in failed),
    ]
    data = {**counts, "files": [one.to_json() for one in outcomes], "failed": [str(one.path) for one in failed]}
    return Report(data, "\n".join(lines), exit_code=1 if failed else 0)
