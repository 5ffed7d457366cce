"""Gives every law its seed, counts what it tried, and says so at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.laws import Law, Verdict, account, seed_of_run


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed before processes are started, so that all have the same; Hypothesis takes it too."""
    seed = seed_of_run()
    if not config.pluginmanager.hasplugin("hypothesispytest"):
        return
    config.option.hypothesis_seed = config.option.hypothesis_seed or str(seed)
    from hypothesis import HealthCheck, settings

    # no test fails for a slow machine
    settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("laws")


@pytest.fixture(name="law")
def law_of_test(request: pytest.FixtureRequest) -> Law:
    """The law that the test is: `@pytest.mark.law(seed=7)` is for one whose seed never changes."""
    return _law(request.node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """Count the examples of Hypothesis as cases, and note the law for the account."""
    if not item.get_closest_marker("law"):
        return (yield)
    law = _law(item)
    with _examples_counted(item, law):
        try:
            found = yield
            law.tried = law.tried or 1  # a law of one case need not count
            return found
        finally:
            item.user_properties.append(("tried", law.tried))


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the account of the laws, where there were any."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind) if r.when == "call"]
    noted = [(r, dict(r.user_properties)) for r in reports]
    found = [Verdict(r.nodeid, notes["tried"], r.duration, r.passed) for r, notes in noted if "tried" in notes]
    if found:
        terminalreporter.section("laws")
        terminalreporter.write_line("\n".join(account(found, seed_of_run())))


@contextmanager
def _examples_counted(item: pytest.Item, law: Law) -> Iterator[None]:
    """Hypothesis lets plugins take the place of the test that it calls with each example."""
    handle = getattr(getattr(item, "obj", None), "hypothesis", None)
    if handle is None:
        yield
        return
    test = handle.inner_test
    handle.inner_test = law.counted(test)
    try:
        yield
    finally:
        handle.inner_test = test


_LAW = pytest.StashKey[Law]()


def _law(item: pytest.Item) -> Law:
    """The one law of a test, made when it is first asked for."""
    marker = item.get_closest_marker("law")
    if marker is None:
        raise pytest.UsageError(f"{item.nodeid} asks for `law` and is not marked so")
    if _LAW not in item.stash:
        item.stash[_LAW] = Law.of(item.nodeid, marker.kwargs.get("seed"))
    return item.stash[_LAW]
