"""The licences of what is deployed and of what develops it, from each distribution's own metadata.

python tools/licences.py TITLE=FOLDER...    print a Markdown list of the distributions in each folder
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions

# What may be in a layer: licences that ask for no more than to be kept with the code, and MPL-2.0, which asks besides
# that changed files of its own stay open. Nothing here is changed.
ALLOWED = {"MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Zlib", "CC0-1.0", "PSF-2.0"}
ALLOWED |= {"MPL-2.0"}
# In the locks of the layers, and removed when they are built (layers/build.mk).
TRIMMED = {"backports-strenum", "flatbuffers", "ml-dtypes", "protobuf", "pycparser", "tqdm"}
_SPDX = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def licence(distribution: Distribution) -> str:
    """An SPDX expression where the metadata gives one, else what its classifiers or its licence field say."""
    about = distribution.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    named = sorted({_SPDX.get(c, c) for c in classifiers if c != "OSI Approved"})
    return " AND ".join(named) or (about["License"].splitlines()[0] if "License" in about else "unknown")


def is_allowed(expression: str) -> bool:
    """Whether a layer may hold it: every part joined by AND, one of those joined by OR.

    >>> [is_allowed(e) for e in ("Apache-2.0 OR GPL-3.0", "MIT AND GPL-3.0", "unknown")]
    [True, False, False]
    """
    parts = re.sub(r"[()]", "", expression).split(" AND ")
    return all(any(choice.strip() in ALLOWED for choice in part.split(" OR ")) for part in parts)


def plain(name: str) -> str:
    """A distribution's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def rows(folders: list[str]) -> list[str]:
    """One line for each distribution in the folders."""
    found = {plain(d.name): d for d in distributions(path=folders)}
    return [f"| {name} | {d.version} | {licence(d)} |" for name, d in sorted(found.items())]


def main(arguments: list[str]) -> None:
    """Print the lists."""
    titles: dict[str, list[str]] = {}
    for argument in arguments:
        title, _, folder = argument.partition("=")
        titles.setdefault(title, []).append(folder)
    for title, folders in titles.items():
        print(f"## {title}\n\n| distribution | version | licence |\n|---|---|---|", *rows(folders), "", sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
