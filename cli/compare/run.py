"""One run as it lies on disk: who scored, with which settings, and the files that came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.batch import file_settings_of
from scorelet.errors import ScoreletError
from scorelet.file_settings import FileSettings
from scorelet.signature import Signature
from scorelet.table_form import CSV, HEAD_BYTES, Form, find_form


class Incomparable(ScoreletError):
    """Two runs whose rows cannot be put side by side."""

    code = "incomparable"
    remedy = "Both runs are complete, each for itself: look at their manifests."


@dataclass(frozen=True, slots=True)
class Run:
    """What a version made of a source. `scored` and `rejected` are its parts in their order."""

    version: int
    signature: Signature
    manifest: Mapping[str, Any]
    scored: tuple[Path, ...]
    rejected: tuple[Path, ...]

    @property
    def settings(self) -> FileSettings:
        """How the source was read."""
        return file_settings_of(self.manifest["settings"])

    def form(self, source: Path) -> Form:
        """What the run took the source for."""
        with source.open("rb") as file:
            return find_form(file.read(HEAD_BYTES), self.settings, self.signature.names)

    def written(self, form: Form) -> tuple[str, bool]:
        """The format of the scored files, and whether what looks like a formula was guarded there."""
        settings = self.settings
        output = settings.output or form.output
        return output, settings.escape_formulas and output.startswith(CSV)


def common_form(source: Path, before: Run, after: Run) -> Form:
    """The form that both runs read the source in; raises Incomparable."""
    forms = [(run.form(source), run.settings.header) for run in (before, after)]
    if forms[0] != forms[1]:
        raise Incomparable(
            f"versions {before.version} and {after.version} read the file in different ways",
            remedy="Say how it is to be read, such as --set delimiter=semicolon: docs/batch-files.md.",
        )
    if (before.signature.task == "regression") != (after.signature.task == "regression"):
        raise Incomparable("one version answers with a number, the other with a label")
    return forms[0][0]
