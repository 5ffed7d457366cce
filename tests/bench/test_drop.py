"""A filthy file in the local stack, checked row by row with what `make bench-drop` checks gigabytes with."""

import json

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from bench.drop_check import check
from bench.drop_data import BAD, GIANT, write_filth
from cli.plane.stack import LocalStack
from tests.cli.plane.test_big_file import ROOT
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package

KEY = "incoming/tiny/filth.csv"
SETTINGS = {"scorelet-id": "row", "scorelet-keep": "row"}


@pytest.fixture(scope="module")
def dropped(tmp_path_factory):
    """The bucket, the manifest and the truth of a file of 2.5 MB in shards of 200 kB."""
    path = tmp_path_factory.mktemp("drop") / "filth.csv"
    truth = write_filth(path, 2_500_000, seed=5, block_rows=2000)
    with LocalStack(ROOT / "template.yaml", {"BigFileBytes": "500000", "ShardBytes": "200000"}) as stack:
        s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
        registry = Registry(S3Store(s3), stack.bucket("ModelBucket"))
        registry.publish(tiny_package()[0])
        registry.promote("tiny", 1, **WHO)
        s3.upload_file(str(path), bucket, KEY, ExtraArgs={"Metadata": SETTINGS})
        stack.run_until_idle()
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="scored/")["Contents"]]
        (key,) = (key for key in keys if key.endswith("manifest.json"))
        yield s3, bucket, json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]), truth


def test_every_row_of_a_filthy_file_comes_out_once_and_in_order(dropped):
    _, _, manifest, truth = dropped
    found = check(*dropped)
    assert found.faults == {}
    assert (found.scored, found.rejected) == (truth.rows - len(truth.bad), len(truth.bad))
    assert found.by_code == truth.by_code()
    assert set(found.by_code) == {code for _, code, _ in BAD.values()} | {GIANT}
    assert found.parts == 2 * len(manifest["parts"]) > 10


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda m: m["parts"].pop(2), "lost"),
        (lambda m: m["rejects"].pop(2), "lost"),
        (lambda m: m["parts"].append(m["parts"][-1]), "twice"),
        (lambda m: m["parts"].reverse(), "order"),
        (lambda m: m["parts"][0].update(digest="sha256:0"), "digest of a part"),
        (lambda m: m["rejects"][0].update(size=1), "size of a part"),
        (lambda m: m["parts"][1].update(rows=1), "rows of a part"),
        (lambda m: m.update(rows_scored=1), "the manifest's rows_scored"),
        (lambda m: m["rejects_by_code"].pop("not_finite"), "the manifest's rejects_by_code"),
    ],
)
def test_what_is_wrong_is_found(dropped, spoil, fault):
    s3, bucket, manifest, truth = dropped
    manifest = json.loads(json.dumps(manifest))
    spoil(manifest)
    assert check(s3, bucket, manifest, truth).faults[fault] > 0
