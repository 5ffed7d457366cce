"""A training run as its TOML file describes it, read into frozen dataclasses.

All mistakes of a file are found together: `load` raises one ConfigError that lists them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from scorelet.file_settings import BadSettings, FileSettings
from scorelet.signature import Feature, Task

from training.config_reader import Section
from training.errors import ConfigError

SCHEMES = ("int8", "float16", "dynamic", "float32")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where the table comes from: a data set that ships with scikit-learn, or a file."""

    sklearn: str | None = None
    table: Path | None = None


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The network and how it is fitted."""

    hidden: tuple[int, ...] = (32, 16)
    epochs: int = 60
    learning_rate: float = 0.01
    batch_size: int = 32
    seed: int = 7


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """How honest figures are made: folds of the training rows, a held-out share, bootstrap resamples."""

    folds: int = 5
    test_share: float = 0.2
    resamples: int = 1000


@dataclass(frozen=True, slots=True)
class QuantizationConfig:
    """The scheme that is wanted, and the gates it must pass against the Keras model.

    A difference is absolute for probabilities, and in standard deviations of the target for a regression.
    """

    scheme: str = "int8"
    largest_accuracy_drop: float = 0.01
    largest_output_difference: float = 0.1


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """One training run. Features are inferred from the table when `features` is empty."""

    name: str
    task: Task
    target: str
    data: DataConfig
    labels: tuple[str, ...] = ()
    threshold: float = 0.5
    features: tuple[Feature, ...] = ()
    model: ModelConfig = field(default_factory=ModelConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    quantization: QuantizationConfig = field(default_factory=QuantizationConfig)
    baseline_bins: int = 10
    files: FileSettings = field(default_factory=FileSettings)


def load(path: Path) -> TrainingConfig:
    """Read a config file; a table's path is relative to it. Raises ConfigError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [f"is not TOML: {error}"]) from error
    return parse(document, source=str(path), folder=path.parent)


def parse(document: Mapping[str, Any], *, source: str = "config", folder: Path = Path()) -> TrainingConfig:
    """Read a config document; raises ConfigError that lists every mistake."""
    mistakes: list[str] = []
    top = Section(document, "", mistakes)
    config = TrainingConfig(
        name=top.text("name", pattern=r"[a-z0-9][a-z0-9_-]{0,62}"),
        task=top.choice("task", get_args(Task)),
        target=top.text("target"),
        labels=top.texts("labels"),
        threshold=top.number("threshold", 0.5, above=0, below=1),
        data=_data(top.section("data", required=True), folder),
        features=top.features("features"),
        model=_model(top.section("model")),
        evaluation=_evaluation(top.section("evaluation")),
        quantization=_quantization(top.section("quantization")),
        baseline_bins=_bins(top.section("baseline")),
        files=_files(top.section("files")),
    )
    top.refuse_unknown()
    mistakes += _contradictions(config)
    if mistakes:
        raise ConfigError(source, mistakes)
    return config


def _data(section: Section, folder: Path) -> DataConfig:
    sklearn, table = section.text("sklearn", default=""), section.text("table", default="")
    if bool(sklearn) == bool(table):
        section.mistake('needs either sklearn = "iris" or table = "path.csv"')
    section.refuse_unknown()
    return DataConfig(sklearn or None, folder / table if table else None)


def _model(section: Section) -> ModelConfig:
    default = ModelConfig()
    config = ModelConfig(
        hidden=section.whole_numbers("hidden", default.hidden, least=1),
        epochs=section.whole("epochs", default.epochs, least=1),
        learning_rate=section.number("learning_rate", default.learning_rate, above=0),
        batch_size=section.whole("batch_size", default.batch_size, least=1),
        seed=section.whole("seed", default.seed, least=0),
    )
    section.refuse_unknown()
    return config


def _evaluation(section: Section) -> EvaluationConfig:
    default = EvaluationConfig()
    config = EvaluationConfig(
        folds=section.whole("folds", default.folds, least=2),
        test_share=section.number("test_share", default.test_share, above=0, below=1),
        resamples=section.whole("resamples", default.resamples, least=100),
    )
    section.refuse_unknown()
    return config


def _quantization(section: Section) -> QuantizationConfig:
    default = QuantizationConfig()
    config = QuantizationConfig(
        scheme=section.choice("scheme", SCHEMES, default.scheme),
        largest_accuracy_drop=section.number("largest_accuracy_drop", default.largest_accuracy_drop, least=0),
        largest_output_difference=section.number(
            "largest_output_difference", default.largest_output_difference, least=0
        ),
    )
    section.refuse_unknown()
    return config


def _bins(section: Section) -> int:
    bins = section.whole("bins", 10, least=2)
    section.refuse_unknown()
    return bins


def _files(section: Section) -> FileSettings:
    """The settings of dropped files that a package brings along; docs/batch-files.md has them."""
    try:
        return FileSettings.read(section.all())
    except BadSettings as error:
        section.mistake(f"{error}: see docs/batch-files.md")
        return FileSettings()


def _contradictions(config: TrainingConfig) -> list[str]:
    """Mistakes that show only when settings are seen together."""
    found = []
    names = [feature.name for feature in config.features]
    if config.target in names:
        found.append(f"target {config.target!r} is also a feature: remove it from [[features]]")
    if len(set(names)) != len(names):
        found.append("[[features]]: two features have the same name")
    if config.labels and len(set(config.labels)) != len(config.labels):
        found.append("labels: each label once")
    if config.labels and config.task == "regression":
        found.append('labels are for classes: remove them for task = "regression"')
    if config.labels and config.task == "binary" and len(config.labels) != 2:
        found.append("labels: a binary task has two, the negative and then the positive")
    columns = config.files.columns
    missing = [name for name in names if columns and name not in columns]
    if missing:
        found.append(f"files.columns lacks the features {', '.join(missing)}: list every column of the files, in order")
    return found
