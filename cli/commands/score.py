"""scorelet score: drop a file, wait for its manifest, fetch what came out."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from scorelet.batch_keys import Target as FileTarget
from scorelet.errors import ScoreletError
from scorelet.manifest import MANIFEST_FILE

from cli.progress import Follower, Progress, bar
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
    parser.add_argument(
        "--timeout", type=float, default=900, metavar="SECONDS", help="how long to wait with nothing new (default: 900)"
    )
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
    manifest = _wait(target, args, _drop(client, target.data_bucket, args))
    paths = _fetch(target, manifest, args.out)
    data = {"manifest": manifest, "files": [str(p) for p in paths]}
    text = (
        f"{manifest['rows_in']} rows in = {manifest['rows_scored']} scored + {manifest['rows_rejected']} rejected, "
        f"by version {manifest['model'].get('version')} of {args.model}.\n" + "\n".join(f"  {p}" for p in paths)
    )
    return Report(data, text, exit_code=0 if manifest["status"] == "scored" else 1)


def _drop(client: Any, bucket: str, args: argparse.Namespace) -> str:
    """Upload the file, a big one in several parts; its version id."""
    from boto3.s3.transfer import TransferConfig

    key, config = f"incoming/{args.model}/{args.file.name}", TransferConfig(multipart_threshold=64 << 20)
    client.upload_file(str(args.file), bucket, key, Config=config)
    return str(client.head_object(Bucket=bucket, Key=key)["VersionId"])


def _wait(target: Target, args: argparse.Namespace, version_id: str) -> dict[str, Any]:
    """The manifest of this very upload."""
    store, prefix = target.store(), f"scored/{args.model}/{args.file.name}/"
    if not args.json:
        print(f"Waiting for the manifest of {args.file.name} …", file=sys.stderr)
    follower = Follower(store, target.data_bucket, FileTarget(args.model, args.file.name), version_id)
    seen: set[str] = set()
    with bar(quiet=args.json) as shown:
        before, deadline = Progress(), time.monotonic() + args.timeout
        while time.monotonic() < deadline:
            manifest = _manifest(target, store, prefix, version_id, seen)
            if manifest is not None:
                return manifest
            now = follower.look()
            if now != before:
                before, deadline = now, time.monotonic() + args.timeout
            shown.show(now)
            time.sleep(0.5)
    raise NoManifest(f"no manifest for {args.file.name}, and nothing new, for {args.timeout:g} seconds")


def _manifest(target: Target, store: Any, prefix: str, version_id: str, seen: set[str]) -> dict[str, Any] | None:
    """The manifest of this version, if it is there; `seen` are those of others."""
    for info in store.list(target.data_bucket, prefix):
        if info.key not in seen and info.key.endswith(f"/{MANIFEST_FILE}"):
            seen.add(info.key)
            manifest: dict[str, Any] = json.loads(store.get(target.data_bucket, info.key).body)
            if manifest["source"]["version_id"] == version_id:
                return manifest
    return None


def _fetch(target: Target, manifest: dict[str, Any], out: Path) -> list[Path]:
    folder = out / f"{Path(manifest['source']['key']).stem}-{manifest['run']}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / MANIFEST_FILE]
    paths[0].write_text(json.dumps(manifest, indent=1))
    store = target.store()
    for kind, entries in (("scored", manifest["parts"]), ("rejected", manifest["rejects"])):
        for entry in entries:
            paths.append(folder / f"{kind}-{entry['key'].rpartition('-')[2]}")
            store.download(target.data_bucket, entry["key"], paths[-1])
    return paths
