"""What a Lambda container has to itself: our modules, its loggers, its environment.

Functions share this process, so each gets its own copies of the modules that keep state: a cached client, a
loaded model or a metric dimension of one function is never seen by another, and a cold start is real.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

OWN_PACKAGES = ("scorelet", "aws_lambda_powertools")
"""Imported anew for every function; numpy, boto3 and other large libraries are shared."""

_NOT_INHERITED = ("AWS_", "POWERTOOLS_", "LAMBDA_", "_HANDLER")


class Sandbox:
    """The modules, loggers and environment of one function."""

    def __init__(self, handler: str, code_dir: Path, environment: Mapping[str, str]) -> None:
        self._module_name, _, self._function_name = handler.rpartition(".")
        self._file = code_dir / f"{self._module_name.replace('.', '/')}.py"
        self._environment = environment
        self._modules: dict[str, ModuleType] = {}
        self._loggers: dict[str, Any] = {}

    @property
    def is_warm(self) -> bool:
        """Whether the handler module is loaded."""
        return self._module_name in self._modules

    def forget(self) -> None:
        """The next call is a cold start."""
        self._modules, self._loggers = {}, {}

    @contextmanager
    def entered(self, extra_environment: Mapping[str, str]) -> Iterator[Callable[[Any, Any], Any]]:
        """Inside, this process is the function's; gives its handler, loading it when cold."""
        with (
            _environment({**self._environment, **extra_environment}),
            self._own_modules(),
            self._own_loggers(),
        ):
            yield getattr(self._load(), self._function_name)

    def _load(self) -> ModuleType:
        if self._module_name in sys.modules:
            return sys.modules[self._module_name]
        spec = importlib.util.spec_from_file_location(self._module_name, self._file)
        if spec is None or spec.loader is None or not self._file.exists():
            raise ImportError(f"Unable to import module '{self._module_name}': no {self._file}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[self._module_name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[self._module_name]
            raise
        return module

    @contextmanager
    def _own_modules(self) -> Iterator[None]:
        outside = self._take()
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            self._modules = self._take()
            sys.modules.update(outside)

    def _take(self) -> dict[str, ModuleType]:
        mine = (*OWN_PACKAGES, self._module_name.partition(".")[0])
        names = [name for name in sys.modules if name.partition(".")[0] in mine]
        return {name: sys.modules.pop(name) for name in names}

    @contextmanager
    def _own_loggers(self) -> Iterator[None]:
        manager = logging.Logger.manager
        outside = manager.loggerDict
        manager.loggerDict = {name: one for name, one in outside.items() if not _is_set_up(one)} | self._loggers
        try:
            yield
        finally:
            made = {name: one for name, one in manager.loggerDict.items() if outside.get(name) is not one}
            self._loggers = made
            manager.loggerDict = outside


def _is_set_up(logger: Any) -> bool:
    """Whether somebody outside gave this logger an output: a function must not find it ready made."""
    handlers = getattr(logger, "handlers", [])
    return any(not isinstance(one, logging.NullHandler) for one in handlers)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set these and hide the developer's own AWS settings; put them back afterwards, and leave all else alone.

    Other threads live in this process too, and what they set meanwhile is theirs.
    """
    hidden = [name for name in os.environ if name.startswith(_NOT_INHERITED)]
    before = {name: os.environ.get(name) for name in (*hidden, *values)}
    for name in hidden:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
