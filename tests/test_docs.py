"""The documents hold together: every link leads somewhere, every decision is listed, nothing names a registry."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("events/*.md")] if p.is_file()]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_every_decision_is_listed_on_the_decisions_page():
    folder = ROOT / "docs/decisions"
    listed = set(re.findall(r"\]\((\S+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {p.name for p in folder.glob("*.md")} - {"README.md"}


def test_every_make_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {t for p in PAGES for t in re.findall(r"`make ([a-z][a-z0-9-]*)", p.read_text(encoding="utf-8"))}
    assert named - targets == set()


def test_every_test_file_that_the_makefile_names_exists():
    named = set(re.findall(r"\S*tests/\S+\.py", (ROOT / "Makefile").read_text()))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
