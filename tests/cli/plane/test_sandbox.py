"""A function's modules, loggers and environment are its own."""

import logging
import os
import sys

import pytest
import scorelet.errors

from cli.plane.capture import captured
from cli.plane.sandbox import Sandbox

APP = """
import os, sys, logging
import scorelet.errors
state = []
def handler(event, context):
    state.append(event)
    log = logging.getLogger("shared-name")
    if not log.handlers:
        log.addHandler(logging.StreamHandler(sys.stdout))
    log.warning("said %s", event)
    scorelet.errors.touched = getattr(scorelet.errors, "touched", 0) + 1
    return {"state": list(state), "touched": scorelet.errors.touched, "names": sorted(os.environ)}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def call(sandbox: Sandbox, event):
    with captured() as output, sandbox.entered({"FROM_RUNTIME": "1"}) as handler:
        answer = handler(event, None)
    return answer, output.getvalue()


def test_two_functions_do_not_share_our_modules_and_neither_touches_ours(folder):
    one, two = (Sandbox("app.handler", folder, {}) for _ in range(2))
    assert call(one, 1)[0]["touched"] == 1
    assert call(one, 2)[0] | {"names": 0} == {"state": [1, 2], "touched": 2, "names": 0}
    assert call(two, 3)[0]["touched"] == 1
    assert not hasattr(scorelet.errors, "touched")
    assert sys.modules["scorelet.errors"] is scorelet.errors
    assert "app" not in sys.modules


def test_a_logger_made_in_one_call_speaks_in_the_next(folder):
    sandbox = Sandbox("app.handler", folder, {})
    assert [call(sandbox, n)[1] for n in (1, 2)] == ["said 1\n", "said 2\n"]


def test_a_logger_set_up_outside_is_not_found_inside(folder):
    outside = logging.getLogger("shared-name")
    handler = logging.StreamHandler(sys.__stderr__)
    outside.addHandler(handler)
    try:
        assert call(Sandbox("app.handler", folder, {}), 1)[1] == "said 1\n"
        assert outside.handlers == [handler]
    finally:
        outside.removeHandler(handler)


def test_what_others_set_meanwhile_is_theirs(folder, monkeypatch):
    """The stack works in a thread of its own beside whoever started it."""
    monkeypatch.setenv("OF_OTHERS", "before")
    with Sandbox("app.handler", folder, {"BUCKET": "b"}).entered({}):
        monkeypatch.setenv("OF_OTHERS", "meanwhile")
        monkeypatch.setenv("NEW_OF_OTHERS", "meanwhile")
    assert (os.environ["OF_OTHERS"], os.environ["NEW_OF_OTHERS"]) == ("meanwhile", "meanwhile")
    assert "BUCKET" not in os.environ


def test_the_environment_is_the_functions_and_the_developers_aws_settings_stay_out(folder, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)
    names = call(Sandbox("app.handler", folder, {"FROM_TEMPLATE": "1"}), 1)[0]["names"]
    assert {"FROM_RUNTIME", "FROM_TEMPLATE"} <= set(names)
    assert "AWS_PROFILE" not in names
    assert dict(os.environ) == before


def test_a_forgotten_sandbox_starts_cold(folder):
    sandbox = Sandbox("app.handler", folder, {})
    call(sandbox, 1)
    assert sandbox.is_warm
    sandbox.forget()
    assert call(sandbox, 2)[0]["state"] == [2]


def test_a_module_that_breaks_on_import_is_tried_again(folder):
    (folder / "app.py").write_text("raise RuntimeError('broken')")
    sandbox = Sandbox("app.handler", folder, {})
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            call(sandbox, 1)
    assert not sandbox.is_warm
