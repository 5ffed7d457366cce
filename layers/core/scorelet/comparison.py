"""Runs of a version that somebody asked for, to compare it with another: they are no traffic, and are counted nowhere.

An object asks by its metadata, `x-amz-meta-scorelet-version: 7`: it is no setting of the file, and stands nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scorelet.file_settings import METADATA, VERSION, BadSettings

PURPOSE, COMPARISON = "purpose", "comparison"


def asked_version(metadata: Mapping[str, str]) -> int | None:
    """The version that an object asks for, or None; raises BadSettings for what is no version's number.

    >>> asked_version({"scorelet-version": "7"}), asked_version({"scorelet-id": "who"})
    (7, None)
    """
    text = metadata.get(VERSION)
    if text is not None and not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise BadSettings(f"version is {text!r}, not the number of a version (in {METADATA})")
    return None if text is None else int(text)


def purpose_of(asked: bool) -> dict[str, str]:
    """What marks a run's settings and its manifest: nothing for an ordinary run."""
    return {PURPOSE: COMPARISON} if asked else {}


def is_comparison(manifest: Mapping[str, Any]) -> bool:
    """Whether a run's manifest is that of a comparison."""
    return manifest.get(PURPOSE) == COMPARISON
