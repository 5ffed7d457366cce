"""scorelet score: drop a file, wait for its manifest, fetch what came out."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from scorelet.errors import ScoreletError
from scorelet.manifest import MANIFEST_FILE

from cli.report import Report, describe
from cli.target import Target, add_target_options, find_target


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands,
        "score",
        run,
        summary=summary,
        example="scorelet score flowers.csv --model iris --out results --local",
    )
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--model", required=True, metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path(), help="where to put the results (default: here)")
    parser.add_argument("--timeout", type=float, default=900, metavar="SECONDS", help="default: 900")
    add_target_options(parser)


class NoManifest(ScoreletError):
    """The file was dropped but its manifest has not come yet."""

    code = "no_manifest"
    remedy = "Look at the dead-letter queue and the log of the batch function; nothing of the file is lost."


def run(args: argparse.Namespace) -> Report:
    """Upload, follow, download."""
    if not args.file.is_file():
        raise ScoreletError(f"{args.file} is not a file", remedy="Give the path of a CSV file.")
    target = find_target(args)
    client = target.client("s3")
    with args.file.open("rb") as body:
        put = client.put_object(Bucket=target.data_bucket, Key=f"incoming/{args.model}/{args.file.name}", Body=body)
    manifest = _wait(target, args, put["VersionId"])
    paths = _fetch(target, manifest, args.out)
    data = {"manifest": manifest, "files": [str(p) for p in paths]}
    text = (
        f"{manifest['rows_in']} rows in = {manifest['rows_scored']} scored + {manifest['rows_rejected']} rejected, "
        f"by version {manifest['model'].get('version')} of {args.model}.\n" + "\n".join(f"  {p}" for p in paths)
    )
    return Report(data, text, exit_code=0 if manifest["status"] == "scored" else 1)


def _wait(target: Target, args: argparse.Namespace, version_id: str) -> dict[str, Any]:
    """The manifest of this very upload."""
    store, prefix = target.store(), f"scored/{args.model}/{args.file.name}/"
    if not args.json:
        print(f"Waiting for the manifest of {args.file.name} …", file=sys.stderr)
    deadline = time.monotonic() + args.timeout
    seen: set[str] = set()
    while time.monotonic() < deadline:
        for info in store.list(target.data_bucket, prefix):
            if info.key in seen or not info.key.endswith(f"/{MANIFEST_FILE}"):
                continue
            seen.add(info.key)
            manifest: dict[str, Any] = json.loads(store.get(target.data_bucket, info.key).body)
            if manifest["source"]["version_id"] == version_id:
                return manifest
        time.sleep(0.5)
    raise NoManifest(f"no manifest for {args.file.name} within {args.timeout:g} seconds")


def _fetch(target: Target, manifest: dict[str, Any], out: Path) -> list[Path]:
    folder = out / f"{Path(manifest['source']['key']).stem}-{manifest['run']}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / MANIFEST_FILE]
    paths[0].write_text(json.dumps(manifest, indent=1))
    store = target.store()
    for kind, entries in (("scored", manifest["parts"]), ("rejected", manifest["rejects"])):
        for number, entry in enumerate(entries):
            paths.append(folder / f"{kind}-{number:05d}.csv")
            store.download(target.data_bucket, entry["key"], paths[-1])
    return paths
