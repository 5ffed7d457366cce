"""The training table as plain values by column, wherever it comes from.

scikit-learn's sets come as numbers; a CSV file comes as text, and `typed` turns each cell into the value that a JSON
record would hold. From there on training takes a serving path, that of JSON records or that of CSV files.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scorelet.signature import Feature

from training.config import DataConfig
from training.csv_table import read_texts
from training.errors import TableError
from training.infer import infer_feature

Cells = list[object]

# The loader in sklearn.datasets, the name of what it predicts, and options that give raw units.
_SKLEARN = {
    "iris": ("load_iris", {}),
    "wine": ("load_wine", {}),
    "breast_cancer": ("load_breast_cancer", {}),
    "diabetes": ("load_diabetes", {"scaled": False}),
}


@dataclass(frozen=True, slots=True)
class Table:
    """Feature columns by name and the target's, all of length n.

    `labels` is the source's own order of classes; `path` the CSV file, if it came from one.
    """

    columns: dict[str, Cells]
    target: Cells
    source: str
    labels: tuple[str, ...] = ()
    path: Path | None = None


def read(data: DataConfig, target: str, features: Sequence[Feature]) -> Table:
    """The table of a config; raises TableError. `features` type a file's cells; without them types are inferred."""
    if data.sklearn is not None:
        return _from_sklearn(data.sklearn)
    return _from_csv(data.table or Path(), target, features)


def _from_sklearn(name: str) -> Table:
    if name not in _SKLEARN:
        raise TableError(f"scikit-learn's {name!r} is not known here; known are {', '.join(sorted(_SKLEARN))}")
    loader, options = _SKLEARN[name]
    bunch = getattr(importlib.import_module("sklearn.datasets"), loader)(**options)
    columns = {snake_case(n): bunch.data[:, i].tolist() for i, n in enumerate(bunch.feature_names)}
    labels = tuple(str(label) for label in getattr(bunch, "target_names", ()))
    target = [labels[i] for i in bunch.target] if labels else bunch.target.tolist()
    return Table(columns, target, f"sklearn:{name}", labels)


def snake_case(name: str) -> str:
    """A column name without unit or spaces.

    >>> snake_case("sepal length (cm)")
    'sepal_length'
    """
    return re.sub(r"\W+", "_", re.sub(r"\(.*?\)", "", name)).strip("_").lower()


def _from_csv(path: Path, target: str, features: Sequence[Feature]) -> Table:
    texts = read_texts(path, [*(feature.name for feature in features), target])
    if target not in texts:
        raise TableError(f"{path.name} has no column {target!r}; it has {', '.join(texts)}")
    wanted = {feature.name: feature for feature in features} or {
        name: infer_feature(name, texts[name]) for name in texts if name != target
    }
    missing = [name for name in wanted if name not in texts]
    if missing:
        raise TableError(f"{path.name} lacks {', '.join(missing)}; it has {', '.join(texts)}")
    columns: dict[str, Cells] = {n: [typed(f, text) for text in texts[n]] for n, f in wanted.items()}
    return Table(columns, list(texts[target]), f"file:{path.name}", path=path)


def typed(feature: Feature, text: str) -> object:
    """A CSV cell as the value that a JSON record would hold. Empty is None; what cannot be read stays text.

    >>> typed(Feature("age", "int"), "41"), typed(Feature("member", "bool"), "true"), typed(Feature("x", "float"), "")
    (41, True, None)
    """
    if feature.type == "category":
        return text or None
    text = text.strip()
    if text == "":
        return None
    if feature.type == "bool":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if "_" in text:  # Python reads 1_000 as a number; nobody who writes a CSV file means that
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if feature.type == "int" and number.is_integer() else number
