"""Which of many dropped files have their manifest: told by the listing of scored/, and looked up only in doubt.

A manifest lies under the id of its run, which the listing of the dropped file does not tell. But a file that overwrote
nothing is done if any manifest lies in its folder. Of others, the manifests say which version they are about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from scorelet.batch_keys import MANIFEST, output_folder, target_of
from scorelet.store import ListingStore, ObjectInfo, ObjectState

READERS = 16
PAGE = 1_000  # keys that S3 lists in one call
SCORED = "scored/"


def not_done(store: ListingStore, bucket: str, dropped: Sequence[ObjectState]) -> list[ObjectState]:
    """Those without a manifest, in order. Takes a call for a page of outputs, not for a file."""
    folders = {output_folder("scored", target_of(state.key)): state for state in dropped}
    newest, seen_to = _newest_manifests(store, bucket, sorted(folders))

    def is_done(folder: str) -> bool:
        state = folders[folder]
        is_seen = seen_to is None or (folder < seen_to and not seen_to.startswith(folder))
        if newest[folder] >= state.modified:
            # in a bucket without versions, what is alone may have overwritten something
            return (state.alone and state.version_id is not None) or _has_manifest(store, bucket, folder, state)
        return not is_seen and _has_manifest(store, bucket, folder, state)

    with ThreadPoolExecutor(READERS) as pool:
        return [state for state, done in zip(folders.values(), pool.map(is_done, folders), strict=True) if not done]


def _newest_manifests(
    store: ListingStore, bucket: str, folders: Sequence[str]
) -> tuple[Mapping[str, float], str | None]:
    """When the newest manifest of each folder was written, and the key up to which this is known; None: for all.

    The listing goes from the first folder to the last. What lies between may be years of other files, so it ends when
    it has taken as long as to look each of them up, many at a time.
    """
    newest: dict[str, float] = dict.fromkeys(folders, -1.0)
    if not folders:
        return newest, None
    listing, most = store.list(bucket, SCORED, folders[0]), PAGE * (1 + len(folders) // READERS)
    info = None
    for info in islice(listing, most):
        if info.key > folders[-1] and not info.key.startswith(folders[-1]):
            return newest, None
        folder = _folder_of_manifest(info)
        if folder in newest:
            newest[folder] = max(newest[folder], info.modified)
    is_cut_off = info is not None and next(listing, None) is not None
    return newest, info.key if info is not None and is_cut_off else None


def _has_manifest(store: ListingStore, bucket: str, folder: str, state: ObjectState) -> bool:
    """Whether a manifest is about this very state. None is older than what it is about, so older ones are not read."""
    for info in _manifests_in(store, bucket, folder):
        if info.modified >= state.modified:
            source = json.loads(store.get(bucket, info.key).body)["source"]
            if (source["key"], source["version_id"] or source["etag"]) == (state.key, state.version_id or state.etag):
                return True
    return False


def _manifests_in(store: ListingStore, bucket: str, folder: str) -> Iterator[ObjectInfo]:
    """Those of the file itself; a file `a` may have neighbours `a/b`."""
    return (info for info in store.list(bucket, folder) if _folder_of_manifest(info) == folder)


def _folder_of_manifest(info: ObjectInfo) -> str | None:
    """`scored/iris/a.csv/` of `scored/iris/a.csv/<run>/manifest.json`."""
    folder, _, file = info.key.rpartition("/")
    return f"{folder.rpartition('/')[0]}/" if file == MANIFEST else None
