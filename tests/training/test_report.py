import re
from dataclasses import replace

import numpy as np
import pytest
from scorelet.predict import Predictions

from tests.training.conftest import loans_config
from training import data
from training.page import number
from training.report import Answered, render


@pytest.fixture(params=["iris", "loans", "diabetes"])
def page(request):
    package = request.getfixturevalue(request.param)
    return package.manifest, package.read("report.html").decode()


def test_the_page_needs_nothing_from_outside(page):
    html = page[1]
    assert not re.search(r"https?:|//|\bsrc=|<link|<script|url\(|@import", html.replace("</", ""))


def test_no_placeholder_is_left_and_every_tag_is_closed(page):
    html = page[1]
    assert "$" not in html
    for tag in ("section", "table", "svg", "div", "dl", "tr"):
        assert html.count(f"<{tag}") == html.count(f"</{tag}>"), tag


def test_every_feature_scheme_and_metric_is_told(page):
    manifest, html = page
    for feature in manifest.signature.features:
        assert f"<code>{feature.name}</code>" in html
    for row in manifest.quantization["parity"]:
        assert f"<td>{row['scheme']}</td>" in html
    value = next(iter(manifest.metrics["held_out"]["metrics"].values()))["value"]
    assert f"<b>{number(value)}</b>" in html
    assert manifest.lineage["data"]["digest"] in html


def test_texts_from_the_data_are_escaped(loans):
    hostile = "<img onerror=x>"
    dataset = data.load(loans_config(loans.path.parents[1] / "loans.csv"))
    features = (replace(dataset.signature.features[0], name="a<i>"), *dataset.signature.features[1:])
    signature = replace(dataset.signature, features=features, target=hostile, labels=("&", hostile))
    sure = np.tile(np.float32([0.1, 0.9]), (len(dataset), 1))
    answers = Predictions(sure, np.ones(len(dataset), dtype=np.int64), sure[:, 1])
    answered = Answered(replace(dataset, signature=signature), answers)
    html = render(replace(loans.manifest, name=hostile, signature=signature), answered, answered)
    assert "<img" not in html
    assert "a<i>" not in html
    assert html.count("&lt;img onerror=x&gt;") > 3
    assert "<th>&amp;</th>" in html
