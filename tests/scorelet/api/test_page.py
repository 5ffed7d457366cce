"""The page in a real browser: it reads the signature, sends an example and shows the answer."""

import re
import shutil
import subprocess

import pytest

from tests.fakes.served import served_stack

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")


@pytest.fixture(scope="module")
def url():
    with served_stack() as address:
        yield address


def browse(url, folder):
    """The page's document once its scripts have come to rest."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=8000"]
    command = [BROWSER, *flags, f"--user-data-dir={folder}", "--dump-dom", url]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout


def test_a_person_can_try_the_example_and_see_the_answer(url, tmp_path):
    page = browse(f"{url}/docs#try", tmp_path)
    assert "tiny, version 1" in page
    assert re.findall(r'name="(\w+)"', page)[-4:] == ["amount", "age", "member", "colour"]
    assert re.search(r'<p id="said"[^>]*>(low|mid|high)</p>', page)
    assert page.count('class="bar"') == 3
    assert "HTTP 200" in page


def test_a_model_that_is_not_there_is_named_with_the_remedy(url, tmp_path):
    page = browse(f"{url}/docs?model=nobody", tmp_path)
    assert "nobody" in page
    assert "scorelet models" in page
