"""The model card: one HTML file without anything external, made from the manifest and the held-out answers."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from scorelet.manifest import Manifest
from scorelet.predict import Predictions
from scorelet.signature import Feature

from training import charts
from training.data import Dataset
from training.page import STYLE, counted, figure, number, tile

TEMPLATE = Path(__file__).parent / "templates" / "report.html"

_WORDS = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "roc_auc": "ROC AUC",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "r2": "R²",
}
_SHARES = {"accuracy", "macro_f1", "roc_auc"}  # these lie between 0 and 1, 1 being best


@dataclass(frozen=True, slots=True)
class Answered:
    """Rows and the answers to them, from a model that had not seen them."""

    rows: Dataset
    answers: Predictions


def render(manifest: Manifest, learn: Answered, held_out: Answered) -> str:
    """The page. Every text that comes from data or a config is escaped."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        style=STYLE,
        name=escape(manifest.name),
        summary=_summary(manifest),
        tiles=_tiles(manifest),
        metrics_note=_metrics_note(manifest),
        metrics=_metrics(manifest),
        figures=_figures(manifest, learn, held_out),
        parity_note=_parity_note(manifest),
        parity=_parity(manifest),
        ops="".join(_op(op) for op in manifest.quantization["ops"]),
        signature=_signature(learn.rows),
        limits=_limits(manifest),
        lineage=_lineage(manifest),
    )


def _summary(manifest: Manifest) -> str:
    signature = manifest.signature
    what = f"predicts {escape(signature.target)}"
    if signature.labels:
        what += f" ({escape(', '.join(signature.labels))})"
    return f"{signature.task}: {what} from {len(signature.features)} features. Made {escape(manifest.created)}."


def _tiles(manifest: Manifest) -> str:
    found = manifest.metrics["held_out"]["metrics"]
    tiles = [_tile(_WORDS[name], entry) for name, entry in list(found.items())[:3]]
    chosen = _chosen(manifest)
    tiles.append(tile("Size as served", f"{chosen['size_bytes']:,} B", chosen["scheme"]))
    return "".join(tiles)


def _tile(word: str, entry: dict[str, float | None]) -> str:
    low, high = number(entry["low"]), number(entry["high"])
    interval = "no error seen" if entry["low"] is None else f"95 %: {low} to {high}"
    return tile(f"{word}, held out", number(entry["value"]), interval)


def _metrics_note(manifest: Manifest) -> str:
    held, folds = manifest.metrics["held_out"], manifest.metrics["out_of_fold"]
    return (
        f"Answers of the model as it is served, to {held['rows']} rows that were held out before training, and "
        f"out-of-fold answers to the {folds['rows']} training rows ({folds['folds']} folds, each by a model that had "
        f"not seen them). Bars are intervals: {escape(manifest.metrics['interval'])}."
    )


def _metrics(manifest: Manifest) -> str:
    held, folds = (manifest.metrics[part]["metrics"] for part in ("held_out", "out_of_fold"))
    rows = "".join(_metric_row(name, held[name], folds[name]) for name in held)
    head = "<th>Metric</th><th class='n'>Held out</th><th></th><th class='n'>Out of fold</th><th></th>"
    return f"<table><tr>{head}</tr>{rows}</table>"


def _metric_row(name: str, held: dict[str, Any], folds: dict[str, Any]) -> str:
    ends = [entry[end] for entry in (held, folds) for end in ("low", "high") if entry[end] is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if name in _SHARES:
        low, high = min(low, 0.8), 1.0
    cells = "".join(
        f"<td class='n'>{number(e['value'])}</td><td>{_whisker(e, (low, high))}</td>" for e in (held, folds)
    )
    return f"<tr><td>{_WORDS[name]}</td>{cells}</tr>"


def _whisker(entry: dict[str, Any], span: tuple[float, float]) -> str:
    if None in entry.values():
        return ""
    return charts.whisker(entry["value"], entry["low"], entry["high"], span)


def _figures(manifest: Manifest, learn: Answered, held_out: Answered) -> str:
    if manifest.signature.task == "regression":
        note = "On the line the prediction is exact."
        return figure("Predicted and actual, held out", note, _scatter(held_out)) + figure(
            "Predicted and actual, out of fold", note, _scatter(learn)
        )
    tables = "".join(
        f"<h3>{title}</h3>{counted(manifest.signature.labels, manifest.metrics[part]['confusion'])}"
        for part, title in (("held_out", "Held out"), ("out_of_fold", "Out of fold"))
    )
    return figure("Confusion", "Rows are the truth, columns the answer.", tables) + figure(
        "Reliability, out of fold",
        "On the line, what is called 80 % likely happens 8 times in 10. Larger dots stand for more answers.",
        _reliability(learn),
    )


def _scatter(answered: Answered) -> str:
    predicted = answered.answers.score.astype(np.float64)
    return charts.scatter(predicted, answered.rows.target, "predicted", "actual")


def _reliability(answered: Answered) -> str:
    """Every class's probabilities together; of a binary model the positive class's."""
    labels, outputs = answered.rows.signature.labels, answered.answers.outputs.astype(np.float64)
    columns = [1] if len(labels) == 2 else range(len(labels))
    given = np.concatenate([outputs[:, column] for column in columns])
    happened = np.concatenate([(answered.rows.target == column).astype(np.float64) for column in columns])
    return charts.reliability(given, happened)


def _chosen(manifest: Manifest) -> dict[str, Any]:
    quantization = manifest.quantization
    row: dict[str, Any] = next(r for r in quantization["parity"] if r["scheme"] == quantization["scheme"])
    return row


def _parity_note(manifest: Manifest) -> str:
    gates, chosen = manifest.quantization["gates"], _chosen(manifest)
    unit = " standard deviations of the target" if manifest.signature.task == "regression" else ""
    return (
        f"Against the Keras model, on {chosen['rows']} rows, through the served path. Wanted: {gates['scheme']}. "
        f"Gates: quality may drop by {gates['largest_accuracy_drop']:g}, an output may differ by "
        f"{gates['largest_output_difference']:g}{unit}. Served: <b>{chosen['scheme']}</b>."
    )


def _parity(manifest: Manifest) -> str:
    regression = manifest.signature.task == "regression"
    quality = "R²" if regression else "Accuracy"
    heads = ["Scheme", "Size", quality, "Label flips", "Largest difference", "Mean difference", "Gates"]
    if regression:
        heads.remove("Label flips")
    head = "".join(f"<th{'' if h in ('Scheme', 'Gates') else ' class=n'}>{h}</th>" for h in heads)
    body = "".join(
        _parity_row(row, row["scheme"] == _chosen(manifest)["scheme"], regression)
        for row in manifest.quantization["parity"]
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _parity_row(row: dict[str, Any], is_chosen: bool, regression: bool) -> str:
    gates = "<span class='ok'>pass</span>"
    if row["failed_gates"]:
        gates = f"<span class='no'>{escape('; '.join(row['failed_gates']))}</span>"
    figures = [f"{row['size_bytes']:,} B", number(row["quality"])]
    figures += [] if regression else [str(row["label_flips"])]
    figures += [number(row["largest_difference"]), number(row["mean_difference"])]
    cells = "".join(f"<td class='n'>{figure}</td>" for figure in figures)
    return f"<tr{' class=chosen' if is_chosen else ''}><td>{row['scheme']}</td>{cells}<td>{gates}</td></tr>"


def _op(op: str) -> str:
    name, _, kind = op.partition(":")
    return f"<code class='{escape(kind)}'>{escape(name)} {escape(kind)}</code>"


def _signature(learn: Dataset) -> str:
    rows = "".join(_feature_row(learn, i, feature) for i, feature in enumerate(learn.signature.features))
    head = "<th>Feature</th><th>Accepts</th><th>Null becomes</th><th class='n'>Median</th><th>Training rows</th>"
    return f"<table><tr>{head}</tr>{rows}</table>"


def _feature_row(learn: Dataset, index: int, feature: Feature) -> str:
    values = learn.matrix[~learn.imputed[:, index], index]
    filler = escape(str(feature.imputation)) if feature.nullable else "rejected"
    if feature.type in ("category", "bool"):
        counts = np.bincount(values.astype(np.int64), minlength=len(feature.categories) or 2)
        middle = ""
    else:
        counts, middle = np.histogram(values, bins=24)[0], number(float(np.median(values)))
    return (
        f"<tr><td><code>{escape(feature.name)}</code></td><td>{escape(feature.expected())}</td><td>{filler}</td>"
        f"<td class='n'>{middle}</td><td>{charts.bars(counts.tolist())}</td></tr>"
    )


def _limits(manifest: Manifest) -> str:
    words = (
        f"Learned from {manifest.metrics['out_of_fold']['rows']} rows; the intervals above say how much that tells. "
        "Answers to records unlike the training rows are extrapolation, even inside the accepted ranges; monitoring "
        "compares live records with the training rows for that reason."
    )
    if manifest.signature.task != "regression" and manifest.calibration is None:
        words += " Probabilities are the network's own: nothing calibrates them afterwards."
    return words


def _lineage(manifest: Manifest) -> str:
    lineage = manifest.lineage
    git, network = lineage["git"], lineage["config"]["model"]
    code = "not a git checkout" if git is None else git["revision"] + ("" if git["clean"] else " with local changes")
    entries = {
        "Data": f"{lineage['data']['source']}, {lineage['data']['rows']} rows, {lineage['data']['digest']}",
        "Code": code,
        "Libraries": ", ".join(f"{name} {version}" for name, version in lineage["libraries"].items()),
        "Seed": str(lineage["seed"]),
        "Network": f"hidden layers {network['hidden']}, {network['epochs']} epochs",
    }
    return "".join(f"<dt>{name}</dt><dd><code>{escape(text)}</code></dd>" for name, text in entries.items())
