"""Unmodified clients of each protocol, and a browser, against the local stack of template.yaml, over HTTP."""

import pytest

from tests.clients import ClientChecks, ask_server, browse, needs_browser
from tests.fakes.served import served_stack


@pytest.fixture(scope="module")
def server():
    with served_stack() as url:
        yield ask_server(url)


class TestClientsOfTheLocalStack(ClientChecks):
    """`scorelet local up`."""


@needs_browser
def test_the_page_names_a_model_that_is_not_there_with_the_remedy(server, tmp_path):
    page = browse(f"{server.url}/docs?model=nobody", tmp_path)
    assert "nobody" in page
    assert "scorelet models" in page
