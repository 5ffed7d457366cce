"""The environment of each function, read in one place, all at once, with every mistake listed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

from scorelet.errors import SettingsError

T = TypeVar("T")


class Environment:
    """Reads typed values and remembers what is missing or unreadable; `check` raises them all in one SettingsError."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._wrong: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """A value that must not be empty unless a default is given."""
        value = self._environ.get(name, "").strip()
        if not value and default is None:
            self._wrong.append(f"{name} is not set")
        return value or default or ""

    def number(self, name: str, default: T, parse: Callable[[str], T]) -> T:
        """A number, or the default where the variable is not set."""
        value = self._environ.get(name, "").strip()
        try:
            return parse(value) if value else default
        except ValueError:
            self._wrong.append(f"{name} is not {'a whole number' if parse is int else 'a number'}")
            return default

    def choice(self, name: str, words: tuple[str, ...]) -> str:
        """One of these words, the first where the variable is not set."""
        value = self._environ.get(name, "").strip() or words[0]
        if value not in words:
            self._wrong.append(f"{name} is none of {', '.join(words)}")
        return value

    def pem(self, name: str) -> bytes | None:
        """A PEM text or None. A template parameter cannot hold line breaks, so `\\n` may stand for them."""
        value = self._environ.get(name, "").strip()
        return value.replace("\\n", "\n").encode() + b"\n" if value else None

    def check(self) -> None:
        """Raise SettingsError if anything read so far was wrong."""
        if self._wrong:
            raise SettingsError("; ".join(self._wrong))


class Settings:
    """What one function reads from its environment."""

    __slots__ = ()

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read all of it; raises SettingsError."""
        env = Environment(environ)
        settings = cls.read(env)
        env.check()
        return settings

    @classmethod
    def read(cls, env: Environment) -> Self:
        """Each value by its name, type and default."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class PredictSettings(Settings):
    """What functions/predict reads from its environment."""

    model_bucket: str
    model_alias: str
    alias_ttl_seconds: float
    public_key: bytes | None
    max_body_bytes: int
    default_model: str | None
    error_detail: str
    model_memory_mb: int
    explain_budget_ms: int

    @classmethod
    def read(cls, env: Environment) -> Self:
        """Each value by its name, type and default."""
        return cls(
            model_bucket=env.text("MODEL_BUCKET"),
            model_alias=env.text("MODEL_ALIAS", "live"),
            alias_ttl_seconds=env.number("ALIAS_TTL_SECONDS", 30.0, float),
            public_key=env.pem("MODEL_PUBLIC_KEY"),
            max_body_bytes=env.number("MAX_BODY_BYTES", 1_048_576, int),
            default_model=env.text("DEFAULT_MODEL", "") or None,
            error_detail=env.choice("ERROR_DETAIL", ("full", "opaque")),
            model_memory_mb=env.number("MODEL_MEMORY_MB", 256, int),
            explain_budget_ms=env.number("EXPLAIN_BUDGET_MS", 2000, int),
        )


@dataclass(frozen=True, slots=True)
class PretrafficSettings(Settings):
    """What functions/pretraffic reads from its environment. `new_version` is the ARN of the version on trial."""

    model_bucket: str
    model_alias: str
    new_version: str
    max_body_bytes: int
    golden_replay: bool

    @classmethod
    def read(cls, env: Environment) -> Self:
        """Each value by its name, type and default."""
        return cls(
            model_bucket=env.text("MODEL_BUCKET"),
            model_alias=env.text("MODEL_ALIAS", "live"),
            new_version=env.text("NEW_VERSION"),
            max_body_bytes=env.number("MAX_BODY_BYTES", 1_048_576, int),
            golden_replay=env.choice("GOLDEN_REPLAY", ("on", "off")) == "on",
        )


@dataclass(frozen=True, slots=True)
class BatchSettings(Settings):
    """What functions/batch reads from its environment. `max_reject_rate` 1.0: a file never fails for its rejects.

    Files over `big_file_bytes` are scored by the state machine, in shards of about `shard_bytes`; an empty
    `state_machine_arn` means that all files are scored in one piece. Lost files are announced to `queue_url`.
    """

    model_bucket: str
    data_bucket: str
    model_alias: str
    alias_ttl_seconds: float
    public_key: bytes | None
    max_reject_rate: float
    big_file_bytes: int
    shard_bytes: int
    state_machine_arn: str
    queue_url: str

    @classmethod
    def read(cls, env: Environment) -> Self:
        """Each value by its name, type and default."""
        return cls(
            model_bucket=env.text("MODEL_BUCKET"),
            data_bucket=env.text("DATA_BUCKET"),
            model_alias=env.text("MODEL_ALIAS", "live"),
            alias_ttl_seconds=env.number("ALIAS_TTL_SECONDS", 30.0, float),
            public_key=env.pem("MODEL_PUBLIC_KEY"),
            max_reject_rate=env.number("MAX_REJECT_RATE", 1.0, float),
            big_file_bytes=env.number("BIG_FILE_BYTES", 64 << 20, int),
            shard_bytes=env.number("SHARD_BYTES", 32 << 20, int),
            state_machine_arn=env.text("STATE_MACHINE_ARN", ""),
            queue_url=env.text("BATCH_QUEUE_URL", ""),
        )


@dataclass(frozen=True, slots=True)
class MonitorSettings(Settings):
    """What functions/monitor reads from its environment."""

    model_bucket: str
    data_bucket: str
    model_alias: str
    public_key: bytes | None
    window_hours: int
    min_rows: int
    min_effect: float
    alpha: float

    @classmethod
    def read(cls, env: Environment) -> Self:
        """Each value by its name, type and default."""
        return cls(
            model_bucket=env.text("MODEL_BUCKET"),
            data_bucket=env.text("DATA_BUCKET"),
            model_alias=env.text("MODEL_ALIAS", "live"),
            public_key=env.pem("MODEL_PUBLIC_KEY"),
            window_hours=env.number("DRIFT_WINDOW_HOURS", 24, int),
            min_rows=env.number("DRIFT_MIN_ROWS", 200, int),
            min_effect=env.number("DRIFT_MIN_EFFECT", 0.1, float),
            alpha=env.number("DRIFT_ALPHA", 0.05, float),
        )


@dataclass(frozen=True, slots=True)
class AlertSettings(Settings):
    """What functions/alert reads from its environment."""

    model_bucket: str
    data_bucket: str
    model_alias: str
    topic_arn: str
    rollback: bool

    @classmethod
    def read(cls, env: Environment) -> Self:
        """Each value by its name, type and default."""
        return cls(
            model_bucket=env.text("MODEL_BUCKET"),
            data_bucket=env.text("DATA_BUCKET"),
            model_alias=env.text("MODEL_ALIAS", "live"),
            topic_arn=env.text("NOTIFICATION_TOPIC_ARN"),
            rollback=env.text("ROLLBACK", "off").lower() == "on",
        )
